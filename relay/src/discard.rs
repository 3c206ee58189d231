//! Reads what a client still sends after the relay has closed the connection. Unread bytes would make the system send a reset, which
//! may overtake the close frame. It reads slowly, so that a client that never stops costs little.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, copy, sink};
use tokio::time::sleep;

/// Bytes read between two pauses: about what a client has in flight when the relay closes.
const BYTES_AT_ONCE: u64 = 32 * 1024;
/// The pause. TCP then slows the client down to some 600 KiB a second.
const PAUSE: Duration = Duration::from_millis(50);

/// Read until the client has closed. There is no time limit here.
pub(crate) async fn discard(mut socket: impl AsyncRead + Unpin) {
    // An error is an end too.
    while let Ok(BYTES_AT_ONCE) = copy(&mut (&mut socket).take(BYTES_AT_ONCE), &mut sink()).await {
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;
    use tokio_util::io::InspectReader;

    use super::*;

    const AT_MOST: Duration = Duration::from_secs(3);
    const SLOW: u64 = 3 << 20;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_never_stops_is_read_slowly() {
        let mut read = 0;
        let endless = InspectReader::new(tokio::io::repeat(7), |bytes| read += bytes.len() as u64);
        assert!(timeout(AT_MOST, discard(endless)).await.is_err());
        assert!((BYTES_AT_ONCE..SLOW).contains(&read), "{read}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_closes_is_read_to_its_end() {
        let mut read = 0;
        let some = vec![7; 100_000];
        let socket = InspectReader::new(&some[..], |bytes| read += bytes.len());
        discard(socket).await;
        assert_eq!(read, some.len());
    }
}
