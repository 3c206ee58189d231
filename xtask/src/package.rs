//! `cargo xtask package`: makes the npm package in `client-wasm/dist` and its tarball in `target/package`, and compares it
//! with its list of files and its limits. The step `package` of the tests then tries the tarball in fresh projects.

mod contents;
mod stage;
mod tools;
mod weight;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Result;

use crate::project::{node, run, target_dir};
use crate::{checks, requirements, wasm};

/// The tests that try the tarball, and the page that the relay embeds.
const TESTS: [&str; 7] = [
    "tests/package/typescript.test.js",
    "tests/package/guides.test.js",
    "tests/package/node.test.js",
    "tests/package/browser.test.js",
    "tests/package/examples.test.js",
    "tests/package/react.test.js",
    "tests/package/page.test.js",
];
/// The tarball in `target/package`. It has one name for every version, so that the tests need not know the version.
const TARBALL: &str = "mp-server-client.tgz";

/// Make the package, check it and say what it weighs.
pub(crate) fn build() -> Result<()> {
    let started = Instant::now();
    requirements::npm_packages()?;
    requirements::npm_packages_of("tests/package")?;
    wasm::ensure_target()?;
    let mut wasm_pack = tools::wasm_pack()?;
    // wasm-pack would download its own optimiser. It would also write a .gitignore, and npm would leave the module out.
    let arguments = format!(
        "--quiet build client-wasm --target web --profile {} --mode no-install --no-pack --no-gitignore --no-opt",
        wasm::PROFILE
    );
    wasm::publish(|folder| {
        run(wasm_pack
            .args(arguments.split(' '))
            .arg("--out-dir")
            .arg(folder)
            .args(["--", "--config", &wasm::without_home()?]))
    })?;
    wasm::build_for_package()?;
    let dist = stage::stage()?;
    let folder = folder()?;
    fs::create_dir_all(&folder)?;
    let tarball = folder.join(TARBALL);
    contents::pack(&dist, &tarball)?;
    weight::check(&dist)?;
    let seconds = started.elapsed().as_secs_f32();
    println!("{}, {seconds:.1} s", tarball.display());
    Ok(())
}

/// Write the site of the guides and the reference, and say where it is.
pub(crate) fn write_docs() -> Result<()> {
    requirements::npm_packages_of("tests/package")?;
    // The scripts of the viewer import those of the page.
    wasm::build()?;
    println!("{}", docs()?.join("index.html").display());
    Ok(())
}

/// Make the package, lint it, write its site and try it in fresh projects.
pub(crate) fn test() -> Result<()> {
    let chromium = requirements::browser()?;
    build()?;
    lint()?;
    let docs = docs()?;
    // These types need the npm packages of their folder, which the step `types` does not.
    run(node("tests/package/node_modules/typescript/bin/tsc").args(["--project", "tests/package"]))?;
    checks::programs()?;
    let tarball = folder()?.join(TARBALL);
    let programs = target_dir()?.join("debug");
    checks::node_tests(|node| {
        node.arg("--test-concurrency=1")
            .args(TESTS)
            .env("CHROMIUM", chromium)
            .env("MP_DOCS", docs)
            .env("MP_PACKAGE", tarball)
            .env("MP_PROGRAMS", programs)
    })
}

/// Check that the package resolves in every tool and with every module setting of TypeScript.
fn lint() -> Result<()> {
    let tarball = folder()?.join(TARBALL);
    run(node("tests/package/node_modules/publint/src/cli.js")
        .arg("--strict")
        .arg(&tarball))?;
    // The module is not a script, so it has no types.
    run(
        node("tests/package/node_modules/@arethetypeswrong/cli/dist/index.js")
            .args(["--profile", "esm-only", "--format", "table-flipped"])
            .args(["--exclude-entrypoints", "client_wasm_bg.wasm", "--"])
            .arg(&tarball),
    )
}

/// Write the guides and the reference of the package as a site into `target/docs`.
fn docs() -> Result<PathBuf> {
    let site = target_dir()?.join("docs");
    run(node("tests/package/node_modules/typedoc/bin/typedoc")
        .args(["--options", "tests/package/typedoc.config.js", "--out"])
        .arg(&site))?;
    Ok(site)
}

fn folder() -> Result<PathBuf> {
    Ok(target_dir()?.join("package"))
}
