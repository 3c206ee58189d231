//! Players: each has a browser on one side and a connection of its own with the game server on the other.

pub(crate) mod bridge;
pub(crate) mod outbox;
pub(crate) mod transport;
