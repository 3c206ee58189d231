//! Imports point one way: no circle of files inside a crate, and in the relay no import from a floor above.
//!
//! A file imports another if a path in it names something that is written there. `mod` and `pub use` are not imports: a path
//! to a re-exported item leads to the file that defines it. A file may use what its parent modules define
//! (`super::Session` in `session/commands.rs`), because it is a part of them. `lib.rs` and `main.rs` are above everything,
//! so an import from them counts.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use super::files::File;
use super::paths::{self, Names, Path};

/// The relay's floors, the upper first. A module imports from its own floor and from those below.
const RELAY_FLOORS: [&[&str]; 7] = [
    &["http"],
    &["observers", "players"],
    &["servers"],
    &["spectators"],
    &["upstream"],
    &["config", "descriptors"],
    &[
        "limits",
        "metrics",
        "lifecycle",
        "log",
        "close",
        "client_stream",
        "discard",
    ],
];

/// Check every tree of modules.
pub(super) fn check(files: &[File]) -> Vec<String> {
    let mut trees: BTreeMap<String, Tree> = BTreeMap::new();
    let mut complaints = Vec::new();
    for file in files {
        let Some((top, module)) = module_of(file, files) else {
            continue;
        };
        match paths::read(&file.text, &module) {
            Ok(names) => trees.entry(top).or_default().add(&file.path, module, names),
            Err(error) => complaints.push(format!("{}: {error}", file.path)),
        }
    }
    for (top, tree) in &trees {
        complaints.extend(tree.circles());
        if top == "relay/src/" {
            complaints.extend(tree.upward_imports(&RELAY_FLOORS));
        }
    }
    complaints
}

/// Say in which tree of modules a file is, and where in it. The sources of a package are one tree, and each of its further
/// programs is another. A `main.rs` beside a `lib.rs` is left out: it is alone, so it cannot be part of a circle.
fn module_of(file: &File, files: &[File]) -> Option<(String, Path)> {
    let (package, within) = file.path.strip_suffix(".rs")?.split_once("/src/")?;
    let mut names: Vec<&str> = within.split('/').collect();
    let mut top = format!("{package}/src/");
    if let ["bin", program, ..] = names[..] {
        top = format!("{top}bin/{program}/");
        names.drain(..2);
    }
    let beside_library = || files.iter().any(|file| file.path == format!("{top}lib.rs"));
    match names[..] {
        [] => return None,
        ["main"] if beside_library() => return None,
        ["main" | "lib"] | [.., "mod"] => _ = names.pop(),
        _ => {}
    }
    Some((top, names.into_iter().map(str::to_owned).collect()))
}

/// The modules of one crate.
#[derive(Default)]
struct Tree {
    modules: BTreeMap<Path, Module>,
}

struct Module {
    file: String,
    names: Names,
}

impl Tree {
    fn add(&mut self, file: &str, module: Path, names: Names) {
        let file = file.to_owned();
        self.modules.insert(module, Module { file, names });
    }

    /// The modules that a module imports.
    fn imports(&self, module: &Path) -> BTreeSet<&Path> {
        let used = self.modules[module].names.used.iter();
        let targets = used.filter_map(|path| self.defining_module(path));
        let is_part_of = |above: &Path| !above.is_empty() && module.starts_with(above);
        targets
            .filter(|target| *target != module && !is_part_of(target))
            .collect()
    }

    /// Find the module that defines what a path names, through all re-exports.
    fn defining_module(&self, path: &[String]) -> Option<&Path> {
        let lengths = (0..=path.len()).rev();
        let (module, found) = lengths
            .filter_map(|length| self.modules.get_key_value(&path[..length]))
            .next()?;
        let Some((name, after)) = path[module.len()..].split_first() else {
            return Some(module);
        };
        let mut re_exports = found.names.re_exports.iter();
        match re_exports.find(|(given, from)| given == name && from != path) {
            Some((_, from)) => self.defining_module(&[from, after].concat()),
            None => Some(module),
        }
    }

    /// The files that import each other in circles, with one complaint for each group.
    fn circles(&self) -> Vec<String> {
        let edges = self.modules.keys().flat_map(|module| {
            let imports = self.imports(module);
            imports.into_iter().map(move |other| (module, other))
        });
        let circles = tarjan_scc(&DiGraphMap::<&Path, ()>::from_edges(edges));
        let circles = circles.into_iter().filter(|circle| circle.len() > 1);
        circles.map(|circle| self.describe(circle)).collect()
    }

    fn describe(&self, mut circle: Vec<&Path>) -> String {
        circle.sort();
        let mut text = "these files import each other in a circle:".to_owned();
        for module in &circle {
            let imports = self.imports(module);
            let within = imports.iter().filter(|other| circle.contains(*other));
            let files: Vec<&str> = within
                .map(|other| self.modules[*other].file.as_str())
                .collect();
            text += &format!(
                "\n  {} imports {}",
                self.modules[*module].file,
                files.join(", ")
            );
        }
        text
    }

