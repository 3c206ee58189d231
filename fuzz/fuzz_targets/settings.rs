//! The relay's settings: file and command line.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &str| fuzz::settings::check(input));
