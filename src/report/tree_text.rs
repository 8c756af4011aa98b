//! Trees of libraries for people.

use std::collections::HashSet;

use crate::audit::libc_name;
use crate::resolve::{Graph, Origin, Rejected, Resolution};

use super::styled::{StyledLine, StyledText, Tone};
use super::tree::process_of;

/// The most levels of indentation: chains of libraries may be thousands deep.
const DEEPEST: usize = 32;

/// The widest column of names, in columns.
const WIDEST: usize = 60;

/// Prints the trees of objects of one graph. The dependencies of a library are printed where it first occurs.
#[derive(Debug)]
pub struct Trees<'a> {
    graph: &'a Graph,
    printed: HashSet<usize>,
}

/// A line of a tree: branches and name, and the result of the search.
struct Branch {
    name: StyledLine,
    place: Option<(Tone, String)>,
}

impl<'a> Trees<'a> {
    /// Trees for the objects of this graph.
    #[must_use]
    pub fn new(graph: &'a Graph) -> Self {
        Self { graph, printed: HashSet::new() }
    }

    /// The tree below an object: where each library is, or that it is left to the system, the user or the
    /// interpreter.
    pub fn text(&mut self, root: usize) -> StyledText {
        let mut text = StyledText::default();
        let Some(object) = self.graph.objects.get(root) else { return text };
        let branches = self.branches(root);
        let widths =
            branches.iter().filter(|branch| branch.place.is_some()).map(|branch| branch.name.width());
        let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or_default();
        text.add(StyledLine::default().plain(object.origin.display_name()));
        for Branch { name, place } in branches {
            let hang = name.width();
            text.add(match place {
                Some((tone, place)) => name.column(width + 2).piece(tone, place).hanging(width + 2),
                None => name.hanging(hang),
            });
        }
        if libc_name(self.graph, root) == Some("glibc") {
            let note = StyledLine::default().piece(Tone::Warning, "note");
            text.add(note.plain(": this file was built for glibc, and musl cannot load it").hanging(6));
        }
        text
    }

    fn branches(&mut self, root: usize) -> Vec<Branch> {
        let process = process_of(self.graph, root);
        let objects = &self.graph.objects;
        let dependencies = |object: usize| -> std::vec::IntoIter<(&str, &Resolution)> {
            process.dependencies(objects, object).collect::<Vec<_>>().into_iter()
        };
        let mut branches = Vec::new();
        // An object with its own tree is printed without its dependencies elsewhere.
        self.printed.insert(root);
        // An explicit stack: chains of libraries may be thousands deep.
        let mut stack = vec![dependencies(root)];
        while let Some(mut rest) = stack.pop() {
            let Some((name, resolution)) = rest.next() else { continue };
            let is_last = rest.len() == 0;
            let depth = stack.len().min(DEEPEST);
            let bars = stack.iter().take(depth).map(|rest| if rest.len() > 0 { "│   " } else { "    " });
            let bars: String = bars.collect();
            let branch = if is_last { "└── " } else { "├── " };
            stack.push(rest);
            let (tone, place) = self.place(root, name, resolution);
            let line = StyledLine::default().piece(Tone::Faint, format!("{bars}{branch}")).plain(name);
            branches.push(Branch { name: line, place: Some((tone, place)) });
            if let Resolution::Object { index } = resolution
                && self.printed.insert(*index)
            {
                stack.push(dependencies(*index));
            }
            if let Resolution::Missing { searched, rejected } = resolution {
                let below = format!("{bars}{}", if is_last { "      " } else { "│     " });
                let below = |text: String| Branch {
                    name: StyledLine::default().piece(Tone::Faint, format!("{below}{text}")),
                    place: None,
                };
                branches.extend(
                    (!searched.is_empty()).then(|| below(format!("searched: {}", searched.join(", ")))),
                );
                let rejected =
                    rejected.iter().map(|Rejected { path, reason }| format!("rejected: {path} ({reason})"));
                branches.extend(rejected.map(below));
            }
        }
        branches
    }

    /// The result of the search for a name.
    fn place(&self, root: usize, name: &str, resolution: &Resolution) -> (Tone, String) {
        match resolution {
            Resolution::Libc if libc_name(self.graph, root) == Some("glibc") && !name.contains("musl") => {
                (Tone::Warning, "part of glibc; musl takes its place".to_owned())
            }
            Resolution::Libc => (Tone::Faint, "musl".to_owned()),
            Resolution::Interpreter => (Tone::Faint, "the Python interpreter".to_owned()),
            Resolution::Allowed { file, .. } => {
                let found = file.as_ref().map_or("not found", |file| &file.path);
                (Tone::Faint, format!("{found} (left to the system: musllinux policy)"))
            }
            Resolution::Excluded { pattern, .. } => {
                (Tone::Warning, format!("left to the user: `--exclude {pattern}`"))
            }
            Resolution::Missing { .. } => (Tone::Error, "not found".to_owned()),
            Resolution::Object { index } => {
                let above = if self.printed.contains(index) { " (above)" } else { "" };
                let Some(object) = self.graph.objects.get(*index) else {
                    return (Tone::Plain, String::new());
                };
                let shown = object.origin.display_name();
                (
                    Tone::Plain,
                    match &object.origin {
                        Origin::Member { .. } => format!("in the wheel: {shown}{above}"),
                        Origin::Sibling { .. } | Origin::File { .. } => format!("{shown}{above}"),
                    },
                )
            }
        }
    }
}

/// Whether a library that an object needs, directly or indirectly, is missing.
#[must_use]
pub fn misses_a_library(graph: &Graph, root: usize) -> bool {
    let process = process_of(graph, root);
    let mut needed = process.objects.iter().flat_map(|object| process.dependencies(&graph.objects, *object));
    needed.any(|(_, resolution)| matches!(resolution, Resolution::Missing { .. }))
}
