//! The libraries of a wheel as a Mermaid diagram.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::audit::ElfAudit;
use crate::escaped::Escaped;
use crate::repair::Plan;
use crate::resolve::Resolution;

/// The most edges that are drawn. Mermaid draws no diagram with more than 500, and people read fewer.
const MOST_EDGES: usize = 120;

/// A longer name is cut, in characters.
const LONGEST_LABEL: usize = 80;

/// What a box needs, and its name if it must stay alone.
type Needs = (BTreeSet<(String, bool)>, Option<String>);

/// Which objects need which libraries, and where these are.
#[derive(Clone, Debug, Default)]
pub(super) struct Diagram {
    /// Boxes by their label, and whether they are in the wheel.
    boxes: BTreeMap<String, bool>,
    edges: BTreeSet<(String, String)>,
}

impl Diagram {
    /// The needs of the ELF files in a wheel or tree, except musl itself.
    pub(super) fn of(elf: &ElfAudit) -> Self {
        Self::with(elf, |_| None)
    }

    /// The same after the grafts of a plan.
    pub(super) fn after(elf: &ElfAudit, plan: &Plan) -> Self {
        Self::with(elf, |path| {
            let graft = plan.grafts.iter().find(|graft| graft.source == path)?;
            Some(graft.member.file_name().to_owned())
        })
    }

    fn with(elf: &ElfAudit, grafted: impl Fn(&str) -> Option<String>) -> Self {
        let objects = &elf.graph.objects;
        let name = |index: usize| -> Option<(String, bool)> {
            let object = objects.get(index)?;
            let shown = object.origin.display_name();
            if !elf.is_outside(index) {
                return Some((shown.to_owned(), true));
            }
            Some(grafted(shown).map_or_else(|| (file_name(shown).to_owned(), false), |member| (member, true)))
        };
        let mut needs: BTreeMap<(String, bool), BTreeSet<(String, bool)>> = BTreeMap::new();
        for (index, object) in objects.iter().enumerate() {
            let Some(from) = name(index) else { continue };
            let targets = object.dependencies.iter().filter_map(|dependency| match &dependency.resolution {
                Resolution::Libc | Resolution::Interpreter => None,
                Resolution::Object { index } => name(*index),
                Resolution::Missing { .. } => Some((format!("{} (missing)", dependency.name), false)),
                Resolution::Allowed { .. } | Resolution::Excluded { .. } => {
                    Some((dependency.name.clone(), false))
                }
            });
            needs.entry(from).or_default().extend(targets);
        }
        Self::grouped(needs)
    }

    /// Merges modules of the wheel with the same needs into one box.
    fn grouped(needs: BTreeMap<(String, bool), BTreeSet<(String, bool)>>) -> Self {
        let needed: BTreeSet<String> = needs.values().flatten().map(|(name, _)| name.clone()).collect();
        let mut groups: BTreeMap<Needs, Vec<(String, bool)>> = BTreeMap::new();
        for (from, targets) in needs {
            // An object that others need has its own box.
            let alone = needed.contains(&from.0).then(|| from.0.clone());
            groups.entry((targets, alone)).or_default().push(from);
        }
        let mut diagram = Self::default();
        for ((targets, _), members) in groups.into_iter().filter(|((targets, _), _)| !targets.is_empty()) {
            let Some((first, inside)) = members.first() else { continue };
            let label = match members.len() - 1 {
                0 => first.clone(),
                more => format!("{first} and {more} more"),
            };
            diagram.boxes.insert(label.clone(), *inside);
            for (target, inside) in targets {
                diagram.edges.insert((label.clone(), target.clone()));
                diagram.boxes.entry(target).or_insert(inside);
            }
        }
        diagram
    }

    /// Whether nothing needs anything but musl.
    pub(super) fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// The diagram in a Markdown code block.
    pub(super) fn mermaid(&self) -> String {
        if self.edges.len() > MOST_EDGES {
            return format!("{} dependencies are too many for a diagram.\n", self.edges.len());
        }
        let mut text = "```mermaid\nflowchart LR\n".to_owned();
        let numbers: BTreeMap<&str, usize> =
            self.boxes.keys().enumerate().map(|(number, label)| (label.as_str(), number)).collect();
        for (place, inside) in [("in the wheel", true), ("on the system", false)] {
            let mut boxes = self.boxes.iter().filter(|(_, is_inside)| **is_inside == inside).peekable();
            if boxes.peek().is_none() {
                continue;
            }
            let id = if inside { "wheel" } else { "system" };
            let _ = writeln!(text, "  subgraph {id}[\"{place}\"]");
            for (label, _) in boxes {
                let number = numbers.get(label.as_str()).copied().unwrap_or_default();
                let _ = writeln!(text, "    n{number}[\"{}\"]", mermaid_text(label));
            }
            text.push_str("  end\n");
        }
        for (from, to) in &self.edges {
            if let (Some(from), Some(to)) = (numbers.get(from.as_str()), numbers.get(to.as_str())) {
                let _ = writeln!(text, "  n{from} --> n{to}");
            }
        }
        text.push_str("```\n");
        text
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A value as text of a label: every character that Mermaid, Markdown or HTML would interpret becomes a
/// character code (`#35;`).
pub(super) fn mermaid_text(value: &str) -> String {
    let mut text = String::new();
    for c in Escaped(&value.chars().take(LONGEST_LABEL).collect::<String>()).to_string().chars() {
        match c {
            ' ' | '-' | '.' | '/' | '0'..='9' | 'A'..='Z' | 'a'..='z' => text.push(c),
            _ => {
                let _ = write!(text, "#{};", u32::from(c));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagram(names: &[(&str, &str)]) -> Diagram {
        let mut needs: BTreeMap<(String, bool), BTreeSet<(String, bool)>> = BTreeMap::new();
        for (from, to) in names {
            needs.entry(((*from).to_owned(), true)).or_default().insert(((*to).to_owned(), false));
        }
        Diagram::grouped(needs)
    }

    #[test]
    fn a_label_is_never_syntax() {
        let text = diagram(&[("a\"] --> b", "```\n<script>`x`")]).mermaid();
        assert_eq!(text.matches("```").count(), 2, "{text}");
        assert_eq!(text.matches("-->").count(), 1, "{text}");
        assert!(!text.contains('<') && !text.contains("\"] --"), "{text}");
    }

    #[test]
    fn modules_that_need_the_same_are_one_box() {
        let text = diagram(&[("a.so", "libx.so"), ("b.so", "libx.so"), ("c.so", "liby.so")]).mermaid();
        assert!(text.contains("a.so and 1 more") && text.contains("\"c.so\""), "{text}");
        assert_eq!(text.matches("-->").count(), 2, "{text}");
    }

    #[test]
    fn a_diagram_that_nobody_can_read_is_not_drawn() {
        let names: Vec<String> = (0..=MOST_EDGES).map(|number| format!("lib{number}.so")).collect();
        let edges: Vec<(&str, &str)> = names.iter().map(|name| ("m.so", name.as_str())).collect();
        assert!(diagram(&edges).mermaid().ends_with("are too many for a diagram.\n"));
    }
}
