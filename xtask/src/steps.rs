//! `cargo xtask test`: every check of the project, one step after the other, cheapest first.
//! Stops at the first failure. The runners' own summaries go straight through.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::project::{cargo, npm, root, run as run_command, target_dir};
use crate::{requirements, tidy, wasm};

/// What the tests can be told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only this step; may be given more than once.
    #[arg(long, value_name = "STEP", value_parser = STEPS.map(|step| step.name))]
    only: Vec<String>,
    /// Leave the browser tests out.
    #[arg(long)]
    skip_browser: bool,
}

struct Step {
    name: &'static str,
    purpose: &'static str,
    run: fn() -> Result<()>,
}

/// All steps in their order. `wasm` stands early because the relay embeds the page.
const STEPS: [Step; 14] = [
    Step {
        name: "fmt",
        purpose: "Rust is formatted",
        run: fmt,
    },
    Step {
        name: "tidy",
        purpose: "house rules",
        run: tidy::run,
    },
    Step {
        name: "wasm",
        purpose: "the browser's module builds",
        run: wasm::build,
    },
    Step {
        name: "clippy",
        purpose: "Rust lints",
        run: clippy,
    },
    Step {
        name: "clippy-wasm",
        purpose: "Rust lints of the browser's module",
        run: clippy_wasm,
    },
    Step {
        name: "doc",
        purpose: "documentation is complete, its links work",
        run: doc,
    },
    Step {
        name: "rust",
        purpose: "unit, property, vector and end-to-end tests",
        run: rust,
    },
    Step {
        name: "doctest",
        purpose: "examples in the documentation",
        run: doctest,
    },
    Step {
        name: "npm",
        purpose: "npm packages are installed",
        run: requirements::npm_packages,
    },
    Step {
        name: "prettier",
        purpose: "everything but Rust is formatted",
        run: || script("check:format"),
    },
    Step {
        name: "eslint",
        purpose: "JavaScript lints",
        run: || script("check:lint"),
    },
    Step {
        name: "types",
        purpose: "JavaScript types",
        run: || script("check:types"),
    },
    Step {
        name: "node",
        purpose: "tests of the page's parts",
        run: node,
    },
    Step {
        name: BROWSER,
        purpose: "the page in a browser, with relay and game server",
        run: browser,
    },
];
const BROWSER: &str = "browser";

/// Run the steps and say how each went.
pub(crate) fn run(options: &Options) -> Result<()> {
    let started = Instant::now();
    let chosen: Vec<&Step> = STEPS
        .iter()
        .filter(|step| options.includes(step.name))
        .collect();
    for (done, step) in chosen.iter().enumerate() {
        println!(
            "\n==> {} ({}/{}): {}",
            step.name,
            done + 1,
            chosen.len(),
            step.purpose
        );
        let began = Instant::now();
        if let Err(error) = (step.run)() {
            println!(
                "\n{done} steps passed, 1 failed, {} not run, {}",
                chosen.len() - done - 1,
                seconds(started.elapsed())
            );
            return Err(error.context(format!(
                "step {} failed after {}",
                step.name,
                seconds(began.elapsed())
            )));
        }
        println!("    {} passed, {}", step.name, seconds(began.elapsed()));
    }
    println!(
        "\n{} steps passed, 0 failed, {}",
        chosen.len(),
        seconds(started.elapsed())
    );
    Ok(())
}

impl Options {
    fn includes(&self, name: &str) -> bool {
        let wanted = self.only.is_empty() || self.only.iter().any(|only| only == name);
        wanted && !(self.skip_browser && name == BROWSER)
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f32())
}

fn fmt() -> Result<()> {
    run_command(&mut cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    run_command(&mut cargo(&[
        "clippy",
        "--workspace",
        "--exclude",
        "client-wasm",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

fn clippy_wasm() -> Result<()> {
    wasm::ensure_target()?;
    run_command(&mut cargo(&[
        "clippy",
        "--package",
        "client-wasm",
        "--target",
        wasm::TARGET,
        "--",
        "-D",
        "warnings",
    ]))
}

fn doc() -> Result<()> {
    run_command(
        cargo(&[
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ])
        .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn rust() -> Result<()> {
    if requirements::nextest() {
        return run_command(&mut cargo(&["nextest", "run", "--workspace"]));
    }
    println!("    cargo-nextest is not installed: cargo test takes its place");
    run_command(&mut cargo(&[
        "test",
        "--workspace",
        "--lib",
        "--bins",
        "--tests",
    ]))
}

fn doctest() -> Result<()> {
    run_command(&mut cargo(&["test", "--workspace", "--doc"]))
}

fn script(name: &str) -> Result<()> {
    run_command(&mut npm(&["run", "--silent", name]))
}

/// The files are named one by one: what Node makes of a folder or a pattern differs between its versions.
fn node() -> Result<()> {
    let mut files = Vec::new();
    collect(&root().join("www/test"), ".test.js", &mut files)?;
    ensure!(!files.is_empty(), "no *.test.js in www/test");
    files.sort();
    let mut command = Command::new("node");
    run_command(
        command
            .current_dir(root())
            .args(["--test", "--test-reporter=spec"])
            .args(files),
    )
}

fn collect(folder: &Path, ending: &str, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, ending, files)?;
        } else if path.to_string_lossy().ends_with(ending) {
            files.push(path);
        }
    }
    Ok(())
}

fn browser() -> Result<()> {
    let chromium = requirements::browser()?;
    wasm::build()?;
    // The same selection as the tests above, so that nothing is compiled a second time.
    run_command(&mut cargo(&["build", "--workspace", "--bins"]))?;
    let programs: OsString = target_dir()?.join("debug").into();
    let mut command = npm(&["run", "--silent", "test:browser"]);
    let outcome = run_command(
        command
            .env("CHROMIUM", chromium)
            .env("MP_PROGRAMS", programs),
    );
    if outcome.is_err() {
        bail!("a browser test failed: traces and screenshots are in tests/browser/test-results");
    }
    Ok(())
}
