//! Runs a test program in wasm, in Node or in a browser: the library of wasm-bindgen's own runner. Cargo calls it in the
//! step `wasm-tests`. It is an example so that only the tests compile what it needs.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os())
}
