//! `cargo xtask wasm`: compile `client-wasm` and write the page's module to `www/pkg`, with cargo alone.
//! Called by `demo` and `test` too; does nothing where the compiled module is still the one in `www/pkg`.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use flate2::{Compression, write::GzEncoder};
use wasm_bindgen_cli_support::Bindgen;

use crate::glue;
use crate::project::{cargo, has, output, root, run, target_dir};

/// The target of the browser's module.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// The profile in the top `Cargo.toml` that the module is built with.
const PROFILE: &str = "wasm";
/// The stem of every file in `www/pkg`.
const MODULE: &str = "client_wasm";
/// The files the page and the type checker need.
const FILES: [&str; 4] = [
    "client_wasm.js",
    "client_wasm.d.ts",
    "client_wasm_bg.wasm",
    "client_wasm_bg.wasm.d.ts",
];

/// Build the module and say what it weighs.
pub(crate) fn build() -> Result<()> {
    let started = Instant::now();
    ensure_target()?;
    run(&mut cargo(&format!(
        "build --package client-wasm --target {TARGET} --profile {PROFILE}"
    )))?;

    let target = target_dir()?;
    let compiled = target
        .join(TARGET)
        .join(PROFILE)
        .join(MODULE)
        .with_extension("wasm");
    let bytes = fs::read(&compiled).with_context(|| {
        format!(
            "cargo left no {}: is client-wasm still a cdylib?",
            compiled.display()
        )
    })?;
    let stamp = target.join("client-wasm.stamp");
    let fingerprint = fingerprint(&bytes);
    let package = root().join("www/pkg");
    let current = fs::read_to_string(&stamp).is_ok_and(|known| known == fingerprint);
    if !(current && FILES.iter().all(|file| package.join(file).is_file())) {
        generate(bytes, &package)?;
        fs::write(&stamp, fingerprint)
            .with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    report(&package, started)
}

/// Add the target where it is missing; the compiler knows best whether it is.
pub(crate) fn ensure_target() -> Result<()> {
    let libraries =
        output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    if libraries.is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Ok(());
    }
    if !has(&mut Command::new("rustup")) {
        bail!(
            "the Rust target {TARGET} is missing and there is no rustup to add it: install Rust from https://rustup.rs"
        );
    }
    run(Command::new("rustup")
        .current_dir(root())
        .args(["target", "add", TARGET]))
}

/// Name what the package depends on: the compiled module, the pinned generator, and what is done here.
fn fingerprint(module: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    module.hash(&mut hasher);
    include_str!("../../Cargo.toml").hash(&mut hasher);
    include_str!("wasm.rs").hash(&mut hasher);
    include_str!("glue.rs").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Write the package beside its place, then move it there whole, so that no reader sees half of it.
fn generate(module: Vec<u8>, package: &Path) -> Result<()> {
    let next = package.with_file_name(".pkg-next");
    let old = package.with_file_name(".pkg-old");
    remove(&next)?;
    remove(&old)?;
    Bindgen::new()
        .input_bytes(MODULE, module)
        .web(true)?
        .typescript(true)
        // So that the page needs no address of its own: the module lies beside the script.
        .omit_default_module_path(false)
        // Here and not by `strip`, which would take away what wasm-bindgen must know of the target too.
        .remove_name_section(true)
        .generate(&next)
        .context("wasm-bindgen cannot make the package")?;
    for file in FILES {
        ensure!(next.join(file).is_file(), "wasm-bindgen made no {file}");
    }
    glue::lighten(&next, FILES[0])?;
    if package.exists() {
        fs::rename(package, &old).context("cannot move the old www/pkg away")?;
    }
    fs::rename(&next, package).context("cannot move the new www/pkg into place")?;
    remove(&old)
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

fn report(package: &Path, started: Instant) -> Result<()> {
    let wasm = fs::read(package.join(FILES[2]))?;
    let script = fs::read(package.join(FILES[0]))?;
    println!(
        "www/pkg: wasm {} ({} gzip), js {} ({} gzip), {:.1} s",
        kibibytes(wasm.len()),
        kibibytes(gzip_len(&wasm)?),
        kibibytes(script.len()),
        kibibytes(gzip_len(&script)?),
        started.elapsed().as_secs_f32(),
    );
    Ok(())
}

fn gzip_len(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn kibibytes(bytes: usize) -> String {
    format!("{}.{} KiB", bytes / 1024, bytes % 1024 * 10 / 1024)
}
