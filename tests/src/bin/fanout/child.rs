//! Parts of this program in processes of their own, so that what they cost can be told apart. A part is this
//! program again under another command, and prints one line of JSON when it is ready.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use serde_json::Value;

use tests::process::Process;

/// A part of this program; it ends when this is dropped.
pub(crate) struct Part {
    child: Child,
    pub(crate) process: Process,
    /// What it said when it was ready.
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

    /// What it said of something when it was ready.
    pub(crate) fn said(&self, what: &str) -> anyhow::Result<&str> {
        let said = self.ready[what].as_str();
        said.with_context(|| format!("it said nothing of {what}"))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Nothing of it is to be kept, so it need not stop in order.
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}
