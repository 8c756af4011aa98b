//! The modules of a crate and the paths in them, read from the tokens of their sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use proc_macro2::{TokenStream, TokenTree};

use super::File;

/// The name of the library in `main.rs` and its modules.
const PACKAGE: &str = "muslrepair";

/// The names of a module from the root of the crate: `["elf", "patch"]`.
pub type Module = Vec<String>;

/// One module, which is one file.
#[derive(Default)]
pub struct Source {
    /// Its path relative to `src/`.
    pub file: File,
    pub lines: usize,
    /// Names imported by `use` declarations, with their meaning as paths from the root of the crate.
    pub aliases: BTreeMap<String, Module>,
    /// Modules from which all names are imported.
    pub globs: BTreeSet<Module>,
    /// Paths in the module: in `use` declarations, code and macros, except for re-exports.
    pub mentions: BTreeSet<Module>,
    module: Module,
    children: BTreeSet<String>,
}

/// The modules of a crate, without test modules.
pub type Tree = BTreeMap<Module, Source>;

/// Reads the crate with the root `lib.rs` in `source`, and `main.rs` if it exists: modules that only the
/// program declares are children of the same root here.
pub fn read(source: &Path) -> Result<Tree> {
    let mut tree = Tree::new();
    let roots = ["lib.rs", "main.rs"].into_iter().filter(|root| source.join(root).exists());
    let mut waiting: Vec<(Module, File)> = roots.map(|root| (Module::new(), root.into())).collect();
    while let Some((module, file)) = waiting.pop() {
        let read = || -> Result<Source> {
            let text = std::fs::read_to_string(source.join(&file))?;
            let tokens: TokenStream = text.parse().map_err(|error| anyhow!("{error}"))?;
            let lines = text.lines().count();
            let mut read = Source { file: file.clone(), lines, module: module.clone(), ..Source::default() };
            // Twice, because a path may begin with a name that is imported further below.
            read.walk(tokens.clone());
            read.walk(tokens);
            Ok(read)
        };
        let parsed = read().with_context(|| format!("cannot read `{}`", file.display()))?;
        let directory: PathBuf = module.iter().collect();
        for child in &parsed.children {
            let module = [&*module, std::slice::from_ref(child)].concat();
            let flat = directory.join(format!("{child}.rs"));
            let file = if source.join(&flat).exists() { flat } else { directory.join(child).join("mod.rs") };
            if !tree.contains_key(&module) {
                waiting.push((module, file));
            }
        }
        let is_program = module.is_empty() && file.ends_with("main.rs");
        tree.insert(if is_program { vec!["main.rs".to_owned()] } else { module }, parsed);
    }
    Ok(tree)
}

fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    }
}

/// Whether the attribute limits the next item to tests.
fn is_for_tests(attribute: Option<&TokenTree>) -> bool {
    let text = attribute.map(|attribute| attribute.to_string().replace(' ', ""));
    matches!(text.as_deref(), Some("[test]" | "[cfg(test)]" | "[cfg(doctest)]"))
}

impl Source {
    /// Collects declarations and paths from tokens.
    fn walk(&mut self, stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let end_of = |from: usize, block: bool| {
            let is_end =
                |token: &TokenTree| is_punct(Some(token), ';') || block && token.to_string().starts_with('{');
            tokens.iter().skip(from).position(is_end).map_or(tokens.len(), |at| from + at)
        };
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match (token, ident(Some(token)).as_deref(), ident(tokens.get(at))) {
                (TokenTree::Group(group), ..) => self.walk(group.stream()),
                // An item ends with a block or a semicolon.
                _ if is_punct(Some(token), '#') && is_for_tests(tokens.get(at)) => at = end_of(at, true) + 1,
                (_, Some("use"), Some(_)) => {
                    let before = tokens.get(..at - 1).unwrap_or_default();
                    let visibility = before.iter().rev().find(|token| !matches!(token, TokenTree::Group(_)));
                    let end = end_of(at, false);
                    self.declare(&tokens[at..end], ident(visibility).is_some_and(|word| word == "pub"));
                    at = end;
                }
                (_, Some("mod"), Some(name)) if is_punct(tokens.get(at + 1), ';') => {
                    self.children.insert(name);
                }
                (_, Some(first), _) => {
                    let mut path = vec![first.to_owned()];
                    while is_punct(tokens.get(at), ':')
                        && is_punct(tokens.get(at + 1), ':')
                        && let Some(next) = ident(tokens.get(at + 2))
                    {
                        path.push(next);
                        at += 3;
                    }
                    if path.len() > 1 {
                        self.mentions.extend(self.absolute(&path));
                    }
                }
                _ => {}
            }
        }
    }

    /// A path from the root of the crate, if `segments` is one of this crate's.
    fn absolute(&self, segments: &[String]) -> Option<Module> {
        let (first, rest) = segments.split_first()?;
        let base = match first.as_str() {
            // The program is a separate crate, which names the library's modules through the package.
            "crate" | PACKAGE => Vec::new(),
            "self" => self.module.clone(),
            "super" => {
                let ups = segments.iter().take_while(|segment| *segment == "super").count();
                let base = self.module.get(..self.module.len().saturating_sub(ups)).unwrap_or_default();
                return Some([base, &segments[ups..]].concat());
            }
            name if self.children.contains(name) => [&*self.module, std::slice::from_ref(first)].concat(),
            name => self.aliases.get(name)?.clone(),
        };
        Some([base.as_slice(), rest].concat())
    }

    fn declare(&mut self, tree: &[TokenTree], exported: bool) {
        let mut paths = Vec::new();
        flatten(tree, &[], &mut paths);
        for (segments, name) in paths {
            let Some(path) = self.absolute(&segments) else { continue };
            // Names that a module re-exports from its own children belong to these.
            if !exported || !path.starts_with(&self.module) {
                self.mentions.insert(path.clone());
            }
            match name {
                Some(name) => drop(self.aliases.insert(name, path)),
                None => drop(self.globs.insert(path)),
            }
        }
    }
}

/// The paths of a `use` declaration, each with the name that it imports; `None` if it imports all.
fn flatten(tree: &[TokenTree], prefix: &[String], paths: &mut Vec<(Module, Option<String>)>) {
    'parts: for part in tree.split(|token| is_punct(Some(token), ',')).filter(|part| !part.is_empty()) {
        let (mut path, mut tokens) = (prefix.to_vec(), part.iter());
        let mut renamed = None;
        while let Some(token) = tokens.next() {
            match (token, ident(Some(token))) {
                (TokenTree::Group(group), _) => {
                    flatten(&group.stream().into_iter().collect::<Vec<_>>(), &path, paths);
                    continue 'parts;
                }
                (_, Some(word)) if word == "as" => renamed = ident(tokens.next()),
                // `a::{self}` is `a`.
                (_, Some(word)) if word == "self" && !path.is_empty() => {}
                (_, Some(word)) => path.push(word),
                _ if is_punct(Some(token), '*') => {
                    paths.push((path, None));
                    continue 'parts;
                }
                _ => {}
            }
        }
        let name = renamed.or_else(|| path.last().cloned());
        paths.push((path, name));
    }
}
