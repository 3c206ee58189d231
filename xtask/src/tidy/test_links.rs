//! Tables of the documents that name tests: a link's text is the test's name, its target the file.

use super::files::File;

/// The rows of all tables, each with the number of its line. A head and the line below it are no rows.
pub(super) fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_rule = |line: &str| line.starts_with("| -");
    let below = text.lines().skip(1).chain([""]);
    let lines = text.lines().zip(below).zip(1..);
    lines.filter_map(move |((line, below), number)| {
        let is_row = line.starts_with('|') && !is_rule(line) && !is_rule(below);
        is_row.then_some((number, line))
    })
}

/// The links in a text: names, and paths from the top folder.
pub(super) fn links(text: &str) -> Vec<(&str, &str)> {
    let parts: Vec<&str> = text.split("](../").collect();
    let pairs = parts.windows(2).filter_map(|pair| {
        let (_, name) = pair[0].rsplit_once('[')?;
        let (path, _) = pair[1].split_once(')')?;
        Some((name, path))
    });
    pairs.collect()
}

/// Complain about each link whose test does not exist.
pub(super) fn missing(place: &str, links: &[(&str, &str)], files: &[File]) -> Vec<String> {
    let missing = links.iter().filter(|(name, path)| {
        !files
            .iter()
            .any(|file| file.path == *path && has_test(file, name))
    });
    missing
        .map(|(name, path)| format!("{place}: {path} has no test `{name}`"))
        .collect()
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
