//! Bytes of a game server, as lines and as events.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: fuzz::lines::Input<'_>| fuzz::lines::check(input));
