//! Puts the package together in `client-wasm/dist`: the files on the list, the module as text, and declarations of all
//! scripts.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::contents::LIST;
use crate::project::{copy, node, remove, root, run};

/// The module's declarations, which the compiler cannot make: wasm-bindgen does.
const DECLARATIONS: &str = "wasm/client_wasm.d.ts";
/// The script that holds the module as text, for pages that can fetch no file.
const TEXT: &str = "wasm/bytes.js";
/// The one script that imports from the page, and where the page's scripts are in the repository and in the package.
const VIEWER: &str = "viewer.js";
const MOVED: (&str, &str) = ("\"../../www/src/", "\"./page/");

/// Fill a folder beside the package's place, then move it there whole. Gives the place.
pub(super) fn stage() -> Result<PathBuf> {
    let next = root().join("client-wasm/.dist-next");
    let dist = root().join("client-wasm/dist");
    remove(&next)?;
    for path in LIST.lines().chain([DECLARATIONS]) {
        copy(&source(path), &next.join(path))?;
    }
    let viewer = next.join(VIEWER);
    let text = fs::read_to_string(&viewer)?.replace(MOVED.0, MOVED.1);
    fs::write(&viewer, text)?;
    fs::write(next.join(TEXT), module_as_text()?)?;
    // This compiler writes the texts of `@typedef` into declarations. The newest drops them.
    run(node("tests/package/node_modules/typescript/bin/tsc")
        .args(["--project", "client-wasm/tsconfig.package.json"]))
    .context("the package has no clean types")?;
    remove(&dist)?;
    fs::rename(&next, &dist).context("cannot move the package into place")?;
    Ok(dist)
}

/// Where a file of the package comes from.
fn source(path: &str) -> PathBuf {
    let (folder, name) = match path.split_once('/') {
        Some(("page", name)) => ("www/src", name),
        Some(("wasm", name)) if path != TEXT => ("www/pkg", name),
        None if ["CHANGELOG.md", "LICENSE"].contains(&path) => (".", path),
        None if Path::new(path)
            .extension()
            .is_none_or(|extension| extension != "js") =>
        {
            ("client-wasm", path)
        }
        _ => ("client-wasm/js", path),
    };
    root().join(folder).join(name)
}

fn module_as_text() -> Result<String> {
    let module = fs::read(root().join("www/pkg/client_wasm_bg.wasm"))?;
    let text = BASE64_STANDARD.encode(module);
    Ok(format!(
        "/** @type {{string}} */\nexport const base64 =\n  \"{text}\";\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_file_comes_from_its_folder() {
        for (path, expected) in [
            ("LICENSE", "./LICENSE"),
            ("package.json", "client-wasm/package.json"),
            ("viewer.js", "client-wasm/js/viewer.js"),
            ("mock/room.js", "client-wasm/js/mock/room.js"),
            ("page/viewer/fit.js", "www/src/viewer/fit.js"),
            ("wasm/client_wasm.js", "www/pkg/client_wasm.js"),
            (TEXT, "client-wasm/js/wasm/bytes.js"),
        ] {
            assert_eq!(source(path), root().join(expected));
        }
    }
}
