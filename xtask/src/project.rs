//! Where the project and its build are, and how its commands are run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

/// The top folder of the project.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// Find the target folder: this program lies in `TARGET/debug/`, wherever cargo was told to build.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let program = env::current_exe().context("cannot find the path of this program")?;
    let target = program.ancestors().nth(2);
    Ok(target
        .context("this program lies in no target folder")?
        .to_path_buf())
}

/// Make a command of the cargo that runs this program, in the top folder. Spaces separate the arguments.
pub(crate) fn cargo(arguments: &str) -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(arguments.split(' '));
    command
}

/// Make a command of Node that runs a script of the project, in the top folder.
pub(crate) fn node(script: &str) -> Command {
    let mut command = Command::new("node");
    command.current_dir(root()).arg(root().join(script));
    command
}

/// Make an npm command in the top folder.
pub(crate) fn npm(arguments: &[&str]) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(root()).args(arguments);
    command
}

/// What could not be run on this machine, for the end of the tests.
static SKIPPED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Note something that could not be run on this machine.
pub(crate) fn note_skipped(what: String) {
    let mut all = SKIPPED.lock().unwrap_or_else(PoisonError::into_inner);
    all.push(what);
}

/// Take the list of what could not be run.
pub(crate) fn skipped() -> Vec<String> {
    std::mem::take(&mut *SKIPPED.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Run a command to its end, with the output of this program. Fails if the command fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", words(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", words(command));
    }
    Ok(())
}

/// Run a command and give what it prints; `None` if it cannot start or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Remove a folder, if it is there.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        let removed = fs::remove_dir_all(folder);
        removed.with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

/// Copy a file, and make the folder it goes to.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    let copied = fs::copy(from, to);
    copied.with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}

/// Say whether a program is there, by asking for its version.
pub(crate) fn has(command: &mut Command) -> bool {
    output(command.arg("--version")).is_some()
}

/// Write a command as a user would type it, without the path of its program.
fn words(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_stem()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
