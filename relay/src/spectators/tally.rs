//! What the hub counts, for the operator. Everything only goes up but `spectators`. Who publishes it reads it
//! whenever they like: each number is right by itself, not all of them of the same instant.

use std::sync::atomic::{AtomicU64, Ordering};

use protocol::frame::CloseCode;

/// Counts of all rooms together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Spectators now.
    pub(crate) spectators: AtomicU64,
    /// Spectators that were shown a room, those of now included.
    pub(crate) admitted: AtomicU64,
    /// Snapshots made, each for all spectators of a room.
    pub(crate) snapshots: AtomicU64,
    /// Frames written whole to spectators: texts, snapshots, pings and pongs.
    pub(crate) frames: AtomicU64,
    /// Bytes written to spectators, headers of frames included.
    pub(crate) bytes: AtomicU64,
    /// Snapshots that passed a spectator by, each counted for each spectator.
    pub(crate) skipped: AtomicU64,
    /// Datagrams of players that were opened for spectators.
    pub(crate) datagrams: AtomicU64,
    /// Spectators that were closed because they read nothing (4005).
    pub(crate) too_slow: AtomicU64,
    /// Spectators that were closed because they sent more than they may (4004).
    pub(crate) sent_too_much: AtomicU64,
    /// Spectators that were closed because they sent what is no control frame (4006).
    pub(crate) malformed: AtomicU64,
}

impl Tally {
    /// Count one more of something.
    pub(crate) fn one(count: &AtomicU64) {
        Self::add(count, 1);
    }

    /// A spectator was closed.
    pub(crate) fn closed(&self, code: CloseCode) {
        match code {
            CloseCode::TooSlow => Self::one(&self.too_slow),
            CloseCode::SentTooMuch => Self::one(&self.sent_too_much),
            CloseCode::Malformed => Self::one(&self.malformed),
            _ => {}
        }
    }

    pub(crate) fn add(count: &AtomicU64, more: u64) {
        if more > 0 {
            count.fetch_add(more, Ordering::Relaxed);
        }
    }
}
