//! Says what the package and the demo page weigh, and refuses what is heavier than it was.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::project::{output, root};

/// A thing that a visitor has to load, in bytes with brotli.
struct Gate {
    /// Its key in what the scales say.
    name: &'static str,
    words: &'static str,
    /// What it is to weigh at most.
    goal: u64,
    /// What it may weigh today: its present weight and a little, so that it only ever goes down. Lower it with every
    /// diet, and take the goal once that is reached.
    most: u64,
}

const GATES: [Gate; 2] = [
    Gate {
        name: "client",
        words: "whole client (module, glue, facade)",
        goal: 60_000,
        most: 60_000,
    },
    Gate {
        name: "page",
        words: "first load of the demo page",
        goal: 90_000,
        most: 90_000,
    },
];

/// Weigh and judge.
pub(super) fn check(dist: &Path) -> Result<()> {
    let scales = root().join("tests/package/weigh.js");
    let said = output(
        Command::new("node")
            .current_dir(root())
            .arg(scales)
            .arg(dist),
    );
    let said = said.context("tests/package/weigh.js failed: run it by itself to see why")?;
    let (table, last) = said.rsplit_once('\n').context("the scales said nothing")?;
    println!("{table}");
    let weights: Value = serde_json::from_str(last).context("the scales gave no figures")?;
    for gate in &GATES {
        let weight = weights[gate.name].as_u64();
        judge(
            gate,
            weight.with_context(|| format!("{} was not weighed", gate.name))?,
        )?;
    }
    Ok(())
}

fn judge(gate: &Gate, weight: u64) -> Result<()> {
    let Gate {
        words, goal, most, ..
    } = gate;
    println!("{words}: {weight} bytes brotli, goal {goal}, today at most {most}");
    if weight > *most {
        bail!("{words}: {weight} bytes brotli are more than the {most} that it may weigh");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_heavy_is_refused() {
        for gate in &GATES {
            assert!(judge(gate, gate.most).is_ok());
            assert!(judge(gate, gate.most + 1).is_err());
            assert!(gate.goal <= gate.most);
        }
    }
}
