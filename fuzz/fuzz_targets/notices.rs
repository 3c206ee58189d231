//! Text frames of the relay: notices, and the rooms that spectators see.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| fuzz::notices::check(input));
