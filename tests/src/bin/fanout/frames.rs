//! Cuts what the relay sends a spectator into WebSocket frames. Servers never mask them, and the relay never fragments them.

/// The longest frame there is: a room's text with 200 players has less than half of this.
const MAX_FRAME_BYTES: usize = 64 * 1024;

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;

/// The bytes are not a server's frame.
#[derive(Debug)]
pub(crate) struct Broken;

/// Take the first whole frame off `bytes`; gives its first byte and its payload.
pub(crate) fn next<'a>(bytes: &mut &'a [u8]) -> Result<Option<(u8, &'a [u8])>, Broken> {
    let (kind, header, length) = match **bytes {
        // Masked, or too long.
        [_, length, ..] if length > 126 => return Err(Broken),
        [kind, 126, high, low, ..] => (kind, 4, usize::from(u16::from_be_bytes([high, low]))),
        [_, 126, ..] => return Ok(None),
        [kind, length, ..] => (kind, 2, usize::from(length)),
        _ => return Ok(None),
    };
    if length > MAX_FRAME_BYTES {
        return Err(Broken);
    }
    let Some(payload) = bytes.get(header..header + length) else {
        return Ok(None);
    };
    *bytes = &bytes[header + length..];
    Ok(Some((kind, payload)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_frames_are_taken_and_the_rest_is_left() {
        let long = [&[BINARY, 126, 0, 200][..], &[7; 200]].concat();
        let all = [&[PING, 0][..], &long, &[TEXT, 5, b'a']].concat();
        let mut rest = &all[..];
        assert_eq!(next(&mut rest).unwrap(), Some((PING, &[][..])));
        assert_eq!(next(&mut rest).unwrap(), Some((BINARY, &[7; 200][..])));
        assert_eq!(next(&mut rest).unwrap(), None);
        assert_eq!(rest, [TEXT, 5, b'a']);
        for end in 0..long.len() {
            assert_eq!(next(&mut &long[..end]).unwrap(), None, "{end} bytes");
        }
        assert!(next(&mut &[0x81, 0x80, 1, 2, 3, 4][..]).is_err(), "masked");
    }
}
