//! The project's own text files: all except those in `.git` and those that `.gitignore` names.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use ignore::WalkBuilder;

/// A text file of the project.
pub(super) struct File {
    /// The path from the top folder, with `/` on every system.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    /// The file name up to its first dot, without folders.
    pub(super) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split('.').next().unwrap_or(name)
    }

    pub(super) fn has_ending(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| {
            self.path
                .rsplit_once('.')
                .is_some_and(|(_, last)| last == *ending)
        })
    }
}

/// Read all files below the top folder, in the order of their paths. Files that are not text are left out.
pub(super) fn read(top: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    let walk = WalkBuilder::new(top)
        .hidden(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    for entry in walk {
        let entry = entry.context("cannot read the project's files")?;
        let path = entry.path();
        if path.is_file()
            && let Ok(text) = fs::read_to_string(path)
        {
            let path = path.strip_prefix(top)?.to_string_lossy().replace('\\', "/");
            files.push(File { path, text });
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}
