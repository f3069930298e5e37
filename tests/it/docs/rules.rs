//! docs/rules.md: its tables are those of the reader, its examples load, and
//! below each stands what `riskd check` says of it.

use std::fmt::Write;

use riskd::engine::explain;
use riskd::rules;
use riskd::rules::reference::{Mapping, mappings};

use super::{in_step, text};

const PAGE: &str = "docs/rules.md";

/// The mappings that are told elsewhere.
const ELSEWHERE: &[&str] = &["an action", "`lock`", "`close_only`"];

fn name(mapping: &Mapping) -> &'static str {
    mapping.what.trim_matches('`')
}

fn keys(mapping: &Mapping) -> String {
    let mut table = String::from("| key | meaning | example |\n|---|---|---|\n");
    for key in mapping.keys() {
        let must = if key.required { "**Required.** " } else { "" };
        let example = key.example.replace('|', "\\|");
        let doc = key.doc.trim_end_matches('.');
        let _ = writeln!(table, "| `{}` | {must}{doc} | `{example}` |", key.name);
    }
    table
}

/// What riskd understands by a condition, in plain words.
fn said(when: &str) -> String {
    let indented: String = when.lines().map(|line| format!("    {line}\n")).collect();
    let file = format!(
        "version: 1
sessions:
  globex: {{ timezone: America/New_York, open: \"18:00\", close: \"17:00\", days: [mon, tue, wed, thu, fri] }}
venues:
  crosstrade: {{ kind: crosstrade, token: {{ credential: crosstrade-token }} }}
accounts:
  apex-1: {{ number: APEX-1, starting_balance: 50000 }}
rules:
  - name: example
    accounts: [apex-1]
{indented}    then: [flatten]
"
    );
    let loaded = rules::load("example.yaml", &file, &|_| unreachable!());
    let report = loaded.render_short();
    let Some(rules) = loaded.rules else {
        panic!("{when}\n{report}");
    };
    assert_eq!(report, "", "{when}");
    let words = explain::rule(&rules.book, &rules.book.rules[0]);
    let (_, words) = words.split_once("when ").unwrap_or_else(|| {
        let (_, words) = words.split_once("on apex-1: ").unwrap();
        ("", words)
    });
    let (condition, _) = words.split_once(": flatten").unwrap();
    format!("> {condition}\n")
}

/// The page with what comes from the program.
fn page() -> String {
    let old = text(PAGE);
    let known = mappings();
    let mut new = String::new();
    let mut told = Vec::new();
    let mut lines = old.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        new.push_str(line);
        if let Some(wanted) = line.strip_prefix("<!-- keys: ") {
            let wanted = wanted.trim_end().trim_end_matches(" -->");
            let mapping = known.iter().find(|mapping| name(mapping) == wanted);
            let mapping = mapping.unwrap_or_else(|| panic!("no mapping is {wanted:?}"));
            told.push(mapping.what);
            let _ = write!(new, "\n{}\n", keys(mapping));
            while lines
                .peek()
                .is_some_and(|line| !line.starts_with("<!-- end"))
            {
                lines.next();
            }
        } else if line == "```yaml\n" {
            let mut example = String::new();
            for line in lines.by_ref() {
                new.push_str(line);
                if line == "```\n" {
                    break;
                }
                example.push_str(line);
            }
            let _ = write!(new, "\n{}", said(&example));
            while lines
                .peek()
                .is_some_and(|line| line.starts_with("> ") || *line == "\n")
            {
                lines.next();
            }
            new.push('\n');
        }
    }
    for mapping in &known {
        let is_told = told.contains(&mapping.what) || ELSEWHERE.contains(&mapping.what);
        assert!(is_told, "{PAGE} does not tell of {}", mapping.what);
    }
    new.truncate(new.trim_end().len());
    new.push('\n');
    new
}

#[test]
fn the_page_of_the_rules_is_what_the_reader_reads() {
    in_step(PAGE, &page());
}
