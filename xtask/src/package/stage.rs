//! Puts the package together in `client-wasm/dist`: the hand-written modules, the viewer of the page with what it
//! imports, the wasm module with its glue, the same module as text, and declarations of all.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::declarations;
use crate::checks;
use crate::project::{root, run};

/// The hand-written modules, beside which everything else comes to lie.
const SCRIPTS: &str = "client-wasm/js";
/// The viewer of the page, and the folder that its imports may come from.
const VIEWER: &str = "viewer/race-viewer.js";
const PAGE: &str = "www/src";
/// Where the modules name folders of the repository, and where these are in the package.
const MOVED: [(&str, &str); 2] = [("www/src/", "page/"), ("www/pkg/", "wasm/")];
/// What wasm-pack made and the package needs.
const MODULE: [&str; 3] = ["client_wasm.js", "client_wasm.d.ts", "client_wasm_bg.wasm"];
/// What is said about the package, from where.
const DOCUMENTS: [&str; 4] = [
    "client-wasm/package.json",
    "client-wasm/README.md",
    "CHANGELOG.md",
    "LICENSE",
];

/// Write the package beside its place, then move it there whole; gives the place.
pub(super) fn stage(module: &Path) -> Result<PathBuf> {
    let next = root().join("client-wasm/.dist-next");
    let dist = root().join("client-wasm/dist");
    remove(&next)?;
    scripts(&next)?;
    viewer(&next)?;
    for file in MODULE {
        copy(&module.join(file), &next.join("wasm").join(file))?;
    }
    bytes_as_text(&next.join("wasm"))?;
    for document in DOCUMENTS {
        let name = Path::new(document).file_name().unwrap_or_default();
        copy(&root().join(document), &next.join(name))?;
    }
    run(Command::new("node")
        .current_dir(root())
        .args(["node_modules/typescript/bin/tsc", "--project"])
        .arg("client-wasm/tsconfig.package.json"))
    .context("the package has no clean types")?;
    declarations::mend(&next)?;
    remove(&dist)?;
    fs::rename(&next, &dist).context("cannot move the package into place")?;
    Ok(dist)
}

/// Copy the hand-written modules, with the addresses of what lies elsewhere in the package.
fn scripts(package: &Path) -> Result<()> {
    let top = root().join(SCRIPTS);
    let mut files = Vec::new();
    checks::collect(&top, ".js", &mut files)?;
    for file in files {
        let path = file.strip_prefix(&top).unwrap_or(&file);
        let depth = path.components().count() - 1;
        write(&package.join(path), &moved(&read(&file)?, depth))?;
    }
    Ok(())
}

/// Rewrite what a module so deep in the folder of modules names of the repository.
fn moved(text: &str, depth: usize) -> String {
    let out = "../".repeat(depth + 2);
    let within = match depth {
        0 => "./".to_owned(),
        depth => "../".repeat(depth),
    };
    MOVED.iter().fold(text.to_owned(), |text, (from, to)| {
        text.replace(&format!("\"{out}{from}"), &format!("\"{within}{to}"))
    })
}

/// Copy the viewer and every module that it imports.
fn viewer(package: &Path) -> Result<()> {
    let page = root().join(PAGE);
    let mut waiting = vec![page.join(VIEWER)];
    let mut seen = BTreeSet::new();
    while let Some(file) = waiting.pop() {
        if !seen.insert(file.clone()) {
            continue;
        }
        let text = read(&file)?;
        for import in imports(&text) {
            waiting.push(beside(&file, import));
        }
        let path = file.strip_prefix(&page);
        let path = path.with_context(|| format!("{} is not the page's", file.display()))?;
        write(&package.join("page").join(path), &text)?;
    }
    Ok(())
}

/// The relative addresses that a module imports from, types included.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    let after = ["from \"", "import(\""]
        .into_iter()
        .flat_map(|word| text.split(word).skip(1));
    let addresses = after.filter_map(|rest| rest.split('"').next());
    addresses.filter(|address| address.starts_with('.'))
}

/// The file that an address means in a module.
fn beside(module: &Path, address: &str) -> PathBuf {
    let mut path = module.parent().unwrap_or(module).to_path_buf();
    for part in address.split('/') {
        match part {
            "." => {}
            ".." => _ = path.pop(),
            name => path.push(name),
        }
    }
    path
}

/// Write the wasm module as a script of text too, for pages that can fetch no file.
fn bytes_as_text(folder: &Path) -> Result<()> {
    let bytes = fs::read(folder.join(MODULE[2]))?;
    let mut text = String::from("/** @type {string} */\nexport const base64 =\n  \"");
    base64(&bytes, &mut text);
    text.push_str("\";\n");
    write(&folder.join("bytes.js"), &text)
}

fn base64(bytes: &[u8], text: &mut String) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0u32, |word, at| {
            word << 8 | u32::from(chunk.get(at).copied().unwrap_or(0))
        });
        for at in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= chunk.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
}

pub(super) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

pub(super) fn write(path: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to.parent().unwrap_or(to))?;
    let copied = fs::copy(from, to);
    copied.with_context(|| format!("cannot copy {}", from.display()))?;
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_elsewhere_in_the_package_is_named_there() {
        let text = "import a from \"../../www/src/a.js\";";
        assert_eq!(moved(text, 0), "import a from \"./page/a.js\";");
        let text = "new URL(\"../../../www/pkg/a.wasm\", import.meta.url)";
        assert_eq!(
            moved(text, 1),
            "new URL(\"../wasm/a.wasm\", import.meta.url)"
        );
    }

    #[test]
    fn imports_are_found_wherever_they_stand() {
        let text = "import {\n  a,\n} from \"./a.js\";\n/** @typedef {import(\"../b.js\").B} B */\nimport \"x\";\nexport * from \"y\";";
        assert_eq!(imports(text).collect::<Vec<_>>(), ["./a.js", "../b.js"]);
        let module = Path::new("/www/src/viewer/c.js");
        assert_eq!(beside(module, "../b.js"), Path::new("/www/src/b.js"));
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, wanted) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            let mut text = String::new();
            base64(bytes.as_bytes(), &mut text);
            assert_eq!(text, wanted);
        }
    }
}
