//! A whole relay between a browser and a game server that both send anything.
#![no_main]

libfuzzer_sys::fuzz_target!(|input| fuzz::relay::check(input));
