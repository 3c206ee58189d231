//! `cargo xtask package`: make the npm package in `client-wasm/dist` and its tarball in `target/package`, and hold it to
//! its list of files and to its weight. The step `package` of the tests calls it too, and then tries the tarball.

mod contents;
mod declarations;
mod stage;
mod tools;
mod weight;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::project::{root, run, target_dir};
use crate::{checks, glue, requirements, wasm};
use tools::{Tools, npm_program};

/// What tries the tarball.
const TESTS: [&str; 4] = [
    "tests/package/typescript.test.js",
    "tests/package/node.test.js",
    "tests/package/browser.test.js",
    "tests/package/examples.test.js",
];
/// The tarball in `target/package`. One name for every version, so that the tests need not know it.
const TARBALL: &str = "mp-server-client.tgz";

/// Make the package, check it and say what it weighs.
pub(crate) fn build() -> Result<()> {
    let started = Instant::now();
    let tools = Tools::ready()?;
    // The demo page is weighed too.
    wasm::build()?;
    let folder = folder()?;
    fs::create_dir_all(&folder)?;
    let module = folder.join("module");
    compile(&tools, &module)?;
    let dist = stage::stage(&module)?;
    let tarball = folder.join(TARBALL);
    contents::pack(&dist, &tarball)?;
    weight::check(&dist)?;
    println!(
        "{}, {:.1} s",
        tarball.display(),
        started.elapsed().as_secs_f32()
    );
    Ok(())
}

/// Make the package, have it judged, write its reference and try it in fresh projects.
pub(crate) fn test() -> Result<()> {
    let chromium = requirements::browser()?;
    build()?;
    judge()?;
    docs()?;
    // Not with the other types: these need the packages of its folder.
    run(npm_program("typescript/bin/tsc").args(["--project", "tests/package"]))?;
    checks::programs()?;
    run(Command::new("node")
        .current_dir(root())
        .args(["--test", "--test-reporter=spec", "--test-concurrency=1"])
        .args(TESTS)
        .env("CHROMIUM", chromium)
        .env("MP_PACKAGE", folder()?.join(TARBALL))
        .env("MP_PROGRAMS", target_dir()?.join("debug")))
}

/// What judges of packages say of the tarball: whether every tool and every setting of TypeScript finds its way in.
fn judge() -> Result<()> {
    let tarball = folder()?.join(TARBALL);
    run(npm_program("publint/src/cli.js")
        .arg("--strict")
        .arg(&tarball))?;
    // The module is no script, so it has no types.
    run(npm_program("@arethetypeswrong/cli/dist/index.js")
        .args(["--profile", "esm-only", "--format", "table-flipped"])
        .args(["--exclude-entrypoints", "client_wasm_bg.wasm", "--"])
        .arg(&tarball))
}

fn folder() -> Result<PathBuf> {
    Ok(target_dir()?.join("package"))
}

/// Compile the module with wasm-pack and make it small.
fn compile(tools: &Tools, module: &Path) -> Result<()> {
    // Its own optimiser is a download, and its .gitignore once made such packages ship empty.
    let arguments = "--quiet build client-wasm --target web --profile wasm --mode no-install \
                     --no-pack --no-gitignore --no-opt --out-dir";
    run(tools
        .wasm_pack()?
        .args(arguments.split_whitespace())
        .arg(module))?;
    let wasm = module.join("client_wasm_bg.wasm");
    run(npm_program("binaryen/bin/wasm-opt")
        // Flat once, it finds more to leave out, and more again the second time.
        .args(["--flatten", "--rereloop", "-Oz", "-Oz"])
        // Only what the compiler uses anyway, and every browser of today has.
        .args(["--enable-bulk-memory", "--enable-sign-ext"])
        .args([
            "--enable-nontrapping-float-to-int",
            "--enable-mutable-globals",
        ])
        .args(["--enable-reference-types", "--enable-multivalue"])
        .args(["--strip-debug", "--strip-producers"])
        .arg(&wasm)
        .arg("-o")
        .arg(&wasm))
    .context("wasm-opt cannot make the module small")?;
    glue::lighten(module, "client_wasm.js")
}

/// Build the reference of the package into `target/docs`.
fn docs() -> Result<()> {
    run(npm_program("typedoc/bin/typedoc")
        .args(["--options", "tests/package/typedoc.json", "--out"])
        .arg(target_dir()?.join("docs"))
        .current_dir(root()))
}
