//! The checks that `steps` runs one after the other: each a command of cargo, npm or Node.
//! All use one target folder and the same selections of packages, so that little is compiled twice.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use ignore::Walk;

use crate::project::{cargo, note_skipped, npm, root, run, target_dir};
use crate::{requirements, wasm};

/// The packages that are compiled for this machine.
const NATIVE: &str = "--workspace --exclude client-wasm";
const NATIVE_BUT_XTASK: &str = "--workspace --exclude client-wasm --exclude xtask";

pub(crate) fn fmt() -> Result<()> {
    run(&mut cargo("fmt --all --check"))
}

pub(crate) fn clippy() -> Result<()> {
    run(&mut cargo(&format!(
        "clippy {NATIVE} --all-targets -- -D warnings"
    )))
}

pub(crate) fn clippy_wasm() -> Result<()> {
    wasm::ensure_target()?;
    run(&mut cargo(&format!(
        "clippy --package client-wasm --target {} -- -D warnings",
        wasm::TARGET
    )))
}

/// Private items are documented too, since contributors read them. Links to them then work.
pub(crate) fn doc() -> Result<()> {
    let flags = "-D warnings -A rustdoc::private-intra-doc-links";
    let doc = |packages: &str| {
        let command = format!("doc {packages} --no-deps --document-private-items");
        run(cargo(&command).env("RUSTDOCFLAGS", flags))
    };
    // There are no examples to document. With this option cargo uses clippy's features and recompiles nothing.
    doc(&format!("{NATIVE} --lib --bins --examples"))?;
    doc(&format!("--package client-wasm --target {}", wasm::TARGET))
}

pub(crate) fn rust() -> Result<()> {
    for missing in requirements::missing_proxies() {
        note_skipped(format!("the relay behind {missing}"));
    }
    rust_tests("default")
}

/// The tests without those that take long: end-to-end races, floods and replays over sockets.
pub(crate) fn rust_quick() -> Result<()> {
    rust_tests("quick")
}

/// Run the native tests. The tests of this program run separately: in the workspace its dependencies have other features,
/// so they would be compiled again.
fn rust_tests(profile: &str) -> Result<()> {
    let runner = if requirements::nextest() {
        format!("nextest run --profile {profile}")
    } else {
        println!("    cargo-nextest is not installed: cargo test runs instead, with all tests");
        "test --lib --bins --tests".to_owned()
    };
    for packages in [NATIVE_BUT_XTASK, "--package xtask"] {
        run(&mut cargo(&format!("{runner} {packages}")))?;
    }
    Ok(())
}

pub(crate) fn doctest() -> Result<()> {
    run(&mut cargo(&format!("test {NATIVE_BUT_XTASK} --doc")))
}

pub(crate) fn script(name: &str) -> Result<()> {
    requirements::npm_packages()?;
    run(&mut npm(&["run", "--silent", name]))
}

/// The files are named one by one, since versions of Node treat folders and patterns differently.
pub(crate) fn node() -> Result<()> {
    // Some run the wasm client.
    wasm::build()?;
    let mut files = Vec::new();
    for folder in ["www/test", "client-wasm/test"] {
        for entry in Walk::new(root().join(folder)) {
            let path = entry
                .context("cannot read the tests of the page")?
                .into_path();
            if path.to_string_lossy().ends_with(".test.js") {
                files.push(path);
            }
        }
    }
    ensure!(!files.is_empty(), "no *.test.js in www/test");
    files.sort();
    node_tests(|node| node.args(files))
}

/// Run tests with Node and note those that it skips; `with` gives the files and what else the tests need.
pub(crate) fn node_tests(with: impl FnOnce(&mut Command) -> &mut Command) -> Result<()> {
    let report = target_dir()?.join("node-tests.tap");
    let mut node = Command::new("node");
    node.current_dir(root())
        .args(["--test", "--test-reporter=spec", "--test-reporter=tap"])
        .arg("--test-reporter-destination=stdout")
        .arg(format!("--test-reporter-destination={}", report.display()));
    run(with(&mut node))?;
    let report =
        fs::read_to_string(&report).with_context(|| format!("cannot read {}", report.display()))?;
    for (test, reason) in report
        .lines()
        .filter_map(|line| line.split_once(" # SKIP "))
    {
        let name = test.split_once(" - ").map_or(test, |(_, name)| name);
        note_skipped(format!("{name}: {reason}"));
    }
    Ok(())
}

/// Build game server and relay, exactly as the tests did: `cargo build` would compile half of it again.
pub(crate) fn programs() -> Result<()> {
    run(&mut cargo(&format!(
        "test {NATIVE_BUT_XTASK} --no-run --quiet"
    )))
}

pub(crate) fn browser() -> Result<()> {
    browser_tests(&[])
}

/// A few of the tests in the browser: somebody plays, somebody races, somebody watches.
pub(crate) fn browser_quick() -> Result<()> {
    browser_tests(&["--grep", "@quick"])
}

fn browser_tests(options: &[&str]) -> Result<()> {
    let chromium = requirements::browser()?;
    let firefox = requirements::firefox()?;
    requirements::npm_packages()?;
    wasm::build()?;
    programs()?;
    let programs = target_dir()?.join("debug");
    // One after the other: many small pages beside a race slow its frames.
    for project in ["pages", "races"] {
        let mut command = npm(&[
            "run",
            "--silent",
            "test:browser",
            "--",
            "--project",
            project,
        ]);
        let outcome = run(command
            .args(options)
            .env("CHROMIUM", &chromium)
            .env("FIREFOX", &firefox)
            .env("MP_PROGRAMS", &programs));
        if outcome.is_err() {
            bail!(
                "a browser test failed: traces and screenshots are in tests/browser/test-results"
            );
        }
    }
    Ok(())
}
