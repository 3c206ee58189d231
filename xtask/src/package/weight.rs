//! Says what the package weighs, and refuses more than its limits. The page is weighed in a browser, by
//! `tests/browser/first-load.test.js`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::project::{node, output};

/// What a page has to load of the client, in bytes with brotli.
struct Weight {
    /// The key in the figures.
    name: &'static str,
    /// What it may weigh.
    limit: u64,
}

const WEIGHTS: [Weight; 2] = [
    Weight {
        name: "module",
        limit: 77_500,
    },
    Weight {
        name: "whole client",
        limit: 92_500,
    },
];

/// Print the weights of a package and hold them to their limits.
pub(super) fn check(dist: &Path) -> Result<()> {
    let printed = output(node("tests/package/weigh.js").arg(dist));
    let printed = printed.context("tests/package/weigh.js failed: run it by itself to see why")?;
    let (table, figures) = printed
        .rsplit_once('\n')
        .context("weigh.js gave no table")?;
    println!("{table}");
    let figures: Value = serde_json::from_str(figures).context("weigh.js gave no figures")?;
    for weight in &WEIGHTS {
        let bytes = figures[weight.name].as_u64();
        weight.judge(bytes.with_context(|| format!("weigh.js gave no {}", weight.name))?)?;
    }
    Ok(())
}

impl Weight {
    fn judge(&self, bytes: u64) -> Result<()> {
        let Self { name, limit } = self;
        println!("{name}: {bytes} bytes with brotli, at most {limit}");
        ensure!(
            bytes <= *limit,
            "{name}: {bytes} bytes with brotli exceed the limit of {limit}"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_limit_is_refused() {
        for weight in &WEIGHTS {
            assert!(weight.judge(weight.limit).is_ok());
            assert!(weight.judge(weight.limit + 1).is_err());
        }
    }
}
