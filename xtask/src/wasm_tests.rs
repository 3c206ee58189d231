//! The step `wasm-tests`: the unit tests of `protocol` and `client-wasm` in wasm, run in Node and in Chromium.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use crate::project::{cargo, run, target_dir};
use crate::{requirements, wasm};

/// One build serves both runs: the runner decides where a test program runs.
const TESTS: &str =
    "test --profile wasm-test --package protocol --package client-wasm --lib --target";
/// Our own runner, built from wasm-bindgen's library.
const RUNNER: &str = "wasm-test-runner";
/// The longest that the tests of one program may take, in seconds.
const TIMEOUT_SECONDS: &str = "300";

/// Build the tests once and run them in Node, then in Chromium.
pub(crate) fn run_all() -> Result<()> {
    requirements::node()?;
    let chromium = requirements::browser()?;
    let driver = requirements::browser_driver()?;
    wasm::ensure_target()?;
    run(&mut cargo(&format!(
        "build --quiet --package xtask --example {RUNNER}"
    )))?;
    println!("    in Node");
    run(&mut tests()?)?;
    println!("    in Chromium");
    let settings = target_dir()?.join("webdriver.json");
    let capabilities = json!({
        "goog:chromeOptions": {
            "binary": chromium,
            "args": ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"],
        },
    });
    fs::write(&settings, capabilities.to_string())
        .with_context(|| format!("cannot write {}", settings.display()))?;
    run(tests()?
        .env("WASM_BINDGEN_USE_BROWSER", "1")
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", settings)
        .env("CHROMEDRIVER", driver))
}

fn tests() -> Result<Command> {
    let runner = target_dir()?.join("debug/examples").join(RUNNER);
    let mut command = cargo(&format!("{TESTS} {}", wasm::TARGET));
    command
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
        .env("WASM_BINDGEN_TEST_TIMEOUT", TIMEOUT_SECONDS);
    Ok(command)
}
