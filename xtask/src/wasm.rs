//! `cargo xtask wasm`: makes the client that the page imports, in `www/pkg`: the scripts of the npm package, and the
//! browser's module in `www/pkg/wasm`. Cargo compiles the module, wasm-bindgen binds it to JavaScript, and binaryen's
//! wasm-opt makes it small where the npm packages are installed. The relay, the browser tests and the npm package all
//! take the module from there. The page that makes circuits has a module of its own, in `www/pkg/track`. The mock, which only
//! the npm package has, has one in `client-wasm/js/wasm`.

use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use ignore::Walk;
use wasm_bindgen_cli_support::Bindgen;

use crate::project::{cargo, copy, has, node, output, remove, root, run, target_dir};

/// The target of the browser's module.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// The profile in the top `Cargo.toml` that the module is built with.
pub(crate) const PROFILE: &str = "wasm";
/// The optimiser, run by Node.
const WASM_OPT: &str = "node_modules/binaryen/bin/wasm-opt";
/// What the optimiser does. A module in flat form has more to leave out, and a second and third `-Oz` find still more.
/// The lowest 1,024 bytes of memory are the end of the stack, where no object lies: that lets offsets move into loads.
/// Functions stay in the compiler's order, and a long one with one caller stays apart: both compress better.
/// The features are those that the compiler uses anyway and every browser of today has.
const OPTIMISATIONS: &str = "--strip-debug --one-caller-inline-max-function-size=20 \
    --always-inline-max-function-size=4 --low-memory-unused \
    --flatten --rereloop -Oz --optimize-added-constants-propagate \
    --flatten --rereloop -Oz --gufa -Oz --reorder-locals --strip-producers \
    --enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int --enable-mutable-globals \
    --enable-reference-types --enable-multivalue";
const WASM: &str = "client_wasm_bg.wasm";
/// The scripts of the npm package.
const SCRIPTS: &str = "client-wasm/js";
/// Scripts of the package that the page has no use for. One imports the page's own scripts, and some carry a file as text.
const NOT_FOR_THE_PAGE: [&str; 6] = [
    "viewer.js",
    "inline.js",
    "bytes.js",
    "worker/script.js",
    "map.js",
    "react.js",
];
/// The files that the page and the type checker need.
const FILES: [&str; 4] = [
    WASM,
    "client_wasm_bg.wasm.d.ts",
    "client_wasm.js",
    "client_wasm.d.ts",
];
/// A module beside the client's.
struct SideModule {
    package: &'static str,
    /// Where it is put.
    folder: &'static str,
    /// The optimised one first.
    files: [&'static str; 4],
}
/// The module of the page that makes circuits.
const TRACK: SideModule = SideModule {
    package: "track-wasm",
    folder: "www/pkg/track",
    files: [
        "track_wasm_bg.wasm",
        "track_wasm_bg.wasm.d.ts",
        "track_wasm.js",
        "track_wasm.d.ts",
    ],
};
/// The module of the mock, where the scripts of the npm package import modules from.
const MOCK: SideModule = SideModule {
    package: "mock-wasm",
    folder: "client-wasm/js/wasm",
    files: [
        "mock_wasm_bg.wasm",
        "mock_wasm_bg.wasm.d.ts",
        "mock_wasm.js",
        "mock_wasm.d.ts",
    ],
};

/// Build the modules of the pages and of the mock, and say what they weigh.
pub(crate) fn build() -> Result<()> {
    build_for_pages()?;
    build_for_package()
}

/// Build the modules of the pages with cargo alone.
pub(crate) fn build_for_pages() -> Result<()> {
    publish(|folder| bind("client-wasm", folder))?;
    TRACK.build()
}

/// Build the module of the mock. The client's is put beside it too, so that the package's scripts run in Node as they are
/// written.
pub(crate) fn build_for_package() -> Result<()> {
    for file in FILES {
        let built = root().join("www/pkg/wasm").join(file);
        copy(&built, &root().join(MOCK.folder).join(file))?;
    }
    MOCK.build()
}

impl SideModule {
    fn build(&self) -> Result<()> {
        let Self { package, files, .. } = self;
        let made = target_dir()?.join(format!("{package}-module"));
        remove(&made)?;
        bind(package, &made)?;
        let folder = root().join(self.folder);
        let stamp = target_dir()?.join(format!("{package}.stamp"));
        let fingerprint = fingerprint(&made, files, &[])?;
        if !is_current(&stamp, &fingerprint, &folder, files) {
            if can_optimise() {
                optimise(&made.join(files[0]))?;
            }
            for file in files {
                copy(&made.join(file), &folder.join(file))?;
            }
            let named = || format!("cannot write the stamp of {package}");
            fs::write(&stamp, fingerprint).with_context(named)?;
        }
        let bytes = fs::metadata(folder.join(files[0]))?.len();
        println!("{}: module of {bytes} bytes", self.folder);
        Ok(())
    }
}

/// Compile a package and bind it to JavaScript, into an empty folder.
fn bind(package: &str, folder: &Path) -> Result<()> {
    ensure_target()?;
    let build = format!("build --package {package} --target {TARGET} --profile {PROFILE}");
    run(cargo(&build).args(["--config", &without_home()?]))?;
    let compiled = format!("{TARGET}/{PROFILE}/{}.wasm", package.replace('-', "_"));
    Bindgen::new()
        .input_path(target_dir()?.join(compiled))
        .web(true)?
        .typescript(true)
        // Without a given address, the script finds the module beside itself.
        .omit_default_module_path(false)
        // The optimiser strips the names, so that its input is the same as after wasm-pack.
        .remove_name_section(!can_optimise())
        .generate(folder)
        .context("wasm-bindgen cannot bind the module")
}

/// Name crates in the module's panic messages without the folder of whoever built it. Cargo adds this to the flags of
/// `.cargo/config.toml`.
pub(crate) fn without_home() -> Result<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let sources = home
        .context("there is no home folder")?
        .join("registry/src");
    let flag = format!("--remap-path-prefix={}=", sources.display());
    Ok(format!("target.{TARGET}.rustflags=[{flag:?}]"))
}

