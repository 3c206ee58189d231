//! The rule about manifests: which crate may depend on which.

use toml::{Table, Value};

use super::files::File;

/// What each crate may depend on. `tests` and `xtask` may use all.
const BELOW: [(&str, &[&str]); 12] = [
    ("protocol", &[]),
    ("names", &[]),
    ("program-log", &[]),
    ("rules", &["names", "protocol"]),
    ("track", &["names"]),
    ("track-wasm", &["track"]),
    ("drivers", &["protocol", "rules", "track"]),
    ("client-native", &["protocol"]),
    ("client-wasm", &["protocol"]),
    ("mock-wasm", &["drivers", "protocol", "rules", "track"]),
    (
        "relay",
        &["client-native", "names", "program-log", "protocol", "track"],
    ),
    (
        "server",
        &[
            "client-native",
            "drivers",
            "program-log",
            "protocol",
            "rules",
            "track",
        ],
    ),
];
const ABOVE_ALL: [&str; 2] = ["tests", "xtask"];
/// What the tests of a crate may use beyond that: those of the relay run our own game server. No program depends on it.
const FOR_TESTS: [(&str, &str); 1] = [("relay", "server")];

/// Check the manifests.
pub(super) fn check(files: &[File]) -> Vec<String> {
    let manifests = files.iter().filter_map(|file| {
        let folder = file.path.strip_suffix("Cargo.toml")?;
        Some((
            folder.trim_end_matches('/'),
            file.text.parse::<Table>().ok()?,
        ))
    });
    let mut complaints = Vec::new();
    for (folder, manifest) in manifests {
        if folder.is_empty() {
            complaints.extend(check_members(&manifest));
        }
        complaints.extend(check_crate(folder, &manifest));
    }
    complaints
}

/// A new crate needs its place among the others.
fn check_members(workspace: &Table) -> Vec<String> {
    let members = workspace
        .get("workspace")
        .and_then(|all| all.get("members")?.as_array());
    let names = members.into_iter().flatten().filter_map(Value::as_str);
    let placed =
        |name: &&str| ABOVE_ALL.contains(name) || BELOW.iter().any(|(known, _)| known == name);
    names
        .filter(|name| !placed(name))
        .map(|name| {
            format!("Cargo.toml: say in xtask/src/tidy/crates.rs what {name} may depend on")
        })
        .collect()
}

fn check_crate(folder: &str, manifest: &Table) -> Vec<String> {
    let Some((_, allowed)) = BELOW.iter().find(|(name, _)| *name == folder) else {
        return Vec::new();
    };
    let ours = BELOW.map(|(name, _)| name).into_iter().chain(ABOVE_ALL);
    let mut manifest = manifest.clone();
    if let Some(Value::Table(section)) = manifest.get_mut("dev-dependencies") {
        section.retain(|name, _| !FOR_TESTS.contains(&(folder, name)));
    }
    let wrong = ours.filter(|name| !allowed.contains(name) && depends(&manifest, name));
    wrong
        .map(|name| format!("{folder}/Cargo.toml: {folder} must not depend on {name}"))
        .collect()
}

/// Look in all sections of dependencies, also in those for one target.
fn depends(table: &Table, name: &str) -> bool {
    let mut tables = table
        .iter()
        .filter_map(|(key, value)| Some((key, value.as_table()?)));
    tables.any(|(key, inner)| {
        if key.ends_with("dependencies") {
            inner.contains_key(name)
        } else {
            depends(inner, name)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        check(&[File {
            path: path.to_owned(),
            text: text.to_owned(),
        }])
    }

    #[test]
    fn crates_depend_on_those_below() {
        assert!(
            complaints(
                "relay/Cargo.toml",
                "[dependencies]\nprotocol.workspace = true\n"
            )
            .is_empty()
        );
        assert!(
            complaints(
                "tests/Cargo.toml",
                "[dependencies]\nrelay.workspace = true\n"
            )
            .is_empty()
        );
        for section in [
            "dependencies",
            "dev-dependencies",
            "target.'cfg(unix)'.dependencies",
        ] {
            let text = format!("[{section}]\nrelay.workspace = true\n");
            assert_eq!(
                complaints("protocol/Cargo.toml", &text).len(),
                1,
                "{section}"
            );
        }
    }

    #[test]
    fn only_tests_of_the_relay_use_the_game_server() {
        for (section, wrong) in [("dependencies", 1), ("dev-dependencies", 0)] {
            let text = format!("[{section}]\nserver.workspace = true\n");
            assert_eq!(
                complaints("relay/Cargo.toml", &text).len(),
                wrong,
                "{section}"
            );
        }
        let text = "[dev-dependencies]\nserver.workspace = true\n";
        assert_eq!(complaints("rules/Cargo.toml", text).len(), 1);
    }

    #[test]
    fn a_new_crate_needs_its_place() {
        let text = "[workspace]\nmembers = [\"relay\", \"racing\"]\n";
        assert!(
            complaints("Cargo.toml", text)
                .iter()
                .any(|complaint| complaint.contains("racing"))
        );
    }
}
