//! `docs/faults.md` lists what can go wrong. The last cell of each row links to tests: the text is the test's name, the target its
//! file. Each of them must exist, so that the list stays true.

use super::files::File;

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

/// The rows of all tables, each with the number of its line. A head and the line below it are no rows.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_rule = |line: &str| line.starts_with("| -");
    let below = text.lines().skip(1).chain([""]);
    let lines = text.lines().zip(below).zip(1..);
    lines.filter_map(move |((line, below), number)| {
        let is_row = line.starts_with('|') && !is_rule(line) && !is_rule(below);
        is_row.then_some((number, line))
    })
}

fn check_row(line: usize, row: &str, files: &[File]) -> Vec<String> {
    let place = format!("{PATH}:{line}");
    let last = row.trim_end_matches([' ', '|']).rsplit('|').next();
    let links = links(last.unwrap_or_default());
    if links.is_empty() {
        return vec![format!("{place}: no test asserts this")];
    }
    let missing = links.into_iter().filter(|(name, path)| {
        !files
            .iter()
            .any(|file| file.path == *path && has_test(file, name))
    });
    missing
        .map(|(name, path)| format!("{place}: {path} has no test `{name}`"))
        .collect()
}

/// The links in a text: names, and paths from the top folder.
fn links(text: &str) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = text.split("](../").collect();
    let pairs = parts.windows(2).filter_map(|pair| {
        let (_, name) = pair[0].rsplit_once('[')?;
        let (path, _) = pair[1].split_once(')')?;
        Some((name, path))
    });
    pairs.collect()
}

fn has_test(file: &File, name: &str) -> bool {
    if !file.has_ending(&["rs"]) {
        // A title may end with what a loop puts in.
        return file.text.contains(&format!("\"{name}\""))
            || file.text.contains(&format!("`{name}"));
    }
    let before = file.text.split_once(&format!("fn {name}()"));
    let Some((above, _)) = before.and_then(|(before, _)| before.rsplit_once('\n')) else {
        return false;
    };
    let attributes = above.lines().rev().map(str::trim_start);
    attributes
        .take_while(|line| line.starts_with("#["))
        .any(|line| line.ends_with("test]"))
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
