//! What the crate's documentation says of its architecture, held by reading the
//! sources.

use std::fs;
use std::path::{Path, PathBuf};

/// The parts from the top down. Each may name those below it and itself; those
/// on one line do not know each other.
const LAYERS: [&[&str]; 12] = [
    &["cli"],
    &["daemon"],
    &["api"],
    &["notify"],
    &["store"],
    &["venue"],
    &["http", "json", "locked", "secret"],
    &["files"],
    &["replay"],
    &["engine"],
    &["rules"],
    &["domain"],
];

/// Parts that decide and do nothing else.
const PURE: [&str; 4] = ["domain", "rules", "engine", "replay"];

/// What a pure part must not name.
const IMPURE: [&str; 14] = [
    "tokio",
    "reqwest",
    "sqlx",
    "axum",
    "tracing",
    "std::fs",
    "std::process",
    "std::thread",
    "std::env",
    "SystemTime",
    "Utc::now",
    "Local::now",
    "Instant::now",
    "async",
];

/// A replay reads rows ahead and takes several accounts at once; what it tells
/// does not depend on it.
const READS_AHEAD: [(&str, &str); 1] = [("src/replay/history_run.rs", "std::thread")];

/// What makes more of `std::net` than values.
const SOCKETS: [&str; 4] = ["TcpStream", "TcpListener", "UdpSocket", "ToSocketAddrs"];

/// Binary floats, and the ways into them.
const FLOATS: [&str; 6] = ["f32", "f64", "to_f32", "to_f64", "from_f32", "from_f64"];

/// Venues, those that are to come too, in lower case.
const VENUES: [&str; 6] = [
    "crosstrade",
    "ninjatrader",
    "binance",
    "bybit",
    "bitget",
    "bingx",
];

/// Where deployment settings stand, and the types that hold them.
const SETTINGS: [&str; 11] = [
    "settings",
    "ruleset",
    "RuleSet",
    "Daemon",
    "Heartbeat",
    "CredentialSource",
    "SecretSource",
    "PlainOrSecret",
    "Notifier",
    "NotifierKind",
    "Email",
];

/// Where the sources of the paper venue stand.
const PAPER: &str = "crates/paper/src";

/// The parts of the paper venue that use little of it, and what they may use. All
/// others use them.
const PAPER_PARTS: [(&str, &[&str]); 2] =
    [("sim", &["sim"]), ("faults", &["sim", "faults", "http"])];

/// What the simulation must not name: how a venue shows it, and the network.
const SHOWN: [&str; 6] = [
    "serde_json",
    "axum",
    "Route",
    "CrossTrade",
    "NinjaTrader",
    "http",
];

/// One source file.
struct Source {
    /// Relative to the crate.
    path: String,
    /// The code; comments are blank.
    code: String,
    /// The code without its unit tests.
    shipped: String,
}

impl Source {
    /// The part that it belongs to.
    fn part(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap();
        let end = inside.find(['/', '.']).unwrap();
        &inside[..end]
    }
}

/// riskd's own sources.
fn sources() -> Vec<Source> {
    let sources = sources_in("src");
    assert!(sources.len() > 50, "the sources are not where they were");
    sources
}

/// The sources of the paper venue, which is a crate of its own.
fn paper_sources() -> Vec<Source> {
    let sources = sources_in(PAPER);
    assert!(sources.len() > 20, "the paper venue is not where it was");
    sources
}

fn sources_in(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join(folder), &mut files);
    let read = |file: PathBuf| {
        let path = file
            .strip_prefix(root)
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned();
        let code = without_comments(&fs::read_to_string(&file).unwrap());
        let is_test = path.ends_with("tests.rs") || path.contains("/tests/");
        let shipped = match code.find("#[cfg(test)]\nmod tests {") {
            _ if is_test => String::new(),
            Some(start) => code[..start].to_owned(),
            None => code.clone(),
        };
        Source {
            path,
            code,
            shipped,
        }
    };
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, files),
            false if path.extension().is_some_and(|end| end == "rs") => files.push(path),
            false => {}
        }
    }
}

/// The text with comment lines and what follows ` // ` left out. Good enough
/// for sources that rustfmt has put in order.
fn without_comments(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        let is_comment = line.trim_start().starts_with("//");
        let kept = if is_comment { "" } else { line };
        code.push_str(kept.split(" // ").next().unwrap());
        code.push('\n');
    }
    code
}

