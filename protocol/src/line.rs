//! Cuts a stream of bytes into command lines: any chunking, LF or CRLF, a maximum length, and bad UTF-8 as a value.
//! The relay and the game server use it at either end of the same TCP connection.

use std::collections::VecDeque;

/// The longest line taken, in bytes without its end. A list of eight thousand rooms is shorter, and so is a real
/// server's answer to a room name of 200,000 letters (recording `long_line`).
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// A line could not be read. The decoder goes on with the next one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The line is longer than the decoder's limit; it is dropped up to its end.
    #[error("line longer than {limit} bytes")]
    TooLong {
        /// The decoder's limit in bytes.
        limit: usize,
    },
    /// The line is not UTF-8. Holds its bytes, so that a server may replace what is broken.
    #[error("line is not valid UTF-8")]
    InvalidUtf8(Vec<u8>),
}

/// Cuts a byte stream into lines.
///
/// ```
/// use protocol::line::LineDecoder;
///
/// let mut decoder = LineDecoder::default();
/// decoder.push(b"CONNECTED|0123\r\n{\"comm");
/// assert_eq!(decoder.next_line(), Some(Ok("CONNECTED|0123".to_owned())));
/// assert_eq!(decoder.next_line(), None); // the rest of the line has not come yet
/// ```
#[derive(Debug)]
pub struct LineDecoder {
    limit: usize,
    /// The line that is still coming; never longer than `limit` plus one carriage return.
    partial: Vec<u8>,
    /// The line that is still coming is too long: its bytes are dropped until its end.
    skipping: bool,
    ready: VecDeque<Result<String, LineError>>,
}

impl Default for LineDecoder {
    fn default() -> Self {
        Self::new(MAX_LINE_BYTES)
    }
}

impl LineDecoder {
    /// Make a decoder that takes lines of up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            partial: Vec::new(),
            skipping: false,
            ready: VecDeque::new(),
        }
    }

    /// Change the limit for the line that is still coming and for those after it.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
        self.extend(&[]);
    }

    /// How many bytes of an unfinished line are held.
    pub fn held_bytes(&self) -> usize {
        self.partial.len()
    }

    /// Take the next bytes of the stream. Call [`next_line`](Self::next_line) until it gives nothing before pushing
    /// more, or the lines pile up.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.extend(&bytes[..end]);
            self.finish();
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
    }

    /// Give the next complete line without its end.
    ///
    /// # Errors
    /// The line was too long or not UTF-8. The next call goes on after it.
    pub fn next_line(&mut self) -> Option<Result<String, LineError>> {
        self.ready.pop_front()
    }

    fn extend(&mut self, bytes: &[u8]) {
        // One byte more than the limit, because a carriage return at the end does not count.
        if self.skipping || self.partial.len() + bytes.len() > self.limit + 1 {
            self.skipping = true;
            self.partial = Vec::new();
        } else {
            self.partial.extend_from_slice(bytes);
        }
    }

    fn finish(&mut self) {
        let mut line = std::mem::take(&mut self.partial);
        let skipped = std::mem::take(&mut self.skipping);
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        self.ready.push_back(if skipped || line.len() > self.limit {
            Err(LineError::TooLong { limit: self.limit })
        } else {
            String::from_utf8(line).map_err(|error| LineError::InvalidUtf8(error.into_bytes()))
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(decoder: &mut LineDecoder) -> Vec<Result<String, LineError>> {
        std::iter::from_fn(|| decoder.next_line()).collect()
    }

    #[test]
    fn a_line_in_pieces_is_one_line() {
        let mut decoder = LineDecoder::default();
        for piece in ["{\"comm", "and\":\"PI", "NG\"}", "\r", "\n"] {
            assert_eq!(lines(&mut decoder), []);
            decoder.push(piece.as_bytes());
        }
        assert_eq!(
            lines(&mut decoder),
            [Ok("{\"command\":\"PING\"}".to_owned())]
        );
    }

    #[test]
    fn a_line_too_long_is_an_error_and_the_next_one_is_read() {
        let mut decoder = LineDecoder::new(4);
        decoder.push(b"12345678");
        assert!(decoder.partial.len() <= 5);
        decoder.push(b"90\r\n1234\r\n12345\nok\n");
        let too_long = || Err(LineError::TooLong { limit: 4 });
        assert_eq!(
            lines(&mut decoder),
            [too_long(), Ok("1234".into()), too_long(), Ok("ok".into())]
        );
    }

    #[test]
    fn a_new_limit_counts_for_the_line_that_is_still_coming() {
        let mut decoder = LineDecoder::new(4);
        decoder.push(b"1234");
        decoder.set_limit(8);
        decoder.push(b"5678\n12345678");
        assert_eq!(lines(&mut decoder), [Ok("12345678".into())]);
        decoder.set_limit(2);
        assert!(decoder.partial.is_empty());
        decoder.push(b"\n12\n");
        let too_long = Err(LineError::TooLong { limit: 2 });
        assert_eq!(lines(&mut decoder), [too_long, Ok("12".into())]);
    }

    #[test]
    fn bad_utf8_is_a_value_that_keeps_its_bytes() {
        let mut decoder = LineDecoder::default();
        decoder.push(b"\xff\xfe{}\nnext\n");
        let broken = Err(LineError::InvalidUtf8(b"\xff\xfe{}".to_vec()));
        assert_eq!(lines(&mut decoder), [broken, Ok("next".into())]);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_lines(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..400),
            cuts in prop::collection::vec(0usize..400, 0..12),
        ) {
            let mut whole = LineDecoder::new(20);
            whole.push(&bytes);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let mut pieces = LineDecoder::new(20);
            for pair in cuts.windows(2) {
                pieces.push(&bytes[pair[0]..pair[1]]);
                prop_assert!(pieces.partial.len() <= 21);
            }
            prop_assert_eq!(lines(&mut whole), lines(&mut pieces));
        }
    }
}
