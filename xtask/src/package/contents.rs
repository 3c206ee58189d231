//! The list of the package's files, and the check that the tarball holds exactly these.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::project::{npm, output};

/// Every file of the package. Declarations are not on the list: each script must have them.
pub(super) const LIST: &str = include_str!("contents.txt");

/// Pack the package with npm and compare the tarball with the list.
pub(super) fn pack(dist: &Path, tarball: &Path) -> Result<()> {
    let folder = tarball.parent().unwrap_or(tarball);
    let mut command = npm(&["pack", "--json", "--pack-destination"]);
    let said =
        output(command.arg(folder).current_dir(dist)).context("npm cannot pack the package")?;
    let said: Value = serde_json::from_str(&said).context("npm pack printed no JSON")?;
    // Some versions of npm give an array, others an object by the package's name.
    let pack = match &said {
        Value::Array(packs) => packs.first(),
        Value::Object(packs) => packs.values().next(),
        _ => None,
    };
    let pack = pack.context("npm packed nothing")?;
    let files = pack["files"].as_array().context("npm lists no files")?;
    let packed: BTreeSet<&str> = files
        .iter()
        .filter_map(|file| file["path"].as_str())
        .collect();
    let differences = compare(LIST, &packed);
    if !differences.is_empty() {
        bail!(
            "the package differs from xtask/src/package/contents.txt:\n{}",
            differences.join("\n")
        );
    }
    let name = pack["filename"].as_str().context("npm names no tarball")?;
    fs::rename(folder.join(name), tarball).context("npm left no tarball")
}

fn compare(list: &str, packed: &BTreeSet<&str>) -> Vec<String> {
    let listed: BTreeSet<&str> = list.lines().filter(|line| !line.is_empty()).collect();
    let declared = |path: &&&str| path.ends_with(".d.ts");
    let missing = listed
        .difference(packed)
        .map(|path| format!("- {path} is missing"));
    let unexpected = packed
        .difference(&listed)
        .filter(|path| !declared(path))
        .map(|path| format!("+ {path} is not on the list"));
    let untyped = packed.iter().filter_map(|path| {
        let declarations = format!("{}.d.ts", path.strip_suffix(".js")?);
        (!packed.contains(declarations.as_str())).then(|| format!("- {declarations} is missing"))
    });
    missing.chain(unexpected).chain(untyped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_unexpected_and_untyped_files_are_named() {
        let packed = BTreeSet::from(["a.js", "a.d.ts", "b.js", "b.d.ts"]);
        assert_eq!(compare("a.js\nb.js\n", &packed), Vec::<String>::new());
        let packed = BTreeSet::from(["a.js", "c.wasm"]);
        assert_eq!(
            compare("a.js\nb.js\n", &packed),
            [
                "- b.js is missing",
                "+ c.wasm is not on the list",
                "- a.d.ts is missing"
            ]
        );
    }
}
