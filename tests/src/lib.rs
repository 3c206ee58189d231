//! Shared by the end-to-end tests and the programs for load: a whole site on loopback, and players and spectators without a
//! browser.

mod child;
mod delays;
mod player;
pub mod process;
mod site;
mod spectator;
mod websocket;

pub use child::ChildProcess;
pub use delays::Delays;
pub use player::Player;
pub use site::Site;
pub use spectator::Spectator;
pub use websocket::{Ended, WebSocket};
