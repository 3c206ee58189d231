//! What the judge found, read from its report.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

/// The verdict on every case, in the order of their numbers.
pub(crate) struct Verdicts(pub(crate) BTreeMap<CaseId, Verdict>);

/// A case's number, as `5.19`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CaseId(Vec<u32>);

/// The verdict on one case.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verdict {
    /// On the messages.
    pub(crate) behavior: String,
    /// On the end.
    pub(crate) behavior_close: String,
    /// The code that the relay closed with.
    pub(crate) remote_close_code: Option<u16>,
}

impl Verdicts {
    /// Read a report.
    ///
    /// # Errors
    /// It is missing, empty, or about more than one server.
    pub(crate) fn read(report: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(report.join("index.json")).context("no report")?;
        let servers: BTreeMap<String, BTreeMap<String, Verdict>> = serde_json::from_slice(&text)?;
        ensure!(
            servers.len() == 1,
            "{} servers in the report",
            servers.len()
        );
        let cases = servers.into_values().flatten();
        let cases = cases.map(|(case, verdict)| Ok((case.parse()?, verdict)));
        cases.collect::<anyhow::Result<_>>().map(Self)
    }
}

impl Verdict {
    /// Say whether the relay did what the case wants. Where the specification leaves something open, all is right.
    pub(crate) fn passed(&self) -> bool {
        [&self.behavior, &self.behavior_close]
            .iter()
            .all(|verdict| ["OK", "NON-STRICT", "INFORMATIONAL"].contains(&verdict.as_str()))
    }
}

impl std::str::FromStr for CaseId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split('.')
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl std::fmt::Display for CaseId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&parts.join("."))
    }
}
