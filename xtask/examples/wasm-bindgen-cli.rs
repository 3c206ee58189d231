//! The program `wasm-bindgen` that wasm-pack calls: the library of the pinned version, so that nothing is installed.
//! It is an example so that only the tests and the package compile what it needs.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(std::env::args_os())
}
