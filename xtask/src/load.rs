//! The step `load`: the short forms of the programs that measure. Their figures mean nothing in a build for tests; what they check does.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::checks;
use crate::project::{note_skipped, root, run, target_dir};

/// Each program with the options of its short form.
const PROGRAMS: [(&str, &[&str]); 8] = [
    ("echo", &["--quick"]),
    ("load", &["--players", "40", "--seconds", "1"]),
    (
        "load",
        &["--players", "40", "--seconds", "1", "--generation", "chat"],
    ),
    (
        "load",
        &["--players", "40", "--seconds", "1", "--generation", "token"],
    ),
    ("idle", &["--players", "200", "--seconds", "2"]),
    ("soak", &["--players", "60", "--seconds", "8"]),
    ("hostile", &["--players", "20", "--seconds", "8"]),
    (
        "junk",
        &[
            "--sessions",
            "60",
            "--seconds",
            "2",
            "--generation",
            "token",
        ],
    ),
];

/// Run all of them, one after the other.
pub(crate) fn step() -> Result<()> {
    if cfg!(not(target_os = "linux")) {
        note_skipped("the programs that measure: they need Linux".to_owned());
        return Ok(());
    }
    checks::programs()?;
    let folder = target_dir()?.join("debug");
    for (name, options) in PROGRAMS {
        println!("    {name} {}", options.join(" "));
        let mut command = Command::new(folder.join(name));
        run(command.current_dir(root()).args(options))
            .with_context(|| format!("`cargo run -p tests --bin {name}` has a longer form"))?;
    }
    Ok(())
}
