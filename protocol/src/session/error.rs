//! What can go wrong with a command, a position or an input.

use super::MAX_QUEUE;
use crate::cipher::SealError;
use crate::refusal::Refusal;

/// A command could not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// There is no connection, or it is being closed.
    #[error("not connected")]
    NotConnected,
    /// The command needs a sign-in first.
    #[error("sign in first")]
    NotAuthenticated,
    /// Too many commands wait.
    #[error("{MAX_QUEUE} commands are waiting already")]
    QueueFull,
    /// The server would refuse it, or not answer it.
    #[error("{}", .0.words())]
    Refused(Refusal),
    /// The line would be longer than a relay takes.
    #[error("the command is {0} bytes long, more than the {max} allowed", max = crate::frame::MAX_CLIENT_LINE_BYTES)]
    TooLong(usize),
}

/// A command failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The server refused it.
    #[error("{message}")]
    Refused {
        /// What the refusal means.
        refusal: Refusal,
        /// The server's sentence.
        message: String,
    },
    /// The server did not answer in time.
    #[error("the game server did not answer in time")]
    Timeout,
    /// The answer was too long for the relay.
    #[error("the answer is too long")]
    AnswerTooLong,
    /// The connection ended first.
    #[error("the connection ended before the answer came")]
    Closed,
}

/// A position or input could not be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatagramError {
    /// A number is infinite or not a number, or the rotation has no direction.
    #[error("a number that is not finite, or a rotation without direction")]
    NotFinite,
    /// The place is beyond what this server takes ([`Generation::bounds`](crate::generation::Generation::bounds)).
    #[error("a place farther from the origin than this game server takes")]
    OutOfBounds,
    /// The session is not signed in, in no room, or about to leave it.
    #[error("not in a room")]
    NotInRoom,
    /// It is too long. No position or input is.
    #[error(transparent)]
    Seal(#[from] SealError),
}
