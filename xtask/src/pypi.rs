//! Programs of others that the checks use. PyPI has them built for this machine, which takes seconds; cargo would compile
//! each for minutes. `xtask/tools.txt` names their versions and hashes.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::project::{remove, root, run, target_dir};

/// The list of the programs, in pip's form.
const LIST: &str = "xtask/tools.txt";

/// Find a program in `PATH`, or install all of the list into the target folder.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    if let Ok(path) = which::which(name) {
        return Ok(path);
    }
    let folder = target_dir()?.join("tools");
    let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let list = root().join(LIST);
    let wanted = fs::read(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let stamp = folder.join("installed.txt");
    if !fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        remove(&folder)?;
        let python = if cfg!(windows) { "python" } else { "python3" };
        let advice = || {
            format!(
                "{name} is missing: put it into PATH, or install Python 3.10 or newer with venv and pip"
            )
        };
        run(Command::new(python).args(["-m", "venv"]).arg(&folder)).with_context(advice)?;
        let pip = programs.join(format!("pip{EXE_SUFFIX}"));
        run(Command::new(pip)
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args([
                "--require-hashes",
                "--only-binary",
                ":all:",
                "--requirement",
            ])
            .arg(&list))
        .with_context(advice)?;
        fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    Ok(programs.join(format!("{name}{EXE_SUFFIX}")))
}
