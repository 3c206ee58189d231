//! WebSocket frames (RFC 6455, section 5.2) for spectators. A frame the relay sends is encoded once and shared by all
//! of them. Spectators may send control frames only.

use std::io::Cursor;

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// The longest payload of a control frame.
const MAX_CONTROL_BYTES: usize = 125;
/// The longest control frame of a client: two bytes of header, four of mask, and the payload.
const MAX_FRAME_BYTES: usize = 6 + MAX_CONTROL_BYTES;
/// The bit of the second byte that says that a mask follows.
const MASKED: u8 = 0x80;

/// Encode a text frame, header included.
pub(crate) fn text(payload: &str) -> Bytes {
    encode(OpCode::Data(Data::Text), payload.as_bytes())
}

/// Encode a binary frame, header included.
pub(crate) fn binary(payload: &[u8]) -> Bytes {
    encode(OpCode::Data(Data::Binary), payload)
}

/// Encode an empty ping.
pub(crate) fn ping() -> Bytes {
    encode(OpCode::Control(Control::Ping), b"")
}

/// Encode the answer to a ping.
pub(crate) fn pong(payload: &[u8]) -> Bytes {
    encode(OpCode::Control(Control::Pong), payload)
}

/// Encode a close frame. The reason has at most 123 bytes.
pub(crate) fn close(code: u16, reason: &str) -> Bytes {
    let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
    encode(OpCode::Control(Control::Close), &payload)
}

fn encode(opcode: OpCode, payload: &[u8]) -> Bytes {
    let length = payload.len() as u64;
    let header = FrameHeader {
        opcode,
        ..FrameHeader::default()
    };
    let mut frame = Vec::with_capacity(header.len(length) + payload.len());
    // Writing to memory does not fail.
    let _written = header.format(length, &mut frame);
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

/// A spectator sent something other than a masked control frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unexpected;

/// Reads control frames. It holds no memory between two frames, since thousands of readers mostly wait.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// The beginning of a frame: at most `MAX_FRAME_BYTES`.
    bytes: Vec<u8>,
}

impl Reader {
    /// Take bytes off the front of `bytes` and give the next frame once it is whole.
    ///
    /// # Errors
    /// The bytes are not a masked control frame.
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
        let (control, length) = control_header(first, second)?;
        let Some((mask, payload)) = rest.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let Some(payload) = payload.get(..length) else {
            return Ok(None);
        };
        let received = match control {
            Control::Close => Received::Close,
            Control::Ping => {
                let unmasked = payload.iter().zip(mask.iter().cycle());
                Received::Ping(unmasked.map(|(byte, mask)| byte ^ mask).collect())
            }
            Control::Pong | Control::Reserved(_) => Received::Pong,
        };
        self.bytes.drain(..6 + length);
        if self.bytes.is_empty() {
            self.bytes = Vec::new();
        }
        Ok(Some(received))
    }
}

/// Read the first two bytes of a masked control frame: what it is, and the bytes of its payload. Anything else is
/// refused before the rest of it has come.
fn control_header(first: u8, second: u8) -> Result<(Control, usize), Unexpected> {
    // Without its mask a header this short is whole. A length over 125 takes more bytes and gives `None`.
    let unmasked = [first, second & !MASKED];
    match FrameHeader::parse(&mut Cursor::new(unmasked)) {
        Ok(Some((
            FrameHeader {
                is_final: true,
                rsv1: false,
                rsv2: false,
                rsv3: false,
                opcode: OpCode::Control(control),
                ..
            },
            length,
        ))) if second & MASKED != 0 => Ok((control, usize::try_from(length).unwrap_or(usize::MAX))),
        _ => Err(Unexpected),
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
