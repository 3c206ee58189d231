//! Bytes of a game server, in pieces of any size: lines, and what the client and the relay's goodbye read from them.

use std::time::Duration;

use protocol::command::CommandKind;
use protocol::event::Event;
use protocol::goodbye::Goodbye;
use protocol::line::{LineDecoder, LineError};

/// The longest line that is taken here. A short one is passed often.
const LIMIT: usize = 300;

/// What comes, and in pieces of how many bytes.
#[derive(Debug, arbitrary::Arbitrary)]
pub struct Input<'a> {
    piece: u8,
    bytes: &'a [u8],
}

/// Any pieces give the same lines, none of them too long, and every line is read without harm.
pub fn check(Input { piece, bytes }: Input<'_>) {
    let whole = decode(bytes, bytes.len().max(1));
    assert_eq!(decode(bytes, usize::from(piece).max(1)), whole);
    assert_eq!(
        whole.len(),
        bytes.iter().filter(|&&byte| byte == b'\n').count()
    );
    let mut goodbye = Goodbye::new(Duration::ZERO, None, Duration::ZERO);
    let mut said = Vec::new();
    for line in whole.iter().flatten() {
        assert!(line.len() <= LIMIT && !line.contains('\n'));
        let event = Event::parse(line);
        if let Event::Unknown { line: kept, .. } = &event {
            assert_eq!(kept, line);
        }
        for &kind in CommandKind::ALL {
            let _any = event.answers(kind);
        }
        said.extend(goodbye.handle_line(line, Duration::ZERO));
        said.extend(goodbye.handle_time(Duration::ZERO));
    }
    assert!(said.len() <= 2, "a goodbye is LEAVE_ROOM and BYE: {said:?}");
}

fn decode(bytes: &[u8], piece: usize) -> Vec<Result<String, LineError>> {
    let mut decoder = LineDecoder::new(LIMIT);
    let mut lines = Vec::new();
    for piece in bytes.chunks(piece) {
        decoder.push(piece);
        assert!(decoder.held_bytes() <= LIMIT + 1);
        lines.extend(std::iter::from_fn(|| decoder.next_line()));
    }
    lines
}
