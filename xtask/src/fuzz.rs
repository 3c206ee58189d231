//! `cargo xtask fuzz`: runs the fuzz targets of `fuzz` by cargo-fuzz, for a few seconds each or for as long as one likes. The first
//! inputs come from the project's vectors, recordings and `fuzz/seeds`; what is found on the way stays in the target folder.

mod seeds;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::project::{cargo, copy, note_skipped, root, run, target_dir};
use crate::pypi;

/// The options of `fuzz`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only this target; all by default.
    target: Option<String>,
    /// How long each target runs, in seconds.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,
}

/// How long each target runs as a step of the tests, in seconds.
const STEP_SECONDS: u32 = 4;
/// The longest that one input may take, in seconds.
const INPUT_SECONDS: u32 = 20;
/// Two of the longest frames of a browser. First inputs that are longer are cut.
const MAX_INPUT_BYTES: u32 = 20_000;
/// A target that keeps more memory than this, in MiB, has a fault.
const MAX_MEMORY_MIB: u32 = 1024;

/// Run the targets for as long as the options say.
pub(crate) fn run_targets(options: &Options) -> Result<()> {
    let all = targets()?;
    let chosen = match &options.target {
        Some(name) if !all.contains(name) => {
            bail!("{name} is not a fuzz target: {}", all.join(", "))
        }
        Some(name) => vec![name.clone()],
        None => all,
    };
    let fuzz = Fuzz::new()?;
    fuzz.build()?;
    chosen
        .iter()
        .try_for_each(|target| fuzz.run(target, options.seconds))
}

/// Run every target for a moment, as a step of the tests.
pub(crate) fn step() -> Result<()> {
    if cfg!(not(unix)) {
        note_skipped("the fuzz targets: they need Linux or macOS".to_owned());
        return Ok(());
    }
    run(&mut cargo("fmt --manifest-path fuzz/Cargo.toml --check"))?;
    run_targets(&Options {
        target: None,
        seconds: STEP_SECONDS,
    })
}

/// The names of all targets, in the order of the alphabet.
fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for file in
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let path = file?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

struct Fuzz {
    /// cargo-fuzz, as a program of its own.
    program: PathBuf,
    /// Where builds, inputs and faults go.
    folder: PathBuf,
}

impl Fuzz {
    fn new() -> Result<Self> {
        Ok(Self {
            program: pypi::program("cargo-fuzz")?,
            folder: target_dir()?.join("fuzz"),
        })
    }

    fn build(&self) -> Result<()> {
        self.lock()?;
        run(&mut self.command("build"))
    }

    /// Start from the versions that the project has, so that the targets attack what is shipped. Cargo adds what only they need.
    fn lock(&self) -> Result<()> {
        let (project, stamp) = (root().join("Cargo.lock"), self.folder.join("project.lock"));
        let lock = root().join("fuzz/Cargo.lock");
        let is_current = || Ok::<_, std::io::Error>(fs::read(&project)? == fs::read(&stamp)?);
        if !(lock.exists() && is_current().unwrap_or(false)) {
            copy(&project, &lock)?;
            copy(&project, &stamp)?;
        }
        Ok(())
    }

    /// Fuzz one target. Its inputs of earlier runs on this machine are used too.
    fn run(&self, target: &str, seconds: u32) -> Result<()> {
        let corpus = self.inputs("corpus", target)?;
        let seeds = self.inputs("seeds", target)?;
        let faults = self.inputs("faults", target)?;
        let first = seeds::write(target, &seeds)?;
        let mut command = self.command("run");
        command.args([target]).args([&corpus, &seeds]).arg("--");
        command.args([
            format!("-max_total_time={seconds}"),
            format!("-timeout={INPUT_SECONDS}"),
            format!("-rss_limit_mb={MAX_MEMORY_MIB}"),
            format!("-max_len={MAX_INPUT_BYTES}"),
            "-print_final_stats=1".to_owned(),
        ]);
        let mut prefix = OsString::from("-artifact_prefix=");
        prefix.push(faults.join(""));
        let output = command.arg(prefix).output();
        let output = output.with_context(|| format!("cannot start the target {target}"))?;
        let log = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            eprintln!("{log}");
            bail!(
                "target {target} found a fault: its input is in {}; keep it in fuzz/seeds/{target}, and run \
                 `cargo xtask fuzz {target}` until it passes",
                faults.display()
            );
        }
        let tried = statistic(&log, "number_of_executed_units");
        // Without instrumentation it would only guess.
        let is_instrumented = log.contains("inline 8-bit counters");
        ensure!(
            is_instrumented && tried >= first,
            "{target} did not run as it should:\n{log}"
        );
        let kept = statistic(&log, "new_units_added");
        println!("    {target}: {first} first inputs, {tried} tried, {kept} new ones kept");
        Ok(())
    }

    /// Make a command of cargo-fuzz. Without a sanitizer, stable Rust is enough; the project has no unsafe code.
    fn command(&self, word: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(root())
            .env("CARGO_TARGET_DIR", &self.folder)
            .args([word, "--dev", "--sanitizer", "none"]);
        command
    }

    /// The folder of one target's inputs of a kind.
    fn inputs(&self, kind: &str, target: &str) -> Result<PathBuf> {
        let folder = self.folder.join(kind).join(target);
        make(&folder)?;
        Ok(folder)
    }
}

/// Read a number of libFuzzer's final statistics; 0 if it is not there.
fn statistic(log: &str, name: &str) -> usize {
    let mut lines = log.lines().filter_map(|line| line.strip_prefix("stat::"));
    let number = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    number
        .and_then(|number| number.trim().parse().ok())
        .unwrap_or_default()
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_found_by_their_whole_name() {
        let log = "INFO\nstat::new_units_added:          12\nstat::peak_rss_mb: 78\n";
        assert_eq!(statistic(log, "new_units_added"), 12);
        assert_eq!(statistic(log, "new_units"), 0);
    }
}
