//! The table of promises: made from a list of tests, each of which there is, and every run
//! of the exchanges is in it.

mod list;

use std::collections::BTreeSet;
use std::path::Path;

use super::{in_step, text};
use list::{Cell, Own, PROMISES, Promise};

const FOLDER: &str = "tests/it/e2e";
const PAGE: &str = "docs/venues.md";
const HEAD: &str = "| promise | run at each exchange | CrossTrade | Binance | Bybit | Bitget classic | Bitget unified | BingX |";

/// The folder of each exchange, and the file in which it is given the runs.
const EXCHANGES: [(&str, &str); 5] = [
    ("binance", "mod"),
    ("bybit", "mod"),
    ("bitget", "classic"),
    ("bitget", "unified"),
    ("bingx", "mod"),
];

/// The source of a file, or of the head of a folder.
fn of_file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = format!("{path}.rs");
    if root.join(&file).exists() {
        text(&file)
    } else {
        text(&format!("{path}/mod.rs"))
    }
}

/// The source of a file of tests, and the name of one of them.
fn named(folder: &str, path: &str) -> (String, String) {
    let (file, name) = path.split_once("::").unwrap();
    // Where the adapter itself is held, the tests stand beside the program's.
    let source = match (folder, file) {
        (FOLDER, "adapter") => text("tests/it/crosstrade.rs"),
        _ => of_file(&format!("{folder}/{file}")),
    };
    (source, name.to_owned())
}

/// Whether a source has a function of this name.
fn has(source: &str, name: &str) -> bool {
    let lines = source.lines().map(str::trim_start);
    let mut functions = lines.filter_map(|line| {
        let line = line.strip_prefix("pub(super) ").unwrap_or(line);
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ")?.split(['<', '(']).next()
    });
    functions.any(|known| known == name)
}

/// Whether it is a test, or one of the scenarios.
fn is_test(source: &str, name: &str) -> bool {
    let ways = ["fn ", "async fn "].map(|way| format!("{way}{name}()"));
    let mut lines = source.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        let follows = lines.peek().copied().unwrap_or_default();
        let is_it = ways.iter().any(|way| follows.starts_with(way));
        if is_it && (line.starts_with("#[test") || line.starts_with("#[tokio::test")) {
            return true;
        }
    }
    source.contains(&format!("play: {name},"))
}

fn test(folder: &str, path: &str) -> String {
    let (source, name) = named(folder, path);
    assert!(is_test(&source, &name), "{path} is no test of {folder}");
    format!("`{path}`")
}

fn cell(folder: &str, cell: Cell) -> String {
    match cell {
        Cell::Test(path) => test(folder, path),
        Cell::Common(path) => test(FOLDER, path),
        Cell::Not(why) => format!("no: {why}"),
    }
}

/// What an exchange has of a promise.
fn of_exchange(place: usize, promise: &Promise) -> String {
    let (folder, file) = EXCHANGES[place];
    let folder = format!("{FOLDER}/exchange/{folder}");
    match promise.own {
        Own::Runs => {
            let source = text(&format!("{folder}/{file}.rs"));
            assert!(source.contains("runs_of!("), "{folder} has no runs");
            "yes".to_owned()
        }
        Own::Each(cells) => cell(&folder, cells[place]),
    }
}

/// The runs that `runs_of!` gives every exchange, as `file::name`.
fn runs() -> BTreeSet<String> {
    let source = text(&format!("{FOLDER}/exchange/mod.rs"));
    let mut found = BTreeSet::new();
    for list in source.split("runs_of! { $exchange; ").skip(1) {
        let (file, names) = list.split('}').next().unwrap().split_once(':').unwrap();
        found.extend(
            names
                .split_whitespace()
                .map(|name| format!("{file}::{name}")),
        );
    }
    found
}

fn row(promise: &Promise, runs: &BTreeSet<String>) -> String {
    for run in promise.runs {
        assert!(runs.contains(*run), "{run} is no run of the exchanges");
        let (source, name) = named(&format!("{FOLDER}/exchange"), run);
        assert!(has(&source, &name), "{run}");
    }
    let name = |run: &&str| run.split_once("::").map(|(_, name)| format!("`{name}`"));
    let names: Vec<String> = promise.runs.iter().filter_map(name).collect();
    let names = if names.is_empty() {
        "each its own".to_owned()
    } else {
        names.join(", ")
    };
    let mut cells = vec![promise.text.to_owned(), names];
    cells.push(cell(FOLDER, promise.crosstrade));
    cells.extend((0..EXCHANGES.len()).map(|place| of_exchange(place, promise)));
    format!("| {} |\n", cells.join(" | "))
}

#[test]
fn each_promise_has_its_test_at_every_venue_or_says_why_not() {
    let runs = runs();
    let rows: String = PROMISES.iter().map(|promise| row(promise, &runs)).collect();
    let table = format!("{HEAD}\n|---|---|---|---|---|---|---|---|\n{rows}");
    let page = text(PAGE);
    let (before, after) = page.split_once(HEAD).expect("the table of promises");
    let after = after.split_once("\n\n").map_or("", |(_, after)| after);
    in_step(PAGE, &format!("{before}{table}\n{after}"));
}

#[test]
fn each_run_of_the_exchanges_holds_a_promise() {
    let named = PROMISES.iter().flat_map(|promise| promise.runs);
    let named: BTreeSet<String> = named.map(|run| (*run).to_owned()).collect();
    let idle: Vec<String> = runs().difference(&named).cloned().collect();
    assert_eq!(idle, Vec::<String>::new(), "runs that hold no promise");
}
