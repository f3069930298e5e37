//! docs/faults.md is made of the table of faults.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use riskd_paper::{exchange_fault_kinds, fault_kinds};

use super::faults::{Act, TABLE};
use super::kind::Kind;
use super::random::Random;

/// The table, as the page holds it.
fn rows() -> String {
    let mut table =
        String::from("| fault | what goes wrong | where | venues | what must hold | test |\n");
    table.push_str("|---|---|---|---|---|---|\n");
    for entry in TABLE {
        let _ = writeln!(
            table,
            "| `{}` | {} | {} | {} | {} | `faults::each::{}` |",
            entry.name,
            entry.what,
            entry.place.words(),
            entry.at.words(),
            entry.holds_words(),
            entry.name
        );
    }
    table
}

#[test]
fn the_page_holds_every_fault() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/faults.md");
    let page = std::fs::read_to_string(path).unwrap_or_default();
    let rows = rows();
    assert!(
        page.contains(&rows),
        "docs/faults.md is to hold this table:\n\n{rows}"
    );
    let count = format!("{} faults", TABLE.len());
    assert!(page.contains(&count), "docs/faults.md is to say: {count}");
}

#[test]
fn every_fault_of_the_paper_venue_is_in_the_table() {
    let mut random = Random::new(1);
    let kind = Kind::Bybit;
    let ours: BTreeSet<String> = TABLE
        .iter()
        .filter_map(|entry| match entry.act {
            Act::Venue(make) | Act::VenueOfOne(make) | Act::VenueOfAll(make) => {
                Some(make(&mut random, kind).name())
            }
            _ => None,
        })
        .collect();
    let all = fault_kinds().into_iter().chain(exchange_fault_kinds());
    let theirs: BTreeSet<String> = all.map(|kind| kind.name).collect();
    assert_eq!(ours, theirs);
}

#[test]
fn there_are_enough_faults_and_no_name_twice() {
    let names: BTreeSet<&str> = TABLE.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), TABLE.len());
    assert!(names.len() >= 40, "{}", names.len());
}
