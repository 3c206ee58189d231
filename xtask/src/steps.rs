//! `cargo xtask test`: every check of the project, one step after the other, cheapest first.
//! Stops at the first failure. The runners' own summaries go straight through.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{checks, package, requirements, tidy, wasm};

/// What the tests can be told.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only this step; may be given more than once.
    #[arg(long, value_name = "STEP", value_parser = STEPS.map(|step| step.name))]
    only: Vec<String>,
    /// Leave out what needs a browser.
    #[arg(long)]
    skip_browser: bool,
}

struct Step {
    name: &'static str,
    purpose: &'static str,
    run: fn() -> Result<()>,
}

const fn step(name: &'static str, purpose: &'static str, run: fn() -> Result<()>) -> Step {
    Step { name, purpose, run }
}

/// All steps in their order: the cheapest first, but `wasm` before everything that embeds or uses the page.
const STEPS: [Step; 15] = [
    step("fmt", "Rust is formatted", checks::fmt),
    step("tidy", "house rules", tidy::run),
    step("wasm", "the browser's module builds", wasm::build),
    step("clippy", "Rust lints", checks::clippy),
    step(
        "clippy-wasm",
        "Rust lints of the browser's module",
        checks::clippy_wasm,
    ),
    step(
        "doc",
        "documentation is complete and its links work",
        checks::doc,
    ),
    step(
        "rust",
        "unit, property, vector and end-to-end tests",
        checks::rust,
    ),
    step("doctest", "examples in the documentation", checks::doctest),
    step(
        "npm",
        "npm packages are installed",
        requirements::npm_packages,
    ),
    step("prettier", "everything but Rust is formatted", || {
        checks::script("check:format")
    }),
    step("eslint", "JavaScript lints", || {
        checks::script("check:lint")
    }),
    step("types", "JavaScript types", || {
        checks::script("check:types")
    }),
    step("node", "tests of the page's parts", checks::node),
    step(
        BROWSER,
        "the page in a browser, with relay and game server",
        checks::browser,
    ),
    step(
        PACKAGE,
        "the npm package is made, weighed and tried in fresh projects",
        package::test,
    ),
];
const PACKAGE: &str = "package";
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
        wanted && !(self.skip_browser && [BROWSER, PACKAGE].contains(&name))
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f32())
}
