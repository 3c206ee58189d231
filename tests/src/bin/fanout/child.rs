//! Parts of this program in processes of their own, so that their costs can be told apart. A part is this program under
//! another command, and prints one line of JSON when it is ready.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use serde_json::Value;

use tests::process::Process;

/// A running part of this program; ends when dropped.
pub(crate) struct Part {
    child: Child,
    pub(crate) process: Process,
    /// The line it printed when it was ready.
    pub(crate) ready: Value,
}

impl Part {
    /// Start a part and wait until it is ready.
    pub(crate) fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(arguments)
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()?;
        let process = Process::of(child.id());
        let mut line = String::new();
        let stdout = child.stdout.take().context("no standard output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let mut part = Self {
            child,
            process,
            ready: Value::Null,
        };
        part.ready = serde_json::from_str(&line)
            .with_context(|| format!("{} did not start", arguments.join(" ")))?;
        Ok(part)
    }

    /// A member of the line it printed when it was ready.
    pub(crate) fn said(&self, what: &str) -> anyhow::Result<&str> {
        let said = self.ready[what].as_str();
        said.with_context(|| format!("it said nothing of {what}"))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It has no state to save, so it may be killed.
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}
