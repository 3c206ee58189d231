//! The project's own text files: everything but `.git` and what `.gitignore` names.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// A text file of the project.
pub(super) struct File {
    /// The path from the top folder, with `/` on every system.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    /// The name without folders and without what follows its first point.
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

/// Read all files below the top folder, in the order of their paths. Files that are no text are left out.
pub(super) fn read(top: &Path) -> Result<Vec<File>> {
    let ignored = Ignored::read(top)?;
    let mut files = Vec::new();
    walk(top, "", &ignored, &mut files)?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn walk(folder: &Path, prefix: &str, ignored: &Ignored, files: &mut Vec<File>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if ignored.covers(&path) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{path}/"), ignored, files)?;
        } else if let Ok(text) = fs::read_to_string(entry.path()) {
            files.push(File { path, text });
        }
    }
    Ok(())
}

/// The lines of `.gitignore`: a path from the top (`/target`) or a name anywhere (`node_modules`). No patterns.
struct Ignored(Vec<String>);

impl Ignored {
    fn read(top: &Path) -> Result<Self> {
        let text = fs::read_to_string(top.join(".gitignore")).context("cannot read .gitignore")?;
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        Ok(Self(
            lines
                .map(|line| line.trim_end_matches('/').to_owned())
                .chain([".git".to_owned()])
                .collect(),
        ))
    }

    fn covers(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.0.iter().any(|line| match line.strip_prefix('/') {
            Some(from_top) => path == from_top,
            None => name == line,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_paths_and_names_are_told_apart() {
        let ignored = Ignored(vec!["/www/pkg".to_owned(), "node_modules".to_owned()]);
        assert!(ignored.covers("www/pkg"));
        assert!(!ignored.covers("pkg"));
        assert!(ignored.covers("node_modules"));
        assert!(ignored.covers("www/node_modules"));
        assert!(!ignored.covers("www/src"));
    }
}
