//! A program in a process of its own, so that its costs can be told apart. It prints one line of JSON when it is ready.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::Context as _;
use serde_json::Value;

use crate::process::Process;

/// A running program; it is killed when this is dropped.
pub struct ChildProcess {
    child: Child,
    /// What the system knows about it.
    pub process: Process,
    ready: Value,
    /// What it prints; absent until it is started whole.
    stdout: Option<BufReader<ChildStdout>>,
}

impl ChildProcess {
    /// Start a program and wait until it is ready.
    ///
    /// # Errors
    /// It cannot be started, or ends before it is ready.
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let child = command
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let name = || command.get_program().display().to_string();
        let child = child.with_context(|| format!("cannot start {}", name()))?;
        let process = Process::of(child.id());
        // From here on an error kills the child.
        let mut program = Self {
            child,
            process,
            ready: Value::Null,
            stdout: None,
        };
        let stdout = program.child.stdout.take().context("no standard output")?;
        program.stdout = Some(BufReader::new(stdout));
        let line = program.next_line()?;
        program.ready =
            serde_json::from_str(&line).with_context(|| format!("{} did not start", name()))?;
        Ok(program)
    }

    /// Start this program with other arguments.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn of_this_program(arguments: &[&str]) -> anyhow::Result<Self> {
        Self::start(Command::new(std::env::current_exe()?).args(arguments))
    }

    /// The next line that it prints; empty at its end.
    ///
    /// # Errors
    /// Its output cannot be read.
    pub fn next_line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if let Some(stdout) = &mut self.stdout {
            stdout.read_line(&mut line)?;
        }
        Ok(line)
    }

    /// A field of the ready line.
    ///
    /// # Errors
    /// The line has no such text.
    pub fn ready_field(&self, name: &str) -> anyhow::Result<&str> {
        let field = self.ready[name].as_str();
        field.with_context(|| format!("the ready line has no {name}"))
    }
}

impl Drop for ChildProcess {
    fn drop(&mut self) {
        // It has no state to save, so it may be killed.
        let _ended_already = self.child.kill();
        let _status = self.child.wait();
    }
}
