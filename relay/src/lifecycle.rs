//! The end of the relay's life, told to every connection and every player through one `watch`.

use std::time::Duration;

use tokio::sync::watch;

/// Where the relay is in its life; it only goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Running,
    /// Nobody new comes in; players may finish for this long.
    Draining(Duration),
    /// Players still here are said goodbye for.
    Closing,
    /// Everything ends at once.
    Aborting,
}

/// Wait until `reached` says so. A relay that is gone altogether has aborted.
pub(crate) async fn until(phase: &mut watch::Receiver<Phase>, reached: impl Fn(Phase) -> bool) {
    // An error is the sender's end, which is as final as aborting.
    let _gone = phase.wait_for(|&phase| reached(phase)).await;
}

/// Wait for the next phase.
pub(crate) async fn next(phase: &mut watch::Receiver<Phase>) -> Phase {
    match phase.changed().await {
        Ok(()) => *phase.borrow_and_update(),
        Err(_gone) => Phase::Aborting,
    }
}
