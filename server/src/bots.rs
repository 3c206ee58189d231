//! Bots: ordinary clients of this server that drive the demo track, so that nobody has to drive alone. How one
//! drives is in [`driver`], pure; who they are and where they go in [`crew`].

mod bot;
mod crew;
mod driver;
mod line;
mod player;
mod track;
mod traffic;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use tokio::task::JoinHandle;

use crate::rules::ROOM_SEATS;
use crew::Shared;
use track::Track;

pub(crate) use player::Target;

/// How many bots there may be in one room: all seats but those kept free.
pub const MAX_BOTS: usize = MOST_TAKEN_SEATS;
/// Above this many players in a room, bots make way.
const MOST_TAKEN_SEATS: usize = ROOM_SEATS - 2;

/// The track of the demo, the same one the page draws.
const DEMO_TRACK: &str = include_str!("../../www/track.json");

/// The bots of a server.
#[derive(Debug, Clone, Default)]
pub struct Bots {
    /// How many there are in the home room, and in each room that a player makes; at most [`MAX_BOTS`].
    pub count: usize,
    /// The name of the home room.
    pub room: String,
    /// A track file in place of the demo's.
    pub track: Option<PathBuf>,
}

/// Start the bots of a server; nothing where there are none.
pub(crate) fn start(bots: &Bots, target: Target) -> anyhow::Result<Option<JoinHandle<()>>> {
    let Bots { count, room, track } = bots;
    ensure!(
        *count <= MAX_BOTS,
        "at most {MAX_BOTS} bots fit into a room with players"
    );
    if *count == 0 {
        return Ok(None);
    }
    let track = match track {
        Some(path) => {
            let named = || format!("cannot use the track {}", path.display());
            let text = std::fs::read_to_string(path).with_context(named)?;
            Track::parse(&text).with_context(named)?
        }
        None => Track::parse(DEMO_TRACK)?,
    };
    let shared = Arc::new(Shared::new(target, track, room.clone()));
    Ok(Some(tokio::spawn(crew::run(shared, *count))))
}
