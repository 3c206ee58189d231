//! `cargo xtask test`: every check of the project, one step after the other, the cheapest first. Stops at the first failure.
//! `--quick` runs a short form of it.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{
    checks, fuzz, judge, load, package, project, requirements, supply_chain, tidy, wasm, wasm_tests,
};

/// The options of the tests.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only this step; may be given more than once.
    #[arg(long, value_name = "STEP", value_parser = STEPS.map(|step| step.name))]
    only: Vec<String>,
    /// Leave out what needs a browser.
    #[arg(long)]
    skip_browser: bool,
    /// Run the short form, for use while working. It leaves out the long tests in Rust, all but a few of those in the browser,
    /// the tests in wasm, the documentation and the npm package.
    #[arg(long, conflicts_with = "only")]
    quick: bool,
}

struct Step {
    name: &'static str,
    purpose: &'static str,
    run: fn() -> Result<()>,
}

const fn step(name: &'static str, purpose: &'static str, run: fn() -> Result<()>) -> Step {
    Step { name, purpose, run }
}

/// All steps in their order: the cheapest first, but `npm` and `wasm` before everything that embeds or uses the page.
const STEPS: [Step; 20] = [
    step("fmt", "Rust is formatted", checks::fmt),
    step("tidy", "house rules", tidy::run),
    step(
        "supply-chain",
        "licences, versions, sources and known faults of dependencies",
        supply_chain::check,
    ),
    step(
        "npm",
        "npm packages are installed",
        requirements::npm_packages,
    ),
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
        RUST,
        "unit, property, vector and end-to-end tests",
        checks::rust,
    ),
    step("doctest", "examples in the documentation", checks::doctest),
    step(
        "judge",
        "the cases of the Autobahn test suite against the relay",
        judge::step,
    ),
    step(
        "load",
        "racing, idle, churning and hostile players, for a minute",
        load::step,
    ),
    step(
        "fuzz",
        "whatever reads what others wrote, for a few seconds each",
        fuzz::step,
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
        WASM_TESTS,
        "the protocol and the browser's client in wasm, in Node and in Chromium",
        wasm_tests::run_all,
    ),
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
const RUST: &str = "rust";
const PACKAGE: &str = "package";
const BROWSER: &str = "browser";
const WASM_TESTS: &str = "wasm-tests";
/// The steps of the short form.
const QUICK: [&str; 11] = [
    "fmt", "tidy", "wasm", "clippy", RUST, "npm", "prettier", "eslint", "types", "node", BROWSER,
];

/// Run the steps and print how each went.
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
        if let Err(error) = options.form(step)() {
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
    for skipped in project::skipped() {
        println!("NOT RUN: {skipped}");
    }
    Ok(())
}

impl Options {
    fn includes(&self, name: &str) -> bool {
        let wanted = match (self.quick, self.only.is_empty()) {
            (true, _) => QUICK.contains(&name),
            (false, true) => true,
            (false, false) => self.only.iter().any(|only| only == name),
        };
        wanted && !(self.skip_browser && [BROWSER, PACKAGE, WASM_TESTS].contains(&name))
    }

    /// What a step runs. In the short form two steps run something shorter.
    fn form(&self, step: &Step) -> fn() -> Result<()> {
        match step.name {
            RUST if self.quick => checks::rust_quick,
            BROWSER if self.quick => checks::browser_quick,
            _ => step.run,
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f32())
}
