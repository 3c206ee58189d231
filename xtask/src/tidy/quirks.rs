//! `docs/protocol.md` lists the quirks of the game servers, Q1 to Q35. The last cell of each row links to a test whose name begins with
//! the quirk's number, or says why the quirk does not concern us.

use super::files::File;
use super::test_links::{links, missing, rows};

const PATH: &str = "docs/protocol.md";
/// How many quirks are known.
const QUIRKS: usize = 35;
/// How a reason begins.
const NO_CONCERN: &str = "Does not concern us:";

/// Check the list of quirks against the files.
pub(super) fn check(files: &[File]) -> Vec<String> {
    let Some(page) = files.iter().find(|file| file.path == PATH) else {
        return vec![format!("{PATH} is missing")];
    };
    let quirks: Vec<_> = rows(&page.text)
        .filter_map(|(line, row)| Some((line, number(row)?, row)))
        .collect();
    let mut complaints: Vec<String> = (1..=QUIRKS)
        .filter(|wanted| quirks.iter().filter(|(_, own, _)| own == wanted).count() != 1)
        .map(|wanted| format!("{PATH}: not one row for Q{wanted}"))
        .collect();
    for (line, number, row) in quirks {
        complaints.extend(check_row(line, number, row, files));
    }
    complaints
}

/// The number of a row's quirk, if it is one.
fn number(row: &str) -> Option<usize> {
    let first = row.split('|').nth(1)?.trim();
    first.strip_prefix('Q')?.parse().ok()
}

fn check_row(line: usize, number: usize, row: &str, files: &[File]) -> Vec<String> {
    let place = format!("{PATH}:{line}");
    let last = row.trim_end_matches([' ', '|']).rsplit('|').next();
    let last = last.unwrap_or_default().trim();
    let tests = links(last);
    let prefix = format!("q{number}_");
    // A race shows several at once, so its test has several numbers.
    let is_named = |name: &str| name.starts_with(&prefix) || name.contains(&format!("_{prefix}"));
    if !tests.iter().any(|(name, _)| is_named(name)) && !last.starts_with(NO_CONCERN) {
        return vec![format!(
            "{place}: no test whose name has `{prefix}`, and no \"{NO_CONCERN}\""
        )];
    }
    missing(&place, &tests, files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUST: &str = "#[test]\nfn q1_it_holds() {}\n\n#[test]\nfn q2_q3_both_hold() {}\n";

    fn complaints(change: impl Fn(usize) -> Option<String>) -> Vec<String> {
        let row = |number: usize| {
            let other = format!("| Q{number} | what | {NO_CONCERN} it is gone |");
            change(number).unwrap_or(other) + "\n"
        };
        let rows: String = (1..=QUIRKS).map(row).collect();
        let file = |path: &str, text: String| File {
            path: path.to_owned(),
            text,
        };
        check(&[
            file(
                PATH,
                format!("| # | what | test |\n| --- | --- | --- |\n{rows}"),
            ),
            file("rules/a.rs", RUST.to_owned()),
        ])
    }

    #[test]
    fn a_row_has_a_test_of_its_number_or_a_reason() {
        let row = |number: usize| match number {
            1 => Some("| Q1 | what | [q1_it_holds](../rules/a.rs) |".to_owned()),
            2 | 3 => Some(format!(
                "| Q{number} | what | [q2_q3_both_hold](../rules/a.rs) |"
            )),
            _ => None,
        };
        assert_eq!(complaints(row), Vec::<String>::new());
    }

    #[test]
    fn a_row_without_test_or_reason_or_with_a_test_that_is_gone_is_named() {
        for row in [
            "| Q1 | what | |",
            "| Q1 | [q1_it_holds](../rules/a.rs) | none |",
            "| Q1 | what | [q2_q3_both_hold](../rules/a.rs) |",
            "| Q1 | what | [q1_it_held](../rules/a.rs) |",
            "| Q1 | what | [q1_it_holds](../rules/b.rs) |",
            "| Q2 | what | Does not concern us: it is there twice, and Q1 is not |",
        ] {
            let found = complaints(|number| (number == 1).then(|| row.to_owned()));
            assert!(!found.is_empty(), "{row}");
        }
    }
}