    /// The imports from a floor above.
    fn upward_imports(&self, floors: &[&[&str]]) -> Vec<String> {
        let floor = |module: &Path| {
            let top = module.first()?;
            floors
                .iter()
                .position(|floor| floor.contains(&top.as_str()))
        };
        let mut complaints = Vec::new();
        for (module, Module { file, .. }) in &self.modules {
            let Some(top) = module.first() else { continue };
            let Some(own) = floor(module) else {
                complaints.push(format!(
                    "{file}: `{top}` is on none of the relay's floors; add it to tidy/imports.rs"
                ));
                continue;
            };
            let above = self
                .imports(module)
                .into_iter()
                .filter(|other| floor(other).is_none_or(|floor| floor < own));
            complaints.extend(above.map(|other| {
                format!(
                    "{file} imports {}, which is on a floor above",
                    self.modules[other].file
                )
            }));
        }
        complaints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(files: &[(&str, &str)]) -> Vec<String> {
        let file = |(path, text): &(&str, &str)| File {
            path: (*path).to_owned(),
            text: (*text).to_owned(),
        };
        check(&files.iter().map(file).collect::<Vec<_>>())
    }

    #[test]
    fn imports_that_point_one_way_pass() {
        let files = [
            ("a/src/lib.rs", "mod b;\nmod c;\npub use b::B;\nuse c::C;"),
            (
                "a/src/b.rs",
                "mod d;\npub use d::D;\npub struct B(crate::c::C);\n#[cfg(test)]\nmod tests { use crate::e::E; }",
            ),
            ("a/src/b/d.rs", "use super::B;\npub struct D;"),
            (
                "a/src/c.rs",
                "pub(crate) struct C;\npub(in crate::b) fn f() {}",
            ),
            ("a/src/c/f.rs", "use super::G;\npub struct F;"),
            ("a/src/e.rs", "use crate::b::B;"),
            ("a/src/main.rs", "use a::B;"),
        ];
        assert_eq!(complaints(&files), Vec::<String>::new());
    }

    #[test]
    fn circles_are_found_in_every_kind_of_path() {
        let one = "pub struct One;";
        for (b, c) in [
            ("use crate::c::One;", "use crate::b::One;"),
            ("use crate::c::{self, One};", "use super::b;"),
            (
                "fn f(one: crate::c::One) {}",
                "fn f() { select! { _ = go(super::b::One) => {} } }",
            ),
        ] {
            let files = [
                ("a/src/lib.rs", "mod b;"),
                ("a/src/b.rs", &format!("{b}{one}")),
                ("a/src/c.rs", &format!("{c}{one}")),
            ];
            assert_eq!(complaints(&files).len(), 1, "{b} {c}");
        }
    }

    #[test]
    fn a_re_exported_item_counts_where_it_is_defined() {
        let files = [
            ("a/src/lib.rs", "mod b;\nmod c;"),
            ("a/src/b.rs", "mod d;\npub use d::D;"),
            ("a/src/b/d.rs", "use crate::c::C;\npub struct D;"),
            ("a/src/c.rs", "use crate::b::D;\npub struct C;"),
        ];
        let [complaint] = &complaints(&files)[..] else {
            panic!("no circle");
        };
        assert_eq!(
            complaint.lines().nth(1),
            Some("  a/src/b/d.rs imports a/src/c.rs")
        );
    }

    #[test]
    fn an_import_from_the_root_counts() {
        let files = [
            ("a/src/lib.rs", "mod b;\nuse b::B;\nstruct A(B);"),
            ("a/src/b.rs", "use super::A;\npub struct B;"),
        ];
        assert_eq!(complaints(&files).len(), 1);
    }

    #[test]
    fn children_that_import_each_other_are_a_circle() {
        let files = [
            ("a/src/lib.rs", "mod b;"),
            ("a/src/b.rs", "mod c;\nmod d;"),
            ("a/src/b/c.rs", "use super::d::D;\npub struct C;"),
            ("a/src/b/d.rs", "use crate::b::c::C;\npub struct D;"),
        ];
        assert_eq!(complaints(&files).len(), 1);
    }

    #[test]
    fn an_import_from_a_floor_above_is_found() {
        let files = [
            ("relay/src/lib.rs", "mod http;"),
            ("relay/src/http.rs", "use crate::players::P;"),
            (
                "relay/src/players.rs",
                "use crate::upstream::U;\nuse crate::metrics::M;",
            ),
            ("relay/src/upstream.rs", "use crate::players::P;"),
            ("relay/src/metrics.rs", ""),
            ("relay/src/extra.rs", ""),
        ];
        let found = complaints(&files);
        assert!(
            found.contains(
                &"relay/src/upstream.rs imports relay/src/players.rs, which is on a floor above"
                    .to_owned()
            ),
            "{found:?}"
        );
        assert!(
            found.iter().any(|complaint| complaint.contains("`extra`")),
            "{found:?}"
        );
    }
}
