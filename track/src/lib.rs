//! A circuit's file: its form, the checks, and what follows from it. The relay, the game server's bots and `cargo xtask track`
//! read circuits with it, and the page's converter in wasm. Pure: bytes come in, and no file is opened here.

mod check;
mod circuit;
mod format;
mod ring;

#[cfg(feature = "convert")]
mod convert;

pub use check::{CircuitError, MAX_CIRCUIT_BYTES, MAX_POINTS};
pub use circuit::{Circuit, GRID_PLACES, Garages, PitLane, name_of_file};
pub use format::Format;

#[cfg(feature = "convert")]
pub use convert::{ConvertError, MAX_SOURCE_BYTES, Options, Source, StartLine};
