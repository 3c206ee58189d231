//! The step `judge`: the cases of the Autobahn test suite against the relay's WebSocket, by the program `judge` of `tests`.

use std::process::Command;

use anyhow::Result;

use crate::project::{root, run, target_dir};
use crate::{checks, pypi};

/// Run the judge. Its report stays in the target folder.
pub(crate) fn step() -> Result<()> {
    let kosoku = pypi::program("kosoku")?;
    checks::programs()?;
    let target = target_dir()?;
    run(Command::new(target.join("debug/judge"))
        .current_dir(root())
        .arg("--kosoku")
        .arg(kosoku)
        .arg("--report")
        .arg(target.join("judge")))
}
