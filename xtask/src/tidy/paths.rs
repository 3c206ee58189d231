//! The paths that a Rust file names, read with `syn`. Used by `imports`. Code under `#[cfg(test)]` is left out.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

/// A path of names. From [`Names::used`] on it starts at the root of the crate or with a name that is in scope.
pub(super) type Path = Vec<String>;

/// What one file names.
#[derive(Default)]
pub(super) struct Names {
    /// Paths that the file imports, or writes out in its code.
    pub(super) used: Vec<Path>,
    /// Paths that the file re-exports with `pub use`, each with the name it has here.
    pub(super) handed_on: Vec<(String, Path)>,
}

/// Read a file that lies at a place in the tree of modules.
pub(super) fn read(text: &str, module: &[String]) -> syn::Result<Names> {
    let mut reader = Reader {
        module: module.to_vec(),
        names: Names::default(),
    };
    reader.visit_file(&syn::parse_file(text)?);
    Ok(reader.names)
}

struct Reader {
    /// Where the visited code lies, modules inside of the file included.
    module: Path,
    names: Names,
}

impl Reader {
    /// Make a path start at the root: `super::a` in the module `b::c` is `b::a`. Other paths start in their own module, as
    /// `child::a` does. Without such a child they name a crate or something in scope, and no file is found for them.
    fn absolute(&self, path: &[String]) -> Path {
        let mut start = self.module.clone();
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "crate" => start.clear(),
                "super" => _ = start.pop(),
                "self" => {}
                _ => break,
            }
            rest = after;
        }
        start.extend_from_slice(rest);
        start
    }

    /// Note a path in the code. One name alone is something in scope.
    fn note(&mut self, path: &[String]) {
        if path.len() > 1 {
            let path = self.absolute(path);
            self.names.used.push(path);
        }
    }

    /// Read the paths in the arguments of a macro, such as `crate::…` and `super::…`.
    fn read_tokens(&mut self, tokens: TokenStream) {
        let mut path = Path::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                TokenTree::Ident(name) if colons == 2 => {
                    path.push(name.to_string());
                    colons = 0;
                }
                other => {
                    self.note(&std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        TokenTree::Ident(name) => path.push(name.to_string()),
                        TokenTree::Group(group) => self.read_tokens(group.stream()),
                        _ => {}
                    }
                }
            }
        }
        self.note(&path);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut paths = Vec::new();
        flatten(&item.tree, &mut Path::new(), &mut paths);
        for (name, path) in paths {
            let path = self.absolute(&path);
            if matches!(item.vis, Visibility::Inherited) {
                self.names.used.push(path);
            } else {
                self.names.handed_on.push((name, path));
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|part| part.ident.to_string());
        self.note(&names.collect::<Path>());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.read_tokens(call.tokens.clone());
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

/// List the paths of a `use`, each with the name that it gets.
fn flatten(tree: &UseTree, before: &mut Path, paths: &mut Vec<(String, Path)>) {
    match tree {
        UseTree::Path(part) => {
            before.push(part.ident.to_string());
            flatten(&part.tree, before, paths);
            before.pop();
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, before, paths);
            }
        }
        UseTree::Name(last) => end(&last.ident, &last.ident, before, paths),
        UseTree::Rename(last) => end(&last.ident, &last.rename, before, paths),
        UseTree::Glob(_) => paths.push(("*".to_owned(), before.clone())),
    }
}

fn end(name: &syn::Ident, new: &syn::Ident, before: &Path, paths: &mut Vec<(String, Path)>) {
    let mut path = before.clone();
    if name != "self" {
        path.push(name.to_string());
    }
    paths.push((new.to_string(), path));
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Path>()
                .is_ok_and(|condition| condition.is_ident("test"))
    })
}
