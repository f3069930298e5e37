//! The page of venues: its table of bugs that others met names a test for each, and every
//! such test, and its tables of what moves money are those that the adapters go by.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::text;

const FOLDER: &str = "tests/it/e2e/exchange";

/// Numbers of the list that riskd's exchanges can have.
fn numbers() -> BTreeSet<u32> {
    (1..=24).collect()
}

/// The bugs in a test's name: `b4_b24_conditional...`.
fn bugs_in(name: &str) -> BTreeSet<u32> {
    let parts = name.split('_');
    let bugs = parts.map_while(|part| part.strip_prefix('b')?.parse().ok());
    bugs.collect()
}

/// The names of functions in a source.
fn functions(source: &str) -> impl Iterator<Item = &str> {
    let lines = source.lines().filter_map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("pub(super) ").unwrap_or(line);
        line.strip_prefix("fn ")
    });
    lines.filter_map(|line| line.split(['<', '(']).next())
}

#[test]
fn each_bug_that_others_met_has_its_test() {
    let page = text("docs/venues.md");
    let (_, section) = page.split_once("## Bugs that others met").unwrap();
    let runs = text(&format!("{FOLDER}/mod.rs"));
    let mut told = BTreeSet::new();
    let mut named = BTreeSet::new();
    for row in section.lines().filter(|line| line.starts_with("| B")) {
        let cells: Vec<&str> = row.trim_matches(['|', ' ']).split(" | ").collect();
        let bug: u32 = cells[0].trim_start_matches('B').parse().unwrap();
        assert!(told.insert(bug), "{row}");
        for path in cells.last().unwrap().split(", ") {
            let (file, name) = path.trim_matches('`').rsplit_once("::").unwrap();
            assert!(bugs_in(name).contains(&bug), "{row}");
            let file = file.replace("::", "/");
            let source = text(&format!("{FOLDER}/{file}.rs"));
            assert!(functions(&source).any(|known| known == name), "{row}");
            // What is no exchange's own is run at all of them.
            assert!(file.contains('/') || runs.contains(name), "{row}");
            named.insert(name.to_owned());
        }
    }
    assert_eq!(told, numbers());
    let mut held = BTreeSet::new();
    for source in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER)) {
        let tests = functions(&source).filter(|name| !bugs_in(name).is_empty());
        held.extend(tests.map(str::to_owned));
    }
    assert_eq!(named, held);
}

fn sources(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
    found
}

#[test]
fn what_moves_money_is_told_as_it_is_read() {
    for (venue, name) in [("binance", "Binance"), ("bingx", "BingX")] {
        is_told_as_it_is_read(venue, name);
    }
}

fn is_told_as_it_is_read(venue: &str, name: &str) {
    let source = text(&format!("src/venue/{venue}/income.rs"));
    let page = text("docs/venues.md");
    let head = format!("### What moves money at {name}\n");
    let (_, page) = page.split_once(&head).unwrap();
    for (list, meaning) in [("FLOWS", "flows"), ("RESULTS", "results")] {
        let start = source.find(&format!("const {list}: ")).unwrap();
        let (_, list) = source[start..].split_once(" = [").unwrap();
        let list = list.split(']').next().unwrap();
        let read: BTreeSet<&str> = list.split('"').skip(1).step_by(2).collect();
        let end = format!(" | {meaning} |");
        let row = page.lines().find(|line| line.ends_with(&end)).unwrap();
        let told: BTreeSet<&str> = row.split('`').skip(1).step_by(2).collect();
        assert_eq!(told, read, "{meaning} at {name}");
    }
}
