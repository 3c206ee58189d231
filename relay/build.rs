//! Prepares the page that the relay embeds: copies `www` into the build's own folder, without what only developers
//! need, and strips the scripts of comments and white space.

use std::path::Path;
use std::{env, fs};

use anyhow::{Context, Result, anyhow};

/// The page as it is written.
const PAGE: &str = "../www";

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed={PAGE}");
    let out = env::var_os("OUT_DIR").context("cargo names no OUT_DIR")?;
    let stripped = Path::new(&out).join("page");
    if stripped.exists() {
        fs::remove_dir_all(&stripped)?;
    }
    copy_folder(Path::new(PAGE), &stripped)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        if is_for_developers(&name.to_string_lossy()) {
            continue;
        }
        let copied = match path.is_dir() {
            true => copy_folder(&path, &to.join(name)),
            false => copy_file(&path, &to.join(name)),
        };
        copied.with_context(|| format!("cannot embed {}", path.display()))?;
    }
    Ok(())
}

/// Tests, type declarations and hidden files are not part of the page.
fn is_for_developers(name: &str) -> bool {
    ["test", "node_modules"].contains(&name) || name.starts_with('.') || name.ends_with(".d.ts")
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    if from.extension().is_some_and(|extension| extension == "js") {
        let script = fs::read_to_string(from)?;
        let stripped = minifier::js::minify(&script).map_err(|error| anyhow!(error))?;
        fs::write(to, stripped.to_string())?;
    } else {
        fs::copy(from, to)?;
    }
    Ok(())
}
