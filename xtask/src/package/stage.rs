//! Puts the package together in `client-wasm/dist`: the files on the list, the worker's script as one file, what may have to
//! be loaded as text, and declarations of all scripts.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::contents::LIST;
use crate::project::{copy, node, remove, root, run};

/// The modules' declarations, which the compiler cannot make: wasm-bindgen does.
const DECLARATIONS: [&str; 2] = ["wasm/client_wasm.d.ts", "wasm/mock_wasm.d.ts"];
/// The scripts that hold a module as text, for pages that cannot fetch its file.
const MODULES: [(&str, &str); 2] = [
    ("wasm/client_wasm_bg.wasm", "wasm/bytes.js"),
    ("wasm/mock_wasm_bg.wasm", "wasm/mock-bytes.js"),
];
/// The script that runs in a worker, and the one that holds it as text.
const WORKER: (&str, &str) = ("worker-host.js", "worker/script.js");
/// Where the package's scripts import the page's from: in the repository, and in the package.
const PAGE: (&str, &str) = ("\"../../www/src/", "\"./page/");
/// Where the page's scripts import the package's from, below the relay's address.
const PACKAGE: [&str; 2] = ["\"/pkg/", "\"../../pkg/"];

/// Fill a folder beside the package's place, then move it there whole. Gives the place.
pub(super) fn stage() -> Result<PathBuf> {
    let next = root().join("client-wasm/.dist-next");
    let dist = root().join("client-wasm/dist");
    remove(&next)?;
    for path in LIST.lines().chain(DECLARATIONS) {
        copy(&source(path), &next.join(path))?;
    }
    for path in LIST.lines().filter(|path| path.ends_with(".js")) {
        let script = next.join(path);
        fs::write(&script, moved(path, &fs::read_to_string(&script)?))?;
    }
    for (module, text) in MODULES {
        let bytes = BASE64_STANDARD.encode(fs::read(next.join(module))?);
        fs::write(next.join(text), exported("base64", &bytes)?)?;
    }
    // This compiler writes the texts of `@typedef` into declarations. The newest drops them.
    run(node("tests/package/node_modules/typescript/bin/tsc")
        .args(["--project", "client-wasm/tsconfig.package.json"]))
    .context("the package has no clean types")?;
    let (worker, text) = WORKER;
    bundle(worker, &next)?;
    let script = fs::read_to_string(next.join(worker))?;
    fs::write(next.join(text), exported("script", &script)?)?;
    remove(&dist)?;
    fs::rename(&next, &dist).context("cannot move the package into place")?;
    Ok(dist)
}

/// A script with its imports as they are in the package, where the page's scripts lie in the folder `page`.
fn moved(path: &str, script: &str) -> String {
    let top = format!("\"{}", "../".repeat(path.matches('/').count()));
    let script = script.replace(PAGE.0, PAGE.1);
    PACKAGE
        .iter()
        .fold(script, |script, from| script.replace(from, &top))
}

/// Where a file of the package comes from.
fn source(path: &str) -> PathBuf {
    let (folder, name) = match path.split_once('/') {
        Some(("page", name)) => ("www/src", name),
        Some(("guides", _)) => ("client-wasm", path),
        Some(("wasm", name)) if name.starts_with("client_wasm") => ("www/pkg/wasm", name),
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

/// Make a script of the page's and all that it imports one file: every tool can serve one file as it is.
fn bundle(script: &str, dist: &Path) -> Result<()> {
    run(node("tests/package/node_modules/esbuild/bin/esbuild")
        .arg(root().join("www/pkg").join(script))
        .args([
            "--bundle",
            "--minify",
            "--format=esm",
            "--legal-comments=none",
            "--log-level=warning",
        ])
        // It is given its module, so that it looks for none.
        .args(["--define:import.meta.url=\"\"", "--allow-overwrite"])
        .arg(format!("--outfile={}", dist.join(script).display())))
    .context("the worker's script does not become one file")
}

/// A script that exports a text.
fn exported(name: &str, text: &str) -> Result<String> {
    let text = serde_json::to_string(text)?;
    Ok(format!(
        "/** @type {{string}} */\nexport const {name} =\n  {text};\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_follow_the_files_that_move() {
        for (path, before, after) in [
            (
                "viewer.js",
                "from \"../../www/src/a.js\"",
                "from \"./page/a.js\"",
            ),
            (
                "page/viewer/a.js",
                "import(\"/pkg/b.js\")",
                "import(\"../../b.js\")",
            ),
            (
                "page/viewer/a.js",
                "URL(\"../../pkg/b.js\"",
                "URL(\"../../b.js\"",
            ),
            ("page/a.js", "from \"./b.js\"", "from \"./b.js\""),
        ] {
            assert_eq!(moved(path, before), after);
        }
    }

    #[test]
    fn every_listed_file_comes_from_its_folder() {
        for (path, expected) in [
            ("LICENSE", "./LICENSE"),
            ("package.json", "client-wasm/package.json"),
            ("llms.txt", "client-wasm/llms.txt"),
            ("guides/errors.md", "client-wasm/guides/errors.md"),
            ("viewer.js", "client-wasm/js/viewer.js"),
            ("mock/socket.js", "client-wasm/js/mock/socket.js"),
            ("page/viewer/fit.js", "www/src/viewer/fit.js"),
            ("wasm/client_wasm.js", "www/pkg/wasm/client_wasm.js"),
            ("wasm/bytes.js", "client-wasm/js/wasm/bytes.js"),
            ("wasm/mock_wasm.js", "client-wasm/js/wasm/mock_wasm.js"),
        ] {
            assert_eq!(source(path), root().join(expected));
        }
    }
}
