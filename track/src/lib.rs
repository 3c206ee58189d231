//! Reads, checks and converts circuit files, for the relay, the game server's bots, `cargo xtask track` and the page's converter
//! in wasm. Pure: takes bytes or a reader, and opens no file.

mod check;
mod circuit;
mod format;
mod ring;
mod shape;

#[cfg(feature = "convert")]
mod convert;

pub use check::{CircuitError, MAX_CIRCUIT_BYTES, MAX_POINTS, read_at_most};
pub use circuit::{Circuit, GRID_PLACES, Garages, PitLane, name_of_file};
pub use format::Format;

#[cfg(feature = "convert")]
pub use convert::{ConvertError, MAX_SOURCE_BYTES, Options, Source, StartLine};
