//! What end-to-end tests and the programs for load share: a whole site on loopback, and a player without a browser.

mod delays;
mod player;
pub mod process;
mod site;
mod spectator;

pub use delays::Delays;
pub use player::{Ended, Player};
pub use site::Site;
pub use spectator::Spectator;
