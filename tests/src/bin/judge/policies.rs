//! The list of the cases that the relay refuses by policy, and how it compares with the judge's verdicts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::ensure;
use serde::Deserialize;

use crate::verdicts::{CaseId, Verdict, Verdicts};

const LIST: &str = include_str!("policies.toml");

/// All policies.
#[derive(Deserialize)]
pub(crate) struct Policies {
    policy: Vec<Policy>,
}

/// One policy, and the cases that it refuses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    /// What the relay refuses.
    refuses: String,
    /// The close codes that it refuses with; 0 where it keeps silent or the close frame is lost with the connection.
    codes: Vec<u16>,
    /// The judge's words for the end of the connection.
    ends: Vec<String>,
    cases: Vec<String>,
}

impl Policies {
    /// Read the list.
    ///
    /// # Errors
    /// It is malformed, or names a case twice.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let list: Self = toml::from_str(LIST)?;
        let mut seen = BTreeSet::new();
        for case in list.policy.iter().flat_map(|policy| &policy.cases) {
            ensure!(
                seen.insert(case.parse::<CaseId>()?),
                "{case} is in the list twice"
            );
        }
        Ok(list)
    }

    /// Say what is not as the list has it. `whole`: all cases were tried, so all of the list must be among them.
    pub(crate) fn compare(&self, verdicts: &Verdicts, whole: bool) -> Vec<String> {
        let mut listed = self.listed();
        let mut complaints = Vec::new();
        for (case, verdict) in &verdicts.0 {
            match (listed.remove(case), verdict.passed()) {
                (None, true) => {}
                (None, false) => complaints.push(format!("{case} fails: {verdict:?}")),
                (Some(policy), true) => complaints.push(format!(
                    "{case} passes, so take it off the list: {}",
                    policy.refuses
                )),
                (Some(policy), false) if !policy.is_cause_of(verdict) => complaints.push(format!(
                    "{case} fails in another way than with {:?} and {:?}: {verdict:?}",
                    policy.codes, policy.ends
                )),
                (Some(_), false) => {}
            }
        }
        if whole {
            let untried = listed.keys();
            complaints
                .extend(untried.map(|case| format!("{case} is in the list, but was not tried")));
        }
        complaints
    }

    /// Tell how many cases passed, and how many each policy refused.
    pub(crate) fn summary(&self, verdicts: &Verdicts) -> String {
        let passed = verdicts.0.values().filter(|verdict| verdict.passed());
        let mut text = format!("{} of {} cases passed\n", passed.count(), verdicts.0.len());
        for policy in &self.policy {
            let (number, codes) = (policy.cases.len(), &policy.codes);
            let _never_fails = writeln!(
                text,
                "{number:>4} refused by policy: {} {codes:?}",
                policy.refuses
            );
        }
        text
    }

    fn listed(&self) -> BTreeMap<CaseId, &Policy> {
        let policies = self.policy.iter();
        let cases = policies.flat_map(|policy| policy.cases.iter().map(move |case| (case, policy)));
        cases
            .filter_map(|(case, policy)| Some((case.parse().ok()?, policy)))
            .collect()
    }
}

impl Policy {
    fn is_cause_of(&self, verdict: &Verdict) -> bool {
        self.codes.contains(&verdict.remote_close_code.unwrap_or(0))
            && self.ends.contains(&verdict.behavior_close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies() -> Policies {
        let list = "[[policy]]\nrefuses = 'a'\ncodes = [4006]\nends = ['WRONG CODE']\ncases = ['2.5', '2.10']\n";
        toml::from_str(list).unwrap()
    }

    fn verdicts(cases: &[(&str, &str, &str, u16)]) -> Verdicts {
        let verdict = |(case, behavior, end, code): &(&str, &str, &str, u16)| {
            let verdict = Verdict {
                behavior: (*behavior).to_owned(),
                behavior_close: (*end).to_owned(),
                remote_close_code: (*code != 0).then_some(*code),
            };
            (case.parse().unwrap(), verdict)
        };
        Verdicts(cases.iter().map(verdict).collect())
    }

    #[test]
    fn a_case_passes_or_is_refused_as_its_policy_says() {
        let as_listed = [
            ("1.1", "OK", "OK", 1000),
            ("2.5", "OK", "WRONG CODE", 4006),
            ("2.10", "NON-STRICT", "WRONG CODE", 4006),
        ];
        assert_eq!(
            policies().compare(&verdicts(&as_listed), true),
            Vec::<String>::new()
        );
        for (wrong, said) in [
            (("1.1", "FAILED", "OK", 1000), "1.1 fails"),
            (("2.5", "OK", "OK", 1000), "2.5 passes"),
            (("2.5", "OK", "WRONG CODE", 4005), "another way"),
            (("2.5", "OK", "FAILED", 4006), "another way"),
        ] {
            let cases: Vec<_> = as_listed
                .into_iter()
                .filter(|case| case.0 != wrong.0)
                .chain([wrong])
                .collect();
            let complaints = policies().compare(&verdicts(&cases), true);
            assert_eq!(complaints.len(), 1, "{complaints:?}");
            assert!(complaints[0].contains(said), "{complaints:?}");
        }
        let too_few = verdicts(&as_listed[..2]);
        assert_eq!(policies().compare(&too_few, true).len(), 1);
        assert!(policies().compare(&too_few, false).is_empty());
    }

    #[test]
    fn the_list_is_well_formed() {
        assert!(!Policies::read().unwrap().policy.is_empty());
    }
}
