//! Commands of a client: written, and read by the game server's rules.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: fuzz::commands::Input<'_>| fuzz::commands::check(input));
