//! Says what the package weighs, and refuses more than its limits. The page is weighed in a browser, by
//! `tests/browser/first-load.test.js`.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::project::{node, output};

/// What a page has to load of the client, by its key in the figures, and the most that it may weigh: bytes with brotli.
const LIMITS: [(&str, u64); 2] = [("module", 66_000), ("whole client", 78_000)];

/// Print the weights of a package and compare them with their limits.
pub(super) fn check(dist: &Path) -> Result<()> {
    let printed = output(node("tests/package/weigh.js").arg(dist));
    let printed = printed.context("tests/package/weigh.js failed: run it by itself to see why")?;
    let (table, figures) = printed
        .rsplit_once('\n')
        .context("weigh.js gave no table")?;
    println!("{table}");
    let figures: Value = serde_json::from_str(figures).context("weigh.js gave no figures")?;
    for (name, limit) in LIMITS {
        let weight = figures[name].as_u64();
        judge(
            name,
            weight.with_context(|| format!("weigh.js gave no {name}"))?,
            limit,
        )?;
    }
    Ok(())
}

fn judge(name: &str, weight: u64, limit: u64) -> Result<()> {
    println!("{name}: {weight} bytes with brotli, at most {limit}");
    ensure!(
        weight <= limit,
        "{name}: {weight} bytes with brotli exceed the limit of {limit}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_the_limit_is_refused() {
        assert!(judge("module", 66_000, 66_000).is_ok());
        assert!(judge("module", 66_001, 66_000).is_err());
    }
}
