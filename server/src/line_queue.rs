//! The lines one connection still has to send. The engine fills it without waiting, and the connection's own task
//! empties it. It is bounded in bytes; a peer that lets it overflow is disconnected.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// How many bytes may wait for one peer: four of the longest lines.
pub(crate) const MAX_QUEUED_BYTES: usize = 4 * protocol::line::MAX_LINE_BYTES;

/// The peer reads too slowly: its lines would take more than [`MAX_QUEUED_BYTES`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overflow;

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    finished: bool,
}

/// Lines on their way to one peer.
#[derive(Default)]
pub(crate) struct LineQueue {
    waiting: Mutex<Waiting>,
    changed: Notify,
    cut: Notify,
}

impl LineQueue {
    /// Add a line; its newline is added here.
    pub(crate) fn push(&self, line: &str) -> Result<(), Overflow> {
        let mut waiting = self.waiting();
        if waiting.bytes.len() + line.len() >= MAX_QUEUED_BYTES {
            return Err(Overflow);
        }
        waiting.bytes.extend_from_slice(line.as_bytes());
        waiting.bytes.push(b'\n');
        drop(waiting);
        self.changed.notify_one();
        Ok(())
    }

    /// Say that nothing will follow.
    pub(crate) fn finish(&self) {
        self.waiting().finished = true;
        self.changed.notify_one();
    }

    /// Ask for the connection's end at once, whatever still waits.
    pub(crate) fn cut(&self) {
        self.cut.notify_one();
    }

    /// Wait for [`cut`](Self::cut).
    pub(crate) async fn until_cut(&self) {
        self.cut.notified().await;
    }

    /// Wait until something is queued and take all of it; gives `None` once the queue is finished and empty.
    pub(crate) async fn next(&self) -> Option<Vec<u8>> {
        loop {
            let changed = self.changed.notified();
            {
                let mut waiting = self.waiting();
                if !waiting.bytes.is_empty() {
                    return Some(std::mem::take(&mut waiting.bytes));
                }
                if waiting.finished {
                    return None;
                }
            }
            changed.await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_come_in_order_and_end_when_finished() {
        let queue = LineQueue::default();
        assert_eq!((queue.push("a"), queue.push("b")), (Ok(()), Ok(())));
        queue.finish();
        assert_eq!(queue.next().await.as_deref(), Some(&b"a\nb\n"[..]));
        assert_eq!(queue.next().await, None);
    }

    #[test]
    fn a_peer_that_does_not_read_overflows_it() {
        let queue = LineQueue::default();
        let line = "x".repeat(protocol::line::MAX_LINE_BYTES);
        for _ in 0..3 {
            assert_eq!(queue.push(&line), Ok(()));
        }
        assert_eq!(queue.push(&line), Err(Overflow));
    }
}