/// Whether `word` stands in `code` by itself, not as a part of a longer word.
fn names(code: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(start, _)| {
        let before = code[..start].chars().next_back();
        let after = code[start + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

fn layer(part: &str) -> Option<usize> {
    LAYERS.iter().position(|parts| parts.contains(&part))
}

/// The first segments behind `crate::` in some code, `use crate::{a, b}`
/// included.
fn parts_named(code: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for (start, found) in code.match_indices("crate::") {
        let rest = &code[start + found.len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0_i32;
            let mut item = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => parts.push(std::mem::take(&mut item)),
                    _ if depth == 0 => item.push(c),
                    _ => {}
                }
            }
            parts.push(item);
        } else {
            parts.push(rest.to_owned());
        }
    }
    let first = |text: String| {
        let text = text.trim_start();
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
        text[..end.unwrap_or(text.len())].to_owned()
    };
    parts.into_iter().map(first).collect()
}

#[test]
fn dependencies_point_downwards() {
    let mut wrong = Vec::new();
    for source in sources() {
        if matches!(source.part(), "lib" | "main") {
            continue;
        }
        let Some(own) = layer(source.part()) else {
            wrong.push(format!(
                "{}: this part has no layer in the test",
                source.path
            ));
            continue;
        };
        for named in parts_named(&source.shipped) {
            match layer(&named) {
                Some(other) if other < own || (other == own && named != source.part()) => {
                    wrong.push(format!("{} names {named}, which is above it", source.path));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_parts_do_nothing_but_decide() {
    let mut wrong = Vec::new();
    for source in sources() {
        if !PURE.contains(&source.part()) {
            continue;
        }
        for word in IMPURE.iter().chain(&SOCKETS).chain(&FLOATS) {
            if names(&source.shipped, word) && !READS_AHEAD.contains(&(source.path.as_str(), word))
            {
                wrong.push(format!("{} names {word}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// CrossTrade closes or cancels for every account under these paths. The paper
/// venue must answer them to count them; nothing of riskd may hold one.
#[test]
fn no_endpoint_of_all_accounts_is_named() {
    let mut wrong = Vec::new();
    for source in sources() {
        let code = source.shipped.to_lowercase();
        // At an exchange a key is one account, and its call that cancels several
        // orders takes those of the symbol in its body.
        let code = match source.path.as_str() {
            "src/venue/bybit/routes.rs" => code.replace("/v5/order/cancel-all", ""),
            "src/venue/binance/routes.rs" => code.replace("/fapi/v1/countdowncancelall", ""),
            "src/venue/bingx/routes.rs" => code.replace("/trade/cancelallafter", ""),
            _ => code,
        };
        let code = code.replace(['_', '-'], "");
        for text in [
            "cancelall",
            "flattenall",
            "flatteneverything",
            "\"/positions/",
            "\"/orders/",
            "\"accounts/flatten",
            "\"accounts/cancel",
        ] {
            if code.contains(text) {
                wrong.push(format!("{} names {text}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What every venue over HTTP needs is not made for one of them; and one venue's
/// folder does not use another's.
#[test]
fn what_venues_share_names_no_venue() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for source in sources() {
        let Some(inside) = source.path.strip_prefix("src/venue/") else {
            continue;
        };
        let own = inside.split(['/', '.']).next().unwrap();
        // The one place that lists the folders.
        if own == "mod" {
            continue;
        }
        seen += usize::from(own == "rest");
        let code = source.shipped.to_lowercase();
        for venue in VENUES.iter().filter(|venue| **venue != own) {
            if code.contains(venue) {
                wrong.push(format!("{} names {venue}", source.path));
            }
        }
    }
    assert!(seen >= 10, "venue/rest is not where it was");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is decided does not depend on how a venue is reached, whom a message goes to
/// and how riskd is run; a notifier is no more than a name.
#[test]
fn the_engine_names_no_notifier_and_no_deployment_setting() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for source in sources() {
        let is_book = source.path.starts_with("src/rules/book");
        seen += usize::from(is_book);
        if !is_book && source.part() != "engine" {
            continue;
        }
        for word in SETTINGS {
            if names(&source.shipped, word) {
                wrong.push(format!("{} names {word}", source.path));
            }
        }
    }
    assert!(seen >= 3, "rules/book is not where it was");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `expect` with a reason, so that one that is not needed any more is noticed;
/// `allow` only where a lint strikes in some builds alone, with its reason.
#[test]
fn no_lint_is_silenced_without_a_reason() {
    let mut wrong = Vec::new();
    for source in sources().into_iter().chain(paper_sources()) {
        for attribute in ["allow(", "expect("] {
            for (start, _) in source.code.match_indices(attribute) {
                let before = source.code[..start].trim_end();
                if !(before.ends_with("#[") || before.ends_with("#![") || before.ends_with(',')) {
                    continue;
                }
                let rest = &source.code[start..];
                let end = rest
                    .find(")]")
                    .or_else(|| rest.find("\n)]"))
                    .unwrap_or(rest.len());
                if !rest[..end].contains("reason = ") {
                    wrong.push(format!("{}: {}", source.path, rest.lines().next().unwrap()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each checks the other: a reader of what riskd sends, or a type of both, would
/// hide an error that both make.
#[test]
fn the_paper_venue_knows_nothing_of_riskd() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("crates/paper/Cargo.toml")).unwrap();
    for head in ["[dependencies]", "[dev-dependencies]"] {
        for line in section(&manifest, head) {
            assert!(!line.contains("riskd") && !line.contains("path"), "{line}");
        }
    }
    let mut wrong = Vec::new();
    for source in paper_sources() {
        if names(&source.code, "riskd") {
            wrong.push(format!("{} names riskd", source.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What happens at a venue does not depend on how a venue shows it, nor on when
/// somebody looks.
#[test]
fn the_simulation_knows_no_json_no_route_and_no_http() {
    let mut wrong = Vec::new();
    for source in paper_sources() {
        let inside = source.path.strip_prefix(PAPER).unwrap();
        let part = inside.split('/').nth(1).unwrap();
        let Some((_, allowed)) = PAPER_PARTS.iter().find(|(name, _)| *name == part) else {
            continue;
        };
        for named in parts_named(&source.shipped) {
            if !allowed.contains(&named.as_str()) {
                wrong.push(format!("{} names {named}", source.path));
            }
        }
        // The venue's clock is the one thing in it that reads one.
        let is_clock = inside == "/sim/clock.rs";
        let impure = IMPURE.iter().filter(|_| !is_clock);
        for word in SHOWN.iter().chain(impure) {
            if part == "sim" && names(&source.shipped, word) {
                wrong.push(format!("{} names {word}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The lines of a section of a manifest that name something.
fn section<'a>(manifest: &'a str, head: &str) -> Vec<&'a str> {
    let lines = manifest.lines().skip_while(|line| *line != head).skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| line.contains(" = ") && !line.starts_with('#'))
        .collect()
}

/// Another crate or feature would have most of the release compiled once more
/// for the simulator.
#[test]
fn the_simulator_needs_no_dependency_but_riskds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let name = |line: &str| line.split(" = ").next().unwrap().to_owned();
    let (riskd, sim) = (read("Cargo.toml"), read("tests/sim/Cargo.toml"));
    let known: Vec<String> = section(&riskd, "[dependencies]")
        .into_iter()
        .map(name)
        .collect();
    let used = section(&sim, "[dev-dependencies]");
    assert!(used.len() > 5, "{used:?}");
    for line in used {
        let is_known = name(line) == "riskd" || known.contains(&name(line));
        assert!(is_known && !line.contains(" features"), "{line}");
    }
    assert_eq!(section(&sim, "[dependencies]"), [""; 0]);
}

#[test]
fn the_reader_of_sources_sees_what_it_should() {
    let code = without_comments("use crate::store::{A, B}; // crate::api\n    // crate::cli\n");
    assert_eq!(parts_named(&code), ["store"]);
    assert_eq!(
        parts_named("use crate::{api, rules::{a, b}};"),
        ["api", "rules"]
    );
    assert!(names("let a = f64::from(1)", "f64"));
    assert!(!names("to_f64_lossy()", "f64"));
    assert!(names("std::fs::read", "std::fs"));
}

/// What a record is kept in is known to one folder.
#[test]
fn one_folder_knows_the_database() {
    for source in sources() {
        if !source.path.starts_with("src/store/sqlite") {
            assert!(!names(&source.code, "sqlx"), "{} names sqlx", source.path);
        }
    }
}
