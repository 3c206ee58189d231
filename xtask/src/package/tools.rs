//! The programs that make the package: those of cargo in `target/tools`, those of npm in `tests/package`. Versions are
//! pinned; what is missing is installed there, and nothing outside of the project is touched.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::project::{cargo, output, root, run, target_dir};
use crate::requirements;

/// The wasm-pack that packages are made with.
const WASM_PACK: &str = "0.15.1";
/// The project's manifest, for the version of the generator that wasm-pack calls.
const MANIFEST: &str = include_str!("../../../Cargo.toml");

/// The programs, all there.
pub(super) struct Tools {
    /// Where cargo installed them.
    folder: PathBuf,
}

impl Tools {
    /// Find the programs, or install them.
    pub(super) fn ready() -> Result<Self> {
        requirements::npm_packages()?;
        requirements::npm_packages_of("tests/package")?;
        let tools = Self {
            folder: target_dir()?.join("tools"),
        };
        tools.install("wasm-pack", WASM_PACK, "wasm-pack --locked")?;
        // Without its features it cannot speak TLS, which only its test runner would.
        let generator = "wasm-bindgen-cli --bin wasm-bindgen --no-default-features";
        tools.install("wasm-bindgen", generator_version()?, generator)?;
        Ok(tools)
    }

    /// A command of wasm-pack, which finds the pinned generator before any other.
    pub(super) fn wasm_pack(&self) -> Result<Command> {
        let bin = self.folder.join("bin");
        let mut command = Command::new(bin.join("wasm-pack"));
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(bin).chain(env::split_paths(&path));
        let path: OsString = env::join_paths(folders).context("PATH cannot be written")?;
        command
            .current_dir(root())
            .env("PATH", path)
            .env("CARGO_TARGET_DIR", target_dir()?);
        Ok(command)
    }

    fn install(&self, program: &str, version: &str, package: &str) -> Result<()> {
        let path = self.folder.join("bin").join(program);
        let found = output(Command::new(&path).arg("--version"));
        if found.is_some_and(|words| words == format!("{program} {version}")) {
            return Ok(());
        }
        println!("    installing {program} {version} into target/tools: some minutes, once");
        // Unoptimised: they run for a second or two, and take minutes to optimise.
        let build = self.folder.join("build");
        let command = format!("install --quiet --debug --force --version {version} {package}");
        run(cargo(&command)
            .arg("--root")
            .arg(&self.folder)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_TARGET_DIR", build))
    }
}

/// A program of `tests/package`, run by Node.
pub(super) fn npm_program(path: &str) -> Command {
    let mut command = Command::new("node");
    command
        .current_dir(root())
        .arg(root().join("tests/package/node_modules").join(path));
    command
}

/// The version that the module's library is pinned to.
fn generator_version() -> Result<&'static str> {
    let mut lines = MANIFEST.lines();
    let line = lines.find(|line| line.split(' ').next() == Some("wasm-bindgen"));
    let pin = line.and_then(|line| line.split('"').find_map(|part| part.strip_prefix('=')));
    pin.context("Cargo.toml pins no wasm-bindgen")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_has_the_library_s_version() {
        let version = generator_version().unwrap_or_default();
        assert_eq!(version.split('.').count(), 3, "{version}");
    }
}
