//! The Dockerfile builds the relay as the README says, from files that exist. No container engine is needed to check that.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;

/// A line of the Dockerfile, continued lines joined.
struct Instruction {
    word: String,
    rest: String,
}

fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn instructions() -> Vec<Instruction> {
    let text = read("Dockerfile").replace("\\\n", " ");
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let split = lines.map(|line| line.split_once(' ').unwrap());
    split
        .map(|(word, rest)| Instruction {
            word: word.to_owned(),
            rest: rest.trim().to_owned(),
        })
        .collect()
}

/// Give what follows each instruction of this kind.
fn all(word: &str) -> Vec<String> {
    let of_kind = instructions().into_iter().filter(|it| it.word == word);
    of_kind.map(|it| it.rest).collect()
}

#[test]
fn its_commands_are_those_of_the_readme_and_of_the_tests() {
    let readme = read("README.md");
    let npm = read("xtask/src/requirements.rs");
    let ci = read(".ci/run");
    let mut builds = 0;
    for command in all("RUN") {
        if let Some(packages) = command.strip_prefix("apt-get update && apt-get install ") {
            let packages = packages.split(" && ").next().unwrap();
            let names = packages.split(' ').filter(|word| !word.starts_with("--"));
            for name in names.filter(|&name| name != "ca-certificates") {
                assert!(ci.contains(name), "CI installs no {name}");
            }
        } else if let Some(arguments) = command.strip_prefix("npm ") {
            let quoted: Vec<_> = arguments.split(' ').map(|it| format!("\"{it}\"")).collect();
            let call = format!("npm(&[{}])", quoted.join(", "));
            assert!(npm.contains(&call), "the tests do not run {call}");
        } else {
            let line = format!("\n{command}\n");
            assert!(readme.contains(&line), "the README has no line: {command}");
            builds += 1;
        }
    }
    assert_eq!(builds, 1);
}

#[test]
fn what_it_copies_is_there_and_the_program_is_where_cargo_puts_it() {
    let ignored = read(".dockerignore");
    for copy in all("COPY") {
        let mut words: Vec<_> = copy.split_whitespace().collect();
        words.pop();
        if words[0] == "--from=build" {
            assert_eq!(words[1..], ["/src/target/release/mp-relay"]);
            assert!(read("README.md").contains("\ntarget/release/mp-relay "));
            continue;
        }
        for source in words {
            assert!(root().join(source).exists(), "{source} does not exist");
            assert!(!ignored.lines().any(|line| line == source), "{source}");
        }
    }
    assert_eq!(all("WORKDIR"), ["/src"]);
}

#[test]
fn its_compiler_is_new_enough_and_the_program_is_not_root() {
    let manifest: toml::Value = toml::from_str(&read("Cargo.toml")).unwrap();
    let oldest = manifest["workspace"]["package"]["rust-version"].as_str();
    let minor = |version: &str| -> u32 {
        let minor = version.strip_prefix("1.").unwrap();
        let minor = minor.split(['.', '-']).next().unwrap();
        minor.parse().unwrap()
    };
    let stages = all("FROM");
    let image = stages[0].strip_prefix("rust:").unwrap();
    assert!(minor(image) >= minor(oldest.unwrap()), "{image}");
    // Both stages have the same C library.
    assert!(image.contains("-slim-trixie "), "{image}");
    assert_eq!(stages[1], "debian:trixie-slim");
    let user = all("USER");
    assert!(!user.is_empty() && !user[0].starts_with('0') && !user[0].starts_with("root"));
    assert_eq!(all("ENTRYPOINT"), [r#"["/usr/local/bin/mp-relay"]"#]);
}
