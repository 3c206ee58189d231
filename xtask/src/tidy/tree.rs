//! The tree in the README is the first thing a newcomer reads. What it names must exist, and it must name every top folder.
//!
//! A line names a path, then a caption after two spaces. `{a,b}.rs` stands for `a.rs b.rs`. An indented line lies in the last
//! folder named at the margin. A `{…}` list is complete: another file there with that ending must be listed too.

use std::collections::BTreeSet;

use super::files::File;

/// Check the README's tree against the files. `www/pkg` is exempt, since the build makes it.
pub(super) fn check(files: &[File]) -> Vec<String> {
    let Some(readme) = files.iter().find(|file| file.path == "README.md") else {
        return vec!["README.md is missing".to_owned()];
    };
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let names = named(&readme.text);
    if names.is_empty() {
        return vec!["README.md: there is no tree in a ```text block".to_owned()];
    }
    let missing = names
        .iter()
        .filter(|name| !exists(name, &paths))
        .map(|name| format!("README.md: the tree names {name}, which does not exist"));
    missing
        .chain(unnamed_folders(&names, &paths))
        .chain(unlisted(&readme.text, &names, &paths))
        .collect()
}

fn exists(name: &str, paths: &BTreeSet<&str>) -> bool {
    match name.strip_suffix('/') {
        Some(_) => paths.iter().any(|path| path.starts_with(name)),
        None => paths.contains(name),
    }
}

fn unnamed_folders<'a>(
    names: &'a BTreeSet<String>,
    paths: &'a BTreeSet<&str>,
) -> impl Iterator<Item = String> + 'a {
    let folders: BTreeSet<&str> = paths
        .iter()
        .filter_map(|path| path.split_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    let unnamed = folders.into_iter().filter(|folder| {
        !names
            .iter()
            .any(|name| name.split('/').next() == Some(folder))
    });
    unnamed.map(|folder| format!("README.md: the tree lacks the folder {folder}/"))
}

/// Find files beside a `{…}` list that it leaves out.
fn unlisted(readme: &str, names: &BTreeSet<String>, paths: &BTreeSet<&str>) -> Vec<String> {
    let lists = entries(readme).into_iter().filter_map(|entry| {
        let (folder, rest) = entry.split_once('{')?;
        Some((folder.to_owned(), rest.split_once('}')?.1.to_owned()))
    });
    let mut complaints = Vec::new();
    for (folder, ending) in lists {
        let beside = paths.iter().filter(|path| {
            path.strip_prefix(folder.as_str())
                .is_some_and(|name| !name.contains('/') && name.ends_with(&ending))
        });
        let left_out = beside.filter(|path| !names.contains(**path));
        complaints.extend(left_out.map(|path| format!("README.md: the tree lacks {path}")));
    }
    complaints
}

/// The names in the tree with their lists taken apart.
fn named(readme: &str) -> BTreeSet<String> {
    entries(readme)
        .iter()
        .flat_map(|entry| expand(entry))
        .collect()
}

/// The paths from the top folder that the tree's lines name, lists still as they are written.
fn entries(readme: &str) -> Vec<String> {
    let tree = readme
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("\n```").next())
        .unwrap_or_default();
    let mut folder = "";
    let mut entries = Vec::new();
    for line in tree.lines() {
        let indented = line.starts_with(' ');
        let column = line.trim_start().split("  ").next().unwrap_or_default();
        let words = column.split(' ').filter(|word| !word.is_empty());
        if !indented {
            folder = column
                .split(' ')
                .find(|word| word.ends_with('/'))
                .unwrap_or_default();
        }
        entries.extend(words.map(|word| {
            if indented {
                format!("{folder}{word}")
            } else {
                word.to_owned()
            }
        }));
    }
    entries
}

fn expand(entry: &str) -> Vec<String> {
    let parts = entry
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    let Some((before, (list, after))) = parts else {
        return vec![entry.to_owned()];
    };
    list.split(',')
        .map(|name| format!("{before}{name}{after}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const README: &str = "# A\n\n```text\nCargo.toml           workspace\nLICENSE README.md\nrelay/               I/O\n  src/{main,park}.rs   one each\n```\n";

    fn complaints(paths: &[&str]) -> Vec<String> {
        let file = |path: &&str| File {
            path: (*path).to_owned(),
            text: if *path == "README.md" {
                README.to_owned()
            } else {
                String::new()
            },
        };
        check(&paths.iter().map(file).collect::<Vec<_>>())
    }

    #[test]
    fn a_true_tree_passes() {
        let paths = [
            "Cargo.toml",
            "LICENSE",
            "README.md",
            "relay/src/main.rs",
            "relay/src/park.rs",
            "relay/Cargo.toml",
        ];
        assert_eq!(complaints(&paths), Vec::<String>::new());
    }

    #[test]
    fn a_missing_file_is_named() {
        let paths = ["Cargo.toml", "LICENSE", "README.md", "relay/src/main.rs"];
        assert_eq!(
            complaints(&paths),
            ["README.md: the tree names relay/src/park.rs, which does not exist"]
        );
    }

    #[test]
    fn a_file_outside_the_tree_is_named() {
        let paths = [
            "Cargo.toml",
            "LICENSE",
            "README.md",
            "relay/src/main.rs",
            "relay/src/park.rs",
            "relay/src/hub.rs",
            "www/a.js",
        ];
        assert_eq!(
            complaints(&paths),
            [
                "README.md: the tree lacks the folder www/",
                "README.md: the tree lacks relay/src/hub.rs"
            ]
        );
    }
}
