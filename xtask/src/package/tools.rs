//! Finds wasm-pack, or installs it into `target/tools`, and gives it the generator that the page's module is made with.

use std::env;
use std::process::Command;

use anyhow::{Context, Result};

use crate::project::{cargo, copy, output, root, run, target_dir};

/// The version that the package is made with.
const VERSION: &str = "0.15.1";

/// A command of wasm-pack. It builds in the project's target folder and finds the pinned wasm-bindgen first.
pub(super) fn wasm_pack() -> Result<Command> {
    let target = target_dir()?;
    let bin = target.join("tools/bin");
    let program = bin.join("wasm-pack");
    let found = output(Command::new(&program).arg("--version"));
    if found.is_none_or(|version| version != format!("wasm-pack {VERSION}")) {
        install()?;
    }
    // The compiler refuses a program that is named like the library `wasm-bindgen`, so it gets its name here.
    run(&mut cargo(
        "build --quiet --package xtask --example wasm-bindgen-cli",
    ))?;
    let suffix = env::consts::EXE_SUFFIX;
    copy(
        &target.join(format!("debug/examples/wasm-bindgen-cli{suffix}")),
        &bin.join(format!("wasm-bindgen{suffix}")),
    )?;
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([bin].into_iter().chain(env::split_paths(&path)));
    let mut command = Command::new(program);
    command
        .current_dir(root())
        .env("PATH", path.context("PATH cannot be extended")?)
        .env("CARGO_TARGET_DIR", target);
    Ok(command)
}

/// Install it unoptimised: it runs for a second, and optimising it takes minutes.
fn install() -> Result<()> {
    println!("    installing wasm-pack {VERSION} into target/tools: a minute or two, once");
    let tools = target_dir()?.join("tools");
    let command = format!("install --quiet --debug --force --locked --version {VERSION} wasm-pack");
    run(cargo(&command)
        .arg("--root")
        .arg(&tools)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_TARGET_DIR", tools.join("build")))
}
