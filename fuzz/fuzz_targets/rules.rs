//! Lines and datagrams that strangers send to the game server.
#![no_main]

libfuzzer_sys::fuzz_target!(|input| fuzz::rules::check(input));
