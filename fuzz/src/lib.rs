//! What each fuzz target does with an input. A target asserts what must hold for every input, and a panic is a fault in any
//! case. `fuzz_targets` hands the inputs over; `cargo xtask fuzz` makes the first ones.

pub mod commands;
pub mod datagrams;
pub mod lines;
pub mod notices;
pub mod relay;
pub mod rules;
pub mod session;
pub mod settings;
pub mod snapshots;
