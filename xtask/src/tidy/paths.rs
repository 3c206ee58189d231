//! The paths that a Rust file names, read from its tokens. Used by `imports`. Code under `#[cfg(test)]` is left out.

use std::iter::Peekable;

use proc_macro2::{Delimiter, LexError, TokenStream, TokenTree, token_stream};

/// A path of names. From [`Names::used`] on it starts at the root of the crate or with a name that is in scope.
pub(super) type Path = Vec<String>;

/// What one file names.
#[derive(Default)]
pub(super) struct Names {
    /// Paths that the file imports, or writes out in its code.
    pub(super) used: Vec<Path>,
    /// Paths that the file re-exports with `pub use`, each with the name it has here.
    pub(super) re_exports: Vec<(String, Path)>,
}

/// Read a file that lies at a place in the tree of modules.
pub(super) fn read(text: &str, module: &[String]) -> Result<Names, LexError> {
    let mut reader = Reader {
        module: module.to_vec(),
        names: Names::default(),
    };
    reader.read(text.parse()?);
    Ok(reader.names)
}

struct Reader {
    /// Where the code that is read lies, modules inside of the file included.
    module: Path,
    names: Names,
}

type Tokens = Peekable<token_stream::IntoIter>;

impl Reader {
    fn read(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let (mut path, mut colons, mut public) = (Path::new(), 0, false);
        while let Some(token) = tokens.next() {
            let (colons_before, is_public) = (colons, public);
            (colons, public) = (0, false);
            match token {
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons = colons_before + 1,
                TokenTree::Ident(name) if colons_before == 2 => path.push(name.to_string()),
                other => {
                    self.note(&std::mem::take(&mut path));
                    match other {
                        TokenTree::Punct(mark) if mark.as_char() == '#' => skip_test(&mut tokens),
                        TokenTree::Group(group) => self.read(group.stream()),
                        TokenTree::Ident(word) if word == "pub" => {
                            public = true;
                            tokens.next_if(|token| is_group(token, Delimiter::Parenthesis));
                        }
                        TokenTree::Ident(word) if word == "use" => {
                            let tree = tokens.by_ref().take_while(|token| !is_mark(token, ';'));
                            self.read_use(tree.collect(), is_public);
                        }
                        TokenTree::Ident(word) if word == "mod" => self.read_mod(&mut tokens),
                        TokenTree::Ident(word) => path.push(word.to_string()),
                        _ => {}
                    }
                }
            }
        }
        self.note(&path);
    }

    fn read_mod(&mut self, tokens: &mut Tokens) {
        self.module
            .extend(tokens.next().map(|name| name.to_string()));
        if let Some(TokenTree::Group(body)) = tokens.next() {
            self.read(body.stream());
        }
        self.module.pop();
    }

    fn read_use(&mut self, tree: TokenStream, is_public: bool) {
        let mut paths = Vec::new();
        flatten(tree, &[], &mut paths);
        for (name, path) in paths {
            let path = self.absolute(&path);
            if is_public {
                self.names.re_exports.push((name, path));
            } else {
                self.names.used.push(path);
            }
        }
    }

    /// Note a path in the code. One name alone is something in scope.
    fn note(&mut self, path: &[String]) {
        if path.len() > 1 {
            let path = self.absolute(path);
            self.names.used.push(path);
        }
    }

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
}

/// Skip the rest of an attribute, and the item behind it if that is only for tests.
fn skip_test(tokens: &mut Tokens) {
    tokens.next_if(|token| is_mark(token, '!'));
    let attribute = tokens.next_if(|token| is_group(token, Delimiter::Bracket));
    if attribute.is_some_and(|attribute| attribute.to_string() == "[cfg (test)]") {
        let is_end = |token: &TokenTree| is_mark(token, ';') || is_group(token, Delimiter::Brace);
        tokens.find(is_end);
    }
}

/// List the paths of a `use`, each with the name that it gets.
fn flatten(tree: TokenStream, before: &[String], paths: &mut Vec<(String, Path)>) {
    let tokens: Vec<TokenTree> = tree.into_iter().collect();
    for part in tokens.split(|token| is_mark(token, ',')) {
        let names = part.iter().filter_map(|token| match token {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        });
        let mut path: Path = before.iter().cloned().chain(names).collect();
        match part.last() {
            Some(TokenTree::Group(list)) => flatten(list.stream(), &path, paths),
            Some(last) => {
                if let [.., word, _] = &path[..]
                    && word == "as"
                {
                    path.truncate(path.len() - 2);
                }
                path.pop_if(|name| name == "self");
                paths.push((last.to_string(), path));
            }
            None => {}
        }
    }
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(found) if found.delimiter() == delimiter)
}
