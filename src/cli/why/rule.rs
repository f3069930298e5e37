//! A rule as it stood in the rule set that was in force.

use std::path::{Path, PathBuf};

use crate::engine::explain;
use crate::files;
use crate::rules;
use crate::store::FiringReport;

/// What is known of the rule as it stood then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// In plain words.
    Words(String),
    /// As its author wrote it, when it cannot be read any more.
    Yaml(String),
    /// The record does not hold it.
    Unknown,
}

/// The rule of a firing. Files that the rule set named and that are not on record
/// are looked for in `folder`, where they may have changed since.
pub(super) fn then(report: &FiringReport, folder: PathBuf) -> Then {
    let Some(row) = &report.rule_set else {
        return Then::Unknown;
    };
    let name = &report.firing.rule;
    let loader = move |file: &Path| files::read_text(&folder.join(file), rules::MAX_TEXT);
    let files = row.files.as_deref();
    let loaded = rules::load_kept("the rules of then", &row.text, files, &loader);
    let words = loaded.rules.and_then(|set| {
        let rule = set
            .book
            .rules
            .iter()
            .find(|rule| rule.name.as_str() == name)?;
        Some(explain::rule(&set.book, rule))
    });
    match words {
        Some(words) => Then::Words(words),
        None => excerpt(&row.text, name).map_or(Then::Unknown, Then::Yaml),
    }
}

/// The lines of the rule with this name.
fn excerpt(text: &str, name: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let named = lines.iter().position(|line| is_name(line, name))?;
    let is_start = |line: &&str| line.trim_start().starts_with("- ");
    let inner = indent(lines.get(named)?);
    let start = lines
        .get(..=named)?
        .iter()
        .rposition(|line| is_start(line) && indent(line) <= inner)?;
    let outer = indent(lines.get(start)?);
    let is_inside = |line: &&&str| line.trim().is_empty() || indent(line) > outer;
    let rest = lines.get(start.saturating_add(1)..)?;
    let mut found: Vec<&str> = vec![lines.get(start)?];
    found.extend(rest.iter().take_while(is_inside));
    while found.last().is_some_and(|line| line.trim().is_empty()) {
        found.pop();
    }
    Some(found.join("\n"))
}

fn is_name(line: &str, name: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("- ").unwrap_or(line).trim_start();
    let value = line.strip_prefix("name:").map(str::trim);
    let bare = value.map(|value| value.split(" #").next().unwrap_or(value).trim());
    bare.is_some_and(|value| value.trim_matches(['"', '\'']) == name)
}

fn indent(line: &str) -> usize {
    line.len().saturating_sub(line.trim_start().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_one_rule_are_found() {
        let text = "rules:\n  - name: a\n    when: {}\n\n  - accounts: [x]\n    name: \"b b\" # second\n    then:\n      - flatten\n\nother: 1\n";
        assert_eq!(excerpt(text, "a").unwrap(), "  - name: a\n    when: {}");
        assert_eq!(
            excerpt(text, "b b").unwrap(),
            "  - accounts: [x]\n    name: \"b b\" # second\n    then:\n      - flatten"
        );
        assert_eq!(excerpt(text, "c"), None);
    }
}