/// Add the compiler's target where it is missing.
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

/// Optimise what a generator writes into an empty folder, and put it into `www/pkg`, unless the same is there already.
pub(crate) fn publish(generate: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let started = Instant::now();
    let made = target_dir()?.join("module");
    remove(&made)?;
    generate(&made)?;
    let package = root().join("www/pkg");
    let stamp = target_dir()?.join("client-wasm.stamp");
    let scripts = scripts()?;
    let fingerprint = fingerprint(&made, &FILES, &scripts)?;
    if !is_current(&stamp, &fingerprint, &package.join("wasm"), &FILES) {
        if can_optimise() {
            optimise(&made.join(WASM))?;
        }
        replace(&package, &made, &scripts)?;
        fs::write(&stamp, fingerprint).context("cannot write the stamp of www/pkg")?;
    }
    let bytes = fs::metadata(package.join("wasm").join(WASM))?.len();
    let form = match can_optimise() {
        true => "optimised by wasm-opt",
        false => "not optimised: that takes Node and `npm ci`",
    };
    let seconds = started.elapsed().as_secs_f32();
    println!("www/pkg: module of {bytes} bytes, {form}, {seconds:.1} s");
    Ok(())
}

/// Say whether a folder has the files that a fingerprint names.
fn is_current(stamp: &Path, fingerprint: &str, folder: &Path, files: &[&str]) -> bool {
    let is_known = fs::read_to_string(stamp).is_ok_and(|known| known == fingerprint);
    is_known && files.iter().all(|file| folder.join(file).is_file())
}

/// Say whether Node and the npm packages are there.
fn can_optimise() -> bool {
    root().join(WASM_OPT).is_file() && has(&mut Command::new("node"))
}

fn optimise(module: &Path) -> Result<()> {
    run(node(WASM_OPT)
        .arg(module)
        .args(OPTIMISATIONS.split_whitespace())
        .arg("-o")
        .arg(module))
    .context("wasm-opt cannot make the module small")
}

/// The scripts that the page may import, as paths below `SCRIPTS`.
fn scripts() -> Result<Vec<PathBuf>> {
    let folder = root().join(SCRIPTS);
    let mut found = Vec::new();
    for entry in Walk::new(&folder) {
        let path = entry
            .context("cannot read the scripts of the package")?
            .into_path();
        let path = path.strip_prefix(&folder)?;
        if path.extension().is_some_and(|extension| extension == "js")
            && !NOT_FOR_THE_PAGE.iter().any(|name| path.ends_with(name))
            && !["mock", "mock.js", "wasm"]
                .iter()
                .any(|name| path.starts_with(name))
        {
            found.push(path.to_owned());
        }
    }
    found.sort();
    Ok(found)
}

/// Name what a built folder depends on: the bound module, the scripts, and what optimises the module.
fn fingerprint(made: &Path, files: &[&str], scripts: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        let bytes = fs::read(made.join(file));
        bytes
            .with_context(|| format!("wasm-bindgen made no {file}"))?
            .hash(&mut hasher);
    }
    for script in scripts {
        (script, fs::read(root().join(SCRIPTS).join(script))?).hash(&mut hasher);
    }
    OPTIMISATIONS.hash(&mut hasher);
    if can_optimise() {
        fs::read(root().join("package-lock.json"))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Fill a folder beside the package, then put it in the package's place, so that no reader sees half of it.
fn replace(package: &Path, made: &Path, scripts: &[PathBuf]) -> Result<()> {
    let next = package.with_file_name(".pkg-next");
    remove(&next)?;
    for file in FILES {
        copy(&made.join(file), &next.join("wasm").join(file))?;
    }
    for script in scripts {
        copy(&root().join(SCRIPTS).join(script), &next.join(script))?;
    }
    let converter = root().join(TRACK.folder);
    if converter.is_dir() {
        fs::rename(&converter, next.join("track")).context("cannot keep www/pkg/track")?;
    }
    remove(package)?;
    fs::rename(&next, package).context("cannot move the new www/pkg into place")
}
