//! The goodbye for a player whose browser is gone: sends its lines and keeps its time. `protocol::goodbye` has the rules.

use client_native::{GoodbyeOutcome, Lines, Unsent};
use protocol::command::Command;
use protocol::goodbye::Goodbye;
use tokio::time::{Instant, sleep_until};

/// Say goodbye. `started` is when the goodbye's clock read zero. Lines for the browser are dropped.
pub(super) async fn say(
    mut goodbye: Goodbye,
    lines: &mut Lines,
    unsent: &mut Unsent,
    started: Instant,
) -> GoodbyeOutcome {
    while let Some(deadline) = goodbye.deadline() {
        tokio::select! {
            transferred = lines.transfer(unsent) => {
                while let Some(line) = lines.next_line() {
                    let next = goodbye.handle_line(&line.unwrap_or_default(), started.elapsed());
                    send(unsent, next);
                }
                if transferred.is_err() && !goodbye.is_answered() {
                    return GoodbyeOutcome::Ended;
                }
            }
            () = sleep_until(started + deadline) => {
                send(unsent, goodbye.handle_time(started.elapsed()));
            }
        }
    }
    match goodbye.is_answered() {
        true => GoodbyeOutcome::Answered,
        false => GoodbyeOutcome::Unanswered,
    }
}

fn send(unsent: &mut Unsent, command: Option<Command>) {
    if let Some(command) = command {
        // A server that has left so much unread will not read this either. The time limit ends the wait.
        let _stalled = unsent.push(&command.to_line());
    }
}
