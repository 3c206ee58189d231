//! A client's session: whatever the server sends, whatever the player does.
#![no_main]

libfuzzer_sys::fuzz_target!(|input| fuzz::session::check(input));
