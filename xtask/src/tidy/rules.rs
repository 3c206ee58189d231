//! The rules about single files.

use super::files::File;

/// Source files longer than this are refused: split them by concept.
const MAX_LINES: usize = 700;
/// Source files longer than this get a warning.
const WARN_LINES: usize = 500;
/// Names that say nothing about what is in a file.
const EMPTY_NAMES: [&str; 5] = ["utils", "helpers", "common", "types", "manager"];
/// Words of unfinished work, which belongs in the tracker. Each is in two pieces, so that this file passes its own rule.
const UNFINISHED: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];
/// Inversions that a reader stumbles over. In two pieces, as above.
const INVERSIONS: [&str; 5] = [
    concat!("but ", "for "),
    concat!("nothing ", "where "),
    concat!("none ", "that "),
    concat!("is none ", "of "),
    concat!("is no ", "art"),
];
/// Folders with bytes that others made, kept as they are.
const VERBATIM: [&str; 2] = ["tests/recordings/", "protocol/vectors/"];
const SOURCE: [&str; 5] = ["rs", "js", "css", "html", "sh"];

/// Check one file against every rule.
pub(super) fn check(file: &File) -> Vec<String> {
    if VERBATIM.iter().any(|folder| file.path.starts_with(folder)) || file.stem() == "package-lock"
    {
        return Vec::new();
    }
    [length, name, opening]
        .iter()
        .filter_map(|rule| rule(file))
        .chain(lines(file))
        .collect()
}

fn length(file: &File) -> Option<String> {
    let lines = file.text.lines().count();
    if !file.has_ending(&SOURCE) || lines <= WARN_LINES {
        return None;
    }
    let complaint = format!(
        "{}: {lines} lines; split it by concept (at most {MAX_LINES})",
        file.path
    );
    if lines > MAX_LINES {
        return Some(complaint);
    }
    println!("warning: {complaint}");
    None
}

fn name(file: &File) -> Option<String> {
    let empty = file.has_ending(&["rs", "js"]) && EMPTY_NAMES.contains(&file.stem());
    empty.then(|| format!("{}: the name says nothing; name the concept", file.path))
}

fn opening(file: &File) -> Option<String> {
    let missing = file.has_ending(&["rs"]) && !file.text.starts_with("//! ");
    missing.then(|| {
        format!(
            "{}:1: open with `//!`: what it is, who calls it, what is absent",
            file.path
        )
    })
}

fn lines(file: &File) -> impl Iterator<Item = String> {
    let is_rust = file.has_ending(&["rs"]);
    file.text
        .lines()
        .enumerate()
        .filter_map(move |(index, line)| {
            let place = format!("{}:{}", file.path, index + 1);
            if line.ends_with([' ', '\t']) {
                return Some(format!("{place}: trailing space"));
            }
            if let Some(word) = UNFINISHED.iter().find(|word| line.contains(*word)) {
                return Some(format!(
                    "{place}: `{word}`; finish it or put it in the tracker"
                ));
            }
            let is_comment = is_rust && line.trim_start().starts_with("//");
            let words = INVERSIONS
                .iter()
                .find(|words| is_comment && line.contains(*words))?;
            Some(format!("{place}: `{words}`; say it in plain English"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        check(&File {
            path: path.to_owned(),
            text: text.to_owned(),
        })
    }

    #[test]
    fn a_tidy_file_passes() {
        assert!(complaints("relay/src/trust.rs", "//! Trust.\nfn main() {}\n").is_empty());
        assert!(complaints("tests/recordings/gen1/a.jsonl", "trailing \n").is_empty());
    }

    #[test]
    fn every_rule_complains() {
        let long = format!("//! Long.\n{}", "\n".repeat(MAX_LINES));
        let unfinished = format!("// {}", UNFINISHED[0]);
        let inverted = format!("//! All {}one.\n", INVERSIONS[0]);
        for (path, text) in [
            ("relay/src/a.rs", long.as_str()),
            ("relay/src/utils.rs", "//! A.\n"),
            ("www/src/helpers.js", "\n"),
            ("relay/src/a.rs", "fn main() {}\n"),
            ("README.md", "a \n"),
            ("www/src/a.js", unfinished.as_str()),
            ("relay/src/a.rs", inverted.as_str()),
        ] {
            assert_eq!(complaints(path, text).len(), 1, "{path}: {text:.30}");
        }
    }
}
