//! How the game server's bots drive and which rooms need them, without I/O: `server` runs them as clients, `mock-wasm`
//! in a page.

mod driver;
mod line;
mod lineup;
mod track;
mod traffic;

pub use driver::{Driver, DrivingStyle, Neighbour};
pub use lineup::{Lineup, MAX_BOTS, home_name, visitor_name};
pub use track::Track;
pub use traffic::Traffic;
