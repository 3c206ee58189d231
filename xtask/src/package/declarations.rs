//! Mends the declarations that the compiler makes of JSDoc, for editors and for the reference: types of other modules are passed
//! on as themselves, and types that a comment defines get the words of that comment, which the compiler leaves behind.

use std::path::Path;

use anyhow::Result;

use super::stage::{read, write};
use crate::checks;

/// Mend all declarations of a package.
pub(super) fn mend(package: &Path) -> Result<()> {
    let mut files = Vec::new();
    checks::collect(package, ".d.ts", &mut files)?;
    for file in files {
        let text = read(&file)?;
        // The module itself: of its comments the declarations have some, and in other places.
        let script = read(&file.with_extension("").with_extension("js")).unwrap_or_default();
        let defined = definitions(&script);
        let lines: String = text
            .lines()
            .map(|line| described(line, &defined) + "\n")
            .collect();
        write(&file, &lines)?;
    }
    Ok(())
}

/// What is said of a type, by its name.
struct Definition<'a> {
    name: &'a str,
    words: String,
}

/// The types that comments define, and what they say of them: the words before the tag and those after the name.
fn definitions(text: &str) -> Vec<Definition<'_>> {
    let comments = text.split("/**").skip(1);
    let comments = comments.filter_map(|rest| rest.split("*/").next());
    comments
        .filter_map(|comment| {
            let (before, after) = comment.split_once("@typedef")?;
            let (name, after) = split_name(behind_braces(after)?)?;
            let after = after.split("@property").next().unwrap_or(after);
            let words = plain(&format!("{before} {after}"));
            (!words.is_empty()).then_some(Definition { name, words })
        })
        .collect()
}

/// What follows a type in braces.
fn behind_braces(text: &str) -> Option<&str> {
    let mut depth = 0;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => return text.get(at + 1..),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A name at the beginning, and what follows it.
fn split_name(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text
        .find(|letter: char| !letter.is_alphanumeric())
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The words of a comment, without the stars at its margin.
fn plain(comment: &str) -> String {
    let words = comment.split_whitespace().filter(|word| *word != "*");
    words.collect::<Vec<_>>().join(" ")
}

/// A line of declarations, with the words that belong to it.
fn described(line: &str, defined: &[Definition<'_>]) -> String {
    let name = line
        .strip_prefix("export type ")
        .and_then(split_name)
        .map(|(name, _)| name);
    let definition = defined
        .iter()
        .find(|definition| Some(definition.name) == name);
    match (passed_on(line), definition) {
        (Some(passed), _) => passed,
        (None, Some(Definition { words, .. })) => format!("/** {words} */\n{line}"),
        (None, None) => line.to_owned(),
    }
}

/// `export type A = import("./b.js").C;` as an import and an export: an alias, which is all that JSDoc can say, has lost the
/// words and the properties.
fn passed_on(line: &str) -> Option<String> {
    let (name, rest) = line
        .strip_prefix("export type ")?
        .split_once(" = import(\"")?;
    let (from, original) = rest.strip_suffix(';')?.split_once("\").")?;
    let is_name = |text: &str| text.chars().all(char::is_alphanumeric);
    if !(is_name(name) && is_name(original)) {
        return None;
    }
    let renamed = if name == original {
        name.to_owned()
    } else {
        format!("{original} as {name}")
    };
    Some(format!(
        "import type {{ {renamed} }} from \"{from}\"; export type {{ {name} }};"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_other_modules_are_passed_on_as_themselves() {
        for (alias, passed) in [
            (
                "export type Stats = import(\"./stats.js\").Stats;",
                "import type { Stats } from \"./stats.js\"; export type { Stats };",
            ),
            (
                "export type ListedRoom = import(\"./core.js\").Room;",
                "import type { Room as ListedRoom } from \"./core.js\"; export type { ListedRoom };",
            ),
        ] {
            assert_eq!(passed_on(alias).as_deref(), Some(passed));
        }
        for other in [
            "export type Sample = import(\"./room.js\").Pose & {",
            "export type A<T> = import(\"./b.js\").A<T>;",
            "export type Name = string;",
        ] {
            assert_eq!(passed_on(other), None);
        }
    }

    #[test]
    fn types_get_the_words_of_the_comment_that_defines_them() {
        let text = "/**\n * Figures;\n * in milliseconds.\n * @typedef {object} Stats\n * @property {number} sent  so many\n */\n\
                    /** A place. @typedef {{ x: { y: number } }} Place  in metres */\n\
                    /** @typedef {string} Silent */\n";
        let defined = definitions(text);
        assert_eq!(
            described("export type Stats = {", &defined),
            "/** Figures; in milliseconds. */\nexport type Stats = {"
        );
        assert_eq!(
            described("export type Place = {", &defined),
            "/** A place. in metres */\nexport type Place = {"
        );
        for other in ["export type Silent = string;", "export type Statsy = {"] {
            assert_eq!(described(other, &defined), other);
        }
    }
}
