//! `docs/faults.md` lists what can go wrong. The last cell of each row links to tests: the text is the test's name, the target its
//! file. Each of them must exist, so that the list stays true.

use super::files::File;
use super::test_links::{links, missing, rows};

const PATH: &str = "docs/faults.md";
/// The fewest faults that the list has.
const MIN_ROWS: usize = 30;

/// Check the list of faults against the files.
pub(super) fn check(files: &[File]) -> Vec<String> {
    let Some(list) = files.iter().find(|file| file.path == PATH) else {
        return vec![format!("{PATH} is missing")];
    };
    let rows: Vec<(usize, &str)> = rows(&list.text).collect();
    let mut complaints: Vec<String> = rows
        .iter()
        .flat_map(|(line, row)| check_row(*line, row, files))
        .collect();
    if rows.len() < MIN_ROWS {
        complaints.push(format!("{PATH}: {} faults, not {MIN_ROWS}", rows.len()));
    }
    complaints
}

fn check_row(line: usize, row: &str, files: &[File]) -> Vec<String> {
    let place = format!("{PATH}:{line}");
    let last = row.trim_end_matches([' ', '|']).rsplit('|').next();
    let links = links(last.unwrap_or_default());
    if links.is_empty() {
        return vec![format!("{place}: no test asserts this")];
    }
    missing(&place, &links, files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUST: &str = "#[test]\nfn it_holds() {}\n\nfn not_a_test() {}\n";
    const SCRIPT: &str = "test(\"it holds\", () => {});\ntest(`each of ${all}`, () => {});\n";

    fn complaints(row: &str, count: usize) -> Vec<String> {
        let file = |path: &str, text: String| File {
            path: path.to_owned(),
            text,
        };
        let rows = format!("{row}\n").repeat(count);
        check(&[
            file(PATH, format!("| fault | tests |\n| --- | --- |\n{rows}")),
            file("relay/a.rs", RUST.to_owned()),
            file("www/a.test.js", SCRIPT.to_owned()),
        ])
    }

    #[test]
    fn a_list_whose_tests_exist_passes() {
        let row = "| x | [it_holds](../relay/a.rs), [it holds](../www/a.test.js), [each of](../www/a.test.js) |";
        assert_eq!(complaints(row, MIN_ROWS), Vec::<String>::new());
    }

    #[test]
    fn a_test_that_is_not_there_is_named() {
        for row in [
            "| x | [it_held](../relay/a.rs) |",
            "| x | [not_a_test](../relay/a.rs) |",
            "| x | [it_holds](../relay/b.rs) |",
            "| x | [it held](../www/a.test.js) |",
            "| [it_holds](../relay/a.rs) | none |",
        ] {
            assert_eq!(complaints(row, MIN_ROWS).len(), MIN_ROWS, "{row}");
        }
    }

    #[test]
    fn a_short_list_is_named() {
        let row = "| x | [it_holds](../relay/a.rs) |";
        assert_eq!(complaints(row, MIN_ROWS - 1).len(), 1);
    }
}
