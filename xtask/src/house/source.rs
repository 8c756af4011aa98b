//! The modules of a crate and the paths they mention, read from the sources with `syn`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

use super::File;

/// The name by which `main.rs` and what it declares know the library.
const PACKAGE: &str = "muslrepair";

/// The names of a module from the root of the crate: `["elf", "patch"]`.
pub type Module = Vec<String>;

/// One module, which is one file.
#[derive(Default)]
pub struct Source {
    /// Where it is, relative to `src/`.
    pub file: File,
    pub lines: usize,
    /// Names that `use` declarations bring into the module, with what they stand for, as paths from the root of the crate.
    pub aliases: BTreeMap<String, Module>,
    /// Modules whose names are all brought in.
    pub globs: Vec<Module>,
    /// Paths that the module mentions: by `use`, in its code, in its macros. Those of re-exports are not among them.
    pub mentions: BTreeSet<Module>,
}

/// The modules of a crate, without those for tests.
pub struct Tree {
    pub modules: BTreeMap<Module, Source>,
}

impl Tree {
    /// Reads the crate whose root is `lib.rs` in `source`, and `main.rs` where there is one.
    pub fn read(source: &Path) -> Result<Self> {
        let mut tree = Self { modules: BTreeMap::new() };
        tree.add(source, "lib.rs".into(), Vec::new())?;
        if source.join("main.rs").exists() {
            // The other root: the modules that only it declares are children of the same root here.
            let main = tree.parse(source, "main.rs".into(), &[])?;
            let children = main.1;
            tree.modules.insert(vec!["main.rs".to_owned()], main.0);
            for child in children {
                if !tree.modules.contains_key(std::slice::from_ref(&child)) {
                    tree.descend(source, Path::new(""), vec![child])?;
                }
            }
        }
        Ok(tree)
    }

    /// Every file with its number of lines.
    pub fn sizes(&self) -> impl Iterator<Item = (&Path, usize)> {
        self.modules.values().map(|source| (source.file.as_path(), source.lines))
    }

    fn add(&mut self, source: &Path, file: File, module: Module) -> Result<()> {
        let (parsed, children) = self.parse(source, file.clone(), &module)?;
        self.modules.insert(module.clone(), parsed);
        let beside = file.parent().unwrap_or(Path::new("")).to_path_buf();
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let directory = if ["mod", "lib", "main"].contains(&stem) { beside } else { beside.join(stem) };
        for child in children {
            self.descend(source, &directory, [module.clone(), vec![child]].concat())?;
        }
        Ok(())
    }

    fn descend(&mut self, source: &Path, directory: &Path, module: Module) -> Result<()> {
        let name = module.last().cloned().unwrap_or_default();
        let flat = directory.join(format!("{name}.rs"));
        let file = if source.join(&flat).exists() { flat } else { directory.join(name).join("mod.rs") };
        self.add(source, file, module)
    }

    /// The source of a file, and the modules it declares.
    fn parse(&self, source: &Path, file: File, module: &[String]) -> Result<(Source, Vec<String>)> {
        let text = std::fs::read_to_string(source.join(&file))
            .with_context(|| format!("cannot read `{}`", file.display()))?;
        let syntax = syn::parse_file(&text).with_context(|| format!("cannot parse `{}`", file.display()))?;
        let children: Vec<String> = syntax
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Mod(child) if child.content.is_none() && !is_for_tests(&child.attrs) => {
                    Some(child.ident.to_string())
                }
                _ => None,
            })
            .collect();
        let mut reader = Reader {
            module: module.to_vec(),
            children: children.iter().cloned().collect(),
            source: Source { lines: text.lines().count(), file, ..Source::default() },
        };
        // Declarations first: a path may begin with a name that is brought in further below.
        for item in &syntax.items {
            if let Item::Use(declaration) = item
                && !is_for_tests(&declaration.attrs)
            {
                reader.declare(declaration);
            }
        }
        reader.visit_file(&syntax);
        Ok((reader.source, children))
    }
}

/// Whether an item is compiled for tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<syn::Path>()
                    .is_ok_and(|condition| condition.is_ident("test") || condition.is_ident("doctest")))
    })
}

/// Collects the paths of one file.
struct Reader {
    module: Module,
    children: BTreeSet<String>,
    source: Source,
}

impl Reader {
    /// A path from the root of the crate, if `segments` is one of this crate's.
    fn absolute(&self, segments: &[String]) -> Option<Module> {
        let (first, rest) = segments.split_first()?;
        let base = match first.as_str() {
            // The program is a crate of its own beside the library, whose modules it names by the package.
            "crate" | PACKAGE => Vec::new(),
            "self" => self.module.clone(),
            "super" => {
                let parent = self.module.split_last().map(|(_, parent)| parent.to_vec()).unwrap_or_default();
                let ups = rest.iter().take_while(|segment| *segment == "super").count();
                let base = parent.get(..parent.len().saturating_sub(ups)).unwrap_or_default();
                return Some([base, rest.get(ups..).unwrap_or_default()].concat());
            }
            name if self.children.contains(name) => [self.module.clone(), vec![name.to_owned()]].concat(),
            name => self.source.aliases.get(name)?.clone(),
        };
        Some([base.as_slice(), rest].concat())
    }

    fn declare(&mut self, declaration: &ItemUse) {
        let mut paths = Vec::new();
        flatten(&declaration.tree, &mut Vec::new(), &mut paths);
        let exported = !matches!(declaration.vis, Visibility::Inherited);
        for (segments, name) in paths {
            let Some(path) = self.absolute(&segments) else { continue };
            // What a module hands on from its own children is theirs.
            let is_facade = exported && path.starts_with(&self.module);
            if !is_facade {
                self.source.mentions.insert(path.clone());
            }
            match name {
                Some(name) => drop(self.source.aliases.insert(name, path)),
                None => self.source.globs.push(path),
            }
        }
    }

    fn mention(&mut self, segments: &[String]) {
        if segments.len() > 1
            && let Some(path) = self.absolute(segments)
        {
            self.source.mentions.insert(path);
        }
    }

    /// The paths in what a macro is given, which is no syntax yet.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.mention(&std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.mention(&std::mem::take(&mut path));
                    self.tokens(group.stream());
                }
                _ => self.mention(&std::mem::take(&mut path)),
            }
        }
        self.mention(&path);
    }
}

impl Visit<'_> for Reader {
    fn visit_item(&mut self, item: &Item) {
        let attributes: &[Attribute] = match item {
            Item::Mod(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => &[],
        };
        if !is_for_tests(attributes) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, declaration: &ItemUse) {
        self.declare(declaration);
    }

    fn visit_path(&mut self, path: &syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.mention(&segments);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }
}

/// The paths of a `use` declaration, each with the name it brings in; none where it brings in all.
fn flatten(tree: &UseTree, prefix: &mut Vec<String>, paths: &mut Vec<(Vec<String>, Option<String>)>) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten(&path.tree, prefix, paths);
            prefix.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            paths.push((prefix.clone(), prefix.last().cloned()));
        }
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            paths.push(([prefix.clone(), vec![name.clone()]].concat(), Some(name)));
        }
        UseTree::Rename(rename) => {
            let path = match rename.ident.to_string().as_str() {
                "self" => prefix.clone(),
                name => [prefix.clone(), vec![name.to_owned()]].concat(),
            };
            paths.push((path, Some(rename.rename.to_string())));
        }
        UseTree::Glob(_) => paths.push((prefix.clone(), None)),
        UseTree::Group(group) => {
            for tree in &group.items {
                flatten(tree, prefix, paths);
            }
        }
    }
}
