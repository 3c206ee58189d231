//! What end-to-end tests and the load program share: a whole site on loopback, and a player without a browser.

mod player;
mod site;
mod spectator;

pub use player::{Ended, Player};
pub use site::Site;
pub use spectator::Spectator;
