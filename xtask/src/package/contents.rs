//! Packs the package and compares what is in the tarball with the written list, so that nothing is left out of it, or
//! slips in, unseen.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::project::{npm, output};

/// Every file of the package. A script's declarations are not written down: each script must have them.
const LIST: &str = include_str!("contents.txt");

/// Pack the package.
pub(super) fn pack(dist: &Path, tarball: &Path) -> Result<()> {
    let folder = tarball.parent().unwrap_or(tarball);
    let mut command = npm(&["pack", "--json", "--pack-destination"]);
    let said = output(command.arg(folder).current_dir(dist)).context("npm cannot pack")?;
    let said: Value = serde_json::from_str(&said).context("npm said something new")?;
    // An array at some versions of npm, an object by the package's name at others.
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
    let complaints = compare(LIST, &packed);
    if !complaints.is_empty() {
        bail!(
            "the package is not what xtask/src/package/contents.txt says:\n{}",
            complaints.join("\n")
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
    let strange = packed
        .difference(&listed)
        .filter(|path| !declared(path))
        .map(|path| format!("+ {path} is not on the list"));
    let untyped = packed.iter().filter_map(|path| {
        let declarations = format!("{}.d.ts", path.strip_suffix(".js")?);
        (!packed.contains(declarations.as_str())).then(|| format!("- {declarations} is missing"))
    });
    missing.chain(strange).chain(untyped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_strange_or_untyped_is_named() {
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
