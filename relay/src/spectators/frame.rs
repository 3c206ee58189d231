//! WebSocket frames (RFC 6455, section 5.2) as far as a spectator needs them: what the relay sends is written once
//! for everybody, and of what a spectator may send only control frames are read.

use bytes::Bytes;

/// The longest payload of a control frame.
const MAX_CONTROL_BYTES: usize = 125;
/// A control frame of a client: two bytes of header, four of mask, and the payload.
const MAX_FRAME_BYTES: usize = 6 + MAX_CONTROL_BYTES;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// Write a text frame, header included.
pub(crate) fn text(payload: &str) -> Bytes {
    write(TEXT, payload.as_bytes())
}

/// Write a binary frame, header included.
pub(crate) fn binary(payload: &[u8]) -> Bytes {
    write(BINARY, payload)
}

/// An empty ping.
pub(crate) const fn ping() -> Bytes {
    Bytes::from_static(&[FIN | PING, 0])
}

/// Write the answer to a ping.
pub(crate) fn pong(payload: &[u8]) -> Bytes {
    write(PONG, payload)
}

/// Write a close frame. The reason has at most 123 bytes.
pub(crate) fn close(code: u16, reason: &str) -> Bytes {
    write(CLOSE, &[&code.to_be_bytes(), reason.as_bytes()].concat())
}

fn write(opcode: u8, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(10 + payload.len());
    frame.push(FIN | opcode);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ 0..=125), _) => frame.push(length),
        (_, Ok(length)) => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
        _ => {
            frame.push(127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame.into()
}

/// What a spectator sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Ping(Bytes),
    Pong,
    Close,
}

/// A spectator sent something else than a control frame, or no WebSocket at all.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unexpected;

/// Reads control frames. Between them it holds nothing, which is how thousands of them are most of the time.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// Never more than `MAX_FRAME_BYTES`: nothing longer is allowed.
    bytes: Vec<u8>,
}

impl Reader {
    /// Take bytes; gives the next frame, if it is whole, and takes what was used off `bytes`.
    pub(crate) fn next(&mut self, bytes: &mut &[u8]) -> Result<Option<Received>, Unexpected> {
        let room = MAX_FRAME_BYTES - self.bytes.len();
        let (taken, rest) = bytes.split_at(bytes.len().min(room));
        self.bytes.extend(taken);
        *bytes = rest;
        self.parse()
    }

    fn parse(&mut self) -> Result<Option<Received>, Unexpected> {
        let &[first, second, ref rest @ ..] = &self.bytes[..] else {
            return Ok(None);
        };
        let length = usize::from(second & !MASKED);
        let is_control = matches!(first, 0x88..=0x8a);
        if !is_control || second & MASKED == 0 || length > MAX_CONTROL_BYTES {
            return Err(Unexpected);
        }
        let Some((mask, payload)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let Some(payload) = payload.get(..length) else {
            return Ok(None);
        };
        let received = match first & 0x0f {
            CLOSE => Received::Close,
            PING => {
                let open = payload.iter().zip(mask.iter().cycle());
                Received::Ping(open.map(|(byte, mask)| byte ^ mask).collect())
            }
            _ => Received::Pong,
        };
        self.bytes.drain(..6 + length);
        if self.bytes.is_empty() {
            self.bytes = Vec::new();
        }
        Ok(Some(received))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(pieces: &[&[u8]]) -> Result<Vec<Received>, Unexpected> {
        let mut reader = Reader::default();
        let mut all = Vec::new();
        for mut bytes in pieces.iter().copied() {
            loop {
                let next = reader.next(&mut bytes)?;
                let done = next.is_none() && bytes.is_empty();
                all.extend(next);
                if done {
                    break;
                }
            }
        }
        Ok(all)
    }

    /// The masked pong "Hello" of RFC 6455, section 5.7, and the same as a ping.
    const PONG_HELLO: [u8; 11] = [
        0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
    ];

    #[test]
    fn headers_are_those_of_the_rfc() {
        assert_eq!(text("Hello")[..], *b"\x81\x05Hello");
        assert_eq!(binary(&[7; 256])[..5], [0x82, 0x7e, 0x01, 0x00, 7]);
        assert_eq!(
            binary(&vec![7; 65536])[..11],
            [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0, 7]
        );
        assert_eq!(binary(&[7; 126])[..4], [0x82, 0x7e, 0, 126]);
        assert_eq!(binary(&[7; 125])[..2], [0x82, 125]);
        assert_eq!(close(1008, "no")[..], *b"\x88\x04\x03\xf0no");
    }

    #[test]
    fn control_frames_are_read_however_they_are_cut() {
        let mut ping = PONG_HELLO;
        ping[0] = 0x89;
        let expected = || {
            vec![
                Received::Pong,
                Received::Ping(Bytes::from_static(b"Hello")),
                Received::Close,
            ]
        };
        let close = [0x88, 0x80, 1, 2, 3, 4];
        let bytes = [&PONG_HELLO[..], &ping, &close].concat();
        assert_eq!(read_all(&[&bytes]), Ok(expected()));
        let single: Vec<_> = bytes.chunks(1).collect();
        assert_eq!(read_all(&single), Ok(expected()));
        let many = PONG_HELLO.repeat(100);
        assert_eq!(read_all(&[&many]).unwrap().len(), 100);
        let longest = [&[0x89, 0xfd, 0, 0, 0, 0][..], &[b'x'; 125]].concat();
        assert_eq!(read_all(&[&longest]).unwrap().len(), 1);
    }

    #[test]
    fn everything_else_is_unexpected() {
        for wrong in [
            &[0x81, 0x80][..],
            &[0x82, 0xfe],
            &[0x0a, 0x80],
            &[0xca, 0x80],
            &[0x8a, 0x05],
            &[0x8a, 0xfe],
            b"GET / HTTP/1.1",
        ] {
            assert_eq!(read_all(&[wrong]), Err(Unexpected), "{wrong:?}");
        }
    }
}
