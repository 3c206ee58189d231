//! `cargo xtask tidy`: the house rules that no linter knows. Each rule is a function from the project's files to complaints.

mod crates;
mod faults;
mod files;
mod imports;
mod paths;
mod quirks;
mod rules;
mod test_links;
mod tree;

use anyhow::{Result, bail};

use crate::project::root;

/// Check all rules. Print every complaint, and fail if there is one.
pub(crate) fn run() -> Result<()> {
    let files = files::read(root())?;
    let mut complaints: Vec<String> = files.iter().flat_map(rules::check).collect();
    complaints.extend(crates::check(&files));
    complaints.extend(faults::check(&files));
    complaints.extend(quirks::check(&files));
    complaints.extend(imports::check(&files));
    complaints.extend(tree::check(&files));
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    if !complaints.is_empty() {
        bail!("{} house rules are broken", complaints.len());
    }
    println!("{} files are tidy", files.len());
    Ok(())
}
