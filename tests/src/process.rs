//! What the system knows about a process: its time on the processors and its memory. Linux only. The programs that measure use it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, ensure};

/// Ticks a second of the process times that Linux reports, on every machine.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process, seen from outside.
#[derive(Clone)]
pub struct Process(PathBuf);

impl Process {
    /// The process with this id.
    pub fn of(pid: u32) -> Self {
        Self(format!("/proc/{pid}").into())
    }

    /// The process that asks.
    pub fn this() -> Self {
        Self("/proc/self".into())
    }

    /// Give the time it has spent on all processors, in its own code and in the system's on its behalf.
    ///
    /// # Errors
    /// The process is gone, or this is not Linux.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = self.read("stat")?;
        // The name in front may contain anything, also spaces and brackets.
        let (_, fields) = stat.rsplit_once(')').context("no stat of a process")?;
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.map(str::parse::<u64>).sum::<Result<_, _>>()?;
        Ok(Duration::from_secs_f64(ticks as f64 / TICKS_PER_SECOND))
    }

    /// Give its own memory in KiB, without files and without the system's buffers.
    ///
    /// # Errors
    /// The process is gone, or this is not Linux.
    pub fn anonymous(&self) -> anyhow::Result<u64> {
        number_behind(&self.read("smaps_rollup")?, "Anonymous:")
    }

    /// Count its open file descriptors.
    ///
    /// # Errors
    /// The process is gone, or this is not Linux.
    pub fn descriptors(&self) -> anyhow::Result<usize> {
        Ok(std::fs::read_dir(self.0.join("fd"))?.count())
    }

    fn read(&self, file: &str) -> anyhow::Result<String> {
        let path = self.0.join(file);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }
}

/// Give the time for which all processors of the machine were busy.
///
/// # Errors
/// This is not Linux.
pub fn machine_cpu() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let all = stat.lines().next().context("no stat of the machine")?;
    let mut times = all.split_whitespace().skip(1).map(str::parse::<u64>);
    let mut next = || {
        times
            .next()
            .context("a short stat of the machine")?
            .map_err(anyhow::Error::from)
    };
    let busy = next()? + next()? + next()?;
    let _idle = next()? + next()?;
    let interrupts = next()? + next()?;
    Ok(Duration::from_secs_f64(
        (busy + interrupts) as f64 / TICKS_PER_SECOND,
    ))
}

/// Give the memory in KiB that the system holds for all TCP connections of the machine, both ends of those on loopback.
///
/// # Errors
/// This is not Linux.
pub fn tcp_kibibytes() -> anyhow::Result<u64> {
    const PAGE_KIBIBYTES: u64 = 4;
    let sockets = std::fs::read_to_string("/proc/net/sockstat")?;
    let tcp = sockets.lines().find(|line| line.starts_with("TCP:"));
    Ok(PAGE_KIBIBYTES * number_behind(tcp.context("no TCP")?, "mem ")?)
}

/// Refuse to begin if the system allows this process too few file descriptors.
///
/// # Errors
/// It allows fewer than `wanted`, or this is not Linux.
pub fn need_descriptors(wanted: usize) -> anyhow::Result<()> {
    let limits =
        std::fs::read_to_string("/proc/self/limits").context("this program needs Linux")?;
    let limit = number_behind(&limits, "Max open files")?;
    ensure!(
        limit >= wanted as u64,
        "{wanted} file descriptors are needed and {limit} allowed: raise the limit with ulimit -n, or take \
         fewer spectators with --spectators"
    );
    Ok(())
}

fn number_behind(text: &str, name: &str) -> anyhow::Result<u64> {
    let (_, rest) = text
        .split_once(name)
        .with_context(|| format!("no {name}"))?;
    let word = rest.split_whitespace().next();
    Ok(word
        .with_context(|| format!("nothing behind {name}"))?
        .parse()?)
}
