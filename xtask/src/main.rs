//! `cargo xtask`: the project's own commands. They need Rust and nothing else. `test` needs more, and installs it or names it.

mod checks;
mod child;
mod demo;
mod fuzz;
mod judge;
mod load;
mod package;
mod project;
mod pypi;
mod requirements;
mod steps;
mod supply_chain;
mod tidy;
mod track;
mod wasm;
mod wasm_tests;

use std::process::ExitCode;

use clap::Parser;

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Build everything, start a game server with bots and the relay, and print the page's address.
    Demo(demo::Options),
    /// Check everything: format, lints, all tests, the wasm module, the page and its browser tests.
    Test(steps::Options),
    /// Build the browser's module into www/pkg, and the mock's beside the package's scripts.
    Wasm,
    /// Make the npm package in client-wasm/dist and its tarball in target/package.
    Package,
    /// Write the npm package's site, guides and reference, into target/docs.
    Docs,
    /// Make a circuit of a GeoJSON, GPX or CSV file.
    Track(track::Options),
    /// Run the fuzz targets in `fuzz`, or one of them.
    Fuzz(fuzz::Options),
    /// Check the house rules that no linter knows: names, openings, imports, the README's tree.
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match Task::parse() {
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => steps::run(&options),
        Task::Wasm => wasm::build(),
        Task::Package => package::build(),
        Task::Docs => package::write_docs(),
        Task::Track(options) => track::run(&options),
        Task::Fuzz(options) => fuzz::run_targets(&options),
        Task::Tidy => tidy::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
