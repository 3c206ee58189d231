//! Shared by the end-to-end tests and the programs for load: a whole site on loopback, and players and spectators without a
//! browser.

mod child;
mod delays;
mod parts;
mod player;
pub mod process;
mod race;
mod site;
mod spectator;
mod stand_in;
mod websocket;

pub use child::ChildProcess;
pub use delays::Delays;
pub use parts::{Part, Processes};
pub use player::Player;
pub use race::{BETWEEN_PHASES, Figures, Outcome, Race};
pub use site::Site;
pub use spectator::Spectator;
pub use stand_in::StandIn;
pub use websocket::{Ended, WebSocket, connect_over};
