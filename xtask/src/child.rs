//! A program of this project as a child process, for `demo`: its ready line, whether it still runs, and its clean end.
//! Dropping it kills the process, so that no failure leaves one behind.

use std::io::{BufRead, BufReader, Read, copy, sink};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use wait_timeout::ChildExt as _;

/// A program prints its ready line within this time, usually in well under a second.
const READY_LIMIT: Duration = Duration::from_secs(20);
/// The most that is read of a ready line. It usually has 150 bytes.
const MAX_READY_LINE_BYTES: u64 = 4096;
/// A program that was asked to stop is killed after this time. Its own goodbyes take less.
const STOP_LIMIT: Duration = Duration::from_secs(8);

/// A running program of this project.
pub(crate) struct Program {
    name: String,
    child: Child,
}

impl Program {
    /// Start a program and wait for its ready line.
    pub(crate) fn start(path: &Path, arguments: &[&str]) -> Result<(Self, Value)> {
        let name = path
            .file_stem()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        let child = Command::new(path)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", path.display()))?;
        let mut program = Self { name, child };
        let ready = program.ready_line()?;
        Ok((program, ready))
    }

    fn ready_line(&mut self) -> Result<Value> {
        let stdout = self
            .child
            .stdout
            .take()
            .context("the child has no standard output")?;
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || read_ready(stdout, &sender));
        let Ok(line) = receiver.recv_timeout(READY_LIMIT) else {
            let (name, limit) = (&self.name, READY_LIMIT.as_secs());
            bail!("{name} was not ready within {limit} s");
        };
        if line.is_empty() {
            let (name, status) = (self.name.clone(), self.wait_or_kill()?);
            bail!("{name} ended before it was ready ({status}); it says why above");
        }
        serde_json::from_str(&line)
            .with_context(|| format!("{} printed something other than JSON: {line}", self.name))
    }

    /// Say how the program ended; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Result<Option<String>> {
        let status = self
            .child
            .try_wait()
            .context("cannot ask whether a child has ended")?;
        Ok(status.map(|status| format!("{} ended by itself ({status})", self.name)))
    }

    /// Ask the program to stop, without waiting for it.
    pub(crate) fn ask_to_stop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            terminate(&mut self.child);
        }
    }

    /// Wait for the end of a program that was asked to stop, and kill it if that takes too long.
    pub(crate) fn wait_or_kill(&mut self) -> Result<ExitStatus> {
        let ended = self.child.wait_timeout(STOP_LIMIT);
        if let Some(status) = ended.context("cannot wait for a child")? {
            return Ok(status);
        }
        let (name, limit) = (&self.name, STOP_LIMIT.as_secs());
        eprintln!("{name} did not stop within {limit} s and is killed");
        self.child.kill().context("cannot kill a child")?;
        self.child.wait().context("cannot wait for a child")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Send the first line, then read on, so that the child never blocks on a full pipe.
fn read_ready(stdout: ChildStdout, sender: &mpsc::Sender<String>) {
    let mut stdout = BufReader::new(stdout);
    let mut line = String::new();
    if stdout
        .by_ref()
        .take(MAX_READY_LINE_BYTES)
        .read_line(&mut line)
        .is_err()
    {
        line.clear();
    }
    let _ = sender.send(line);
    let _ = copy(&mut stdout, &mut sink());
}

#[cfg(unix)]
fn terminate(child: &mut Child) {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    if let Ok(id) = i32::try_from(child.id()) {
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
    }
}

#[cfg(not(unix))]
fn terminate(child: &mut Child) {
    let _ = child.kill();
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<(Program, Value)> {
        Program::start(Path::new("/bin/sh"), &["-c", script])
    }

    #[test]
    fn the_ready_line_is_read_and_the_program_stopped() {
        let (mut program, ready) =
            shell(r#"echo '{"listen":"127.0.0.1:1"}'; exec sleep 60"#).unwrap();
        assert_eq!(ready["listen"], "127.0.0.1:1");
        assert_eq!(program.ended().unwrap(), None);
        program.ask_to_stop();
        assert!(!program.wait_or_kill().unwrap().success());
    }

    #[test]
    fn a_program_that_ends_early_is_named() {
        let error = shell("exit 3").err().unwrap().to_string();
        assert!(
            error.contains("sh ended before it was ready (exit status: 3)"),
            "{error}"
        );
    }

    #[test]
    fn anything_but_json_is_shown() {
        let error = shell("echo hello; exec sleep 60")
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains("printed something other than JSON: hello"),
            "{error}"
        );
    }
}
