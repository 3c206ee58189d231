//! The checks that `steps` runs one after the other: each a command of cargo, npm or Node.
//! All use one target folder and the same selection of packages, so that little is compiled twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::project::{cargo, npm, root, run, target_dir};
use crate::{requirements, wasm};

pub(crate) fn fmt() -> Result<()> {
    run(&mut cargo("fmt --all --check"))
}

pub(crate) fn clippy() -> Result<()> {
    run(&mut cargo(
        "clippy --workspace --exclude client-wasm --all-targets -- -D warnings",
    ))
}

pub(crate) fn clippy_wasm() -> Result<()> {
    wasm::ensure_target()?;
    run(&mut cargo(&format!(
        "clippy --package client-wasm --target {} -- -D warnings",
        wasm::TARGET
    )))
}

/// Private items are documented too, for they are what a contributor reads; so links to them work.
pub(crate) fn doc() -> Result<()> {
    let flags = "-D warnings -A rustdoc::private-intra-doc-links";
    run(cargo("doc --workspace --no-deps --document-private-items").env("RUSTDOCFLAGS", flags))
}

pub(crate) fn rust() -> Result<()> {
    if requirements::nextest() {
        return run(&mut cargo("nextest run --workspace"));
    }
    println!("    cargo-nextest is not installed: cargo test takes its place");
    run(&mut cargo("test --workspace --lib --bins --tests"))
}

pub(crate) fn doctest() -> Result<()> {
    run(&mut cargo("test --workspace --doc"))
}

pub(crate) fn script(name: &str) -> Result<()> {
    requirements::npm_packages()?;
    run(&mut npm(&["run", "--silent", name]))
}

/// The files are named one by one: what Node makes of a folder or a pattern differs between its versions.
pub(crate) fn node() -> Result<()> {
    let mut files = Vec::new();
    for folder in ["www/test", "client-wasm/test"] {
        collect(&root().join(folder), ".test.js", &mut files)?;
    }
    ensure!(!files.is_empty(), "no *.test.js in www/test");
    files.sort();
    let mut command = Command::new("node");
    run(command
        .current_dir(root())
        .args(["--test", "--test-reporter=spec"])
        .args(files))
}

pub(crate) fn collect(folder: &Path, ending: &str, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, ending, files)?;
        } else if path.to_string_lossy().ends_with(ending) {
            files.push(path);
        }
    }
    Ok(())
}

/// Build game server and relay, exactly as the tests did: `cargo build` would compile half of it again.
pub(crate) fn programs() -> Result<()> {
    run(&mut cargo("test --workspace --no-run --quiet"))
}

pub(crate) fn browser() -> Result<()> {
    let chromium = requirements::browser()?;
    requirements::npm_packages()?;
    wasm::build()?;
    programs()?;
    let programs = target_dir()?.join("debug");
    let mut command = npm(&["run", "--silent", "test:browser"]);
    let outcome = run(command
        .env("CHROMIUM", chromium)
        .env("MP_PROGRAMS", programs));
    if outcome.is_err() {
        bail!("a browser test failed: traces and screenshots are in tests/browser/test-results");
    }
    Ok(())
}
