//! Datagrams of anybody, sealed or plain.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: fuzz::datagrams::Input<'_>| fuzz::datagrams::check(input));
