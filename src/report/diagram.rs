//! Graphs of libraries as diagrams for Graphviz and Mermaid.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::escaped::Escaped;
use crate::resolve::{Graph, Resolution};

use super::mermaid::mermaid_text;
use super::tree::process_of;

/// Nodes and edges of a diagram, in the order in which they are found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagram {
    nodes: Vec<Node>,
    numbers: BTreeMap<String, usize>,
    arrows: BTreeSet<(usize, usize)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    label: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Found,
    /// Left to the system, the user or the interpreter.
    Left,
    Missing,
}

impl Diagram {
    /// Adds an object of a graph and its closure.
    pub fn add(&mut self, graph: &Graph, root: usize) {
        let process = process_of(graph, root);
        let shown = |index: usize| graph.objects.get(index).map_or("", |object| object.origin.display_name());
        for object in process.objects.iter().copied().chain([root]) {
            let from = self.node(shown(object), shown(object).to_owned(), Kind::Found);
            for (name, resolution) in process.dependencies(&graph.objects, object) {
                let left = |why: &str| (format!("left {name}"), format!("{name}\n{why}"), Kind::Left);
                let (key, label, kind) = match resolution {
                    Resolution::Object { index } => {
                        (shown(*index).to_owned(), shown(*index).to_owned(), Kind::Found)
                    }
                    Resolution::Libc => left("musl"),
                    Resolution::Interpreter => left("the Python interpreter"),
                    Resolution::Allowed { .. } => left("left to the system"),
                    Resolution::Excluded { .. } => left("left to the user"),
                    Resolution::Missing { .. } => {
                        (format!("missing {name}"), format!("{name}\nnot found"), Kind::Missing)
                    }
                };
                let to = self.node(&key, label, kind);
                self.arrows.insert((from, to));
            }
        }
    }

    fn node(&mut self, key: &str, label: String, kind: Kind) -> usize {
        if let Some(number) = self.numbers.get(key) {
            return *number;
        }
        self.nodes.push(Node { label, kind });
        self.numbers.insert(key.to_owned(), self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    /// The diagram for Graphviz: <https://graphviz.org/doc/info/lang.html>.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut text = "digraph libraries {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        for (number, Node { label, kind }) in self.nodes.iter().enumerate() {
            let lines = label
                .split('\n')
                .map(|line| Escaped(line).to_string().replace('\\', "\\\\").replace('"', "\\\""));
            let label = lines.collect::<Vec<_>>().join("\\n");
            let style = match kind {
                Kind::Found => "",
                Kind::Left => ", style=dashed",
                Kind::Missing => ", color=red, style=bold",
            };
            let _ = writeln!(text, "  n{number} [label=\"{label}\"{style}];");
        }
        for (from, to) in &self.arrows {
            let _ = writeln!(text, "  n{from} -> n{to};");
        }
        text + "}\n"
    }

    /// The diagram as a Mermaid flowchart: <https://mermaid.js.org/syntax/flowchart.html>. Characters that Mermaid, Markdown
    /// or HTML would interpret are written as Mermaid entities, `#35;` for `#`.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut text = "flowchart LR\n".to_owned();
        for (number, Node { label, kind }) in self.nodes.iter().enumerate() {
            let label = label.split('\n').map(mermaid_text).collect::<Vec<_>>().join("<br>");
            let class = match kind {
                Kind::Found => "",
                Kind::Left => ":::left",
                Kind::Missing => ":::missing",
            };
            let _ = writeln!(text, "  n{number}[\"{label}\"]{class}");
        }
        for (from, to) in &self.arrows {
            let _ = writeln!(text, "  n{from} --> n{to}");
        }
        text.push_str(
            "  classDef left stroke-dasharray:4\n  classDef missing stroke:#d00,stroke-width:3px\n",
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Diagram, Kind};

    #[test]
    fn names_end_no_label_and_begin_no_markup() {
        let mut diagram = Diagram::default();
        let name = "a\"]<b>`#\\\u{1b}.so";
        let (from, to) =
            (diagram.node("x", name.to_owned(), Kind::Found), diagram.node("y", "y".to_owned(), Kind::Left));
        diagram.arrows.insert((from, to));
        assert!(
            diagram.dot().contains(
                "  n0 [label=\"a\\\"]<b>`#\\\\\\\\u{1b}.so\"];\n  n1 [label=\"y\", style=dashed];\n"
            )
        );
        let label = "a#34;#93;#60;b#62;#96;#35;#92;#92;u#123;1b#125;.so";
        assert!(diagram.mermaid().contains(&format!("  n0[\"{label}\"]\n")), "{}", diagram.mermaid());
    }
}
