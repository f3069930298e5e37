//! Texts that nobody means well: nothing may panic, hang or grow.

use std::time::Duration;

use proptest::prelude::*;
use riskd::rules::{self, Color};

use crate::machine::processor_time;

use super::{EXAMPLE, load, with_rules};

/// What a whole check may take of a processor in a debug build. The time on the
/// wall says nothing on a busy machine.
const SOON: Duration = Duration::from_secs(60);

/// Loads a text that must end in rules or in a place.
fn survives(text: &str) {
    let loaded = load(text);
    let refused = loaded.diagnostics.iter().any(|found| found.is_error());
    assert_eq!(loaded.rules.is_none(), refused, "{text}");
    for found in &loaded.diagnostics {
        assert!(
            found.place.line >= 1 && found.place.column >= 1,
            "{found:?}"
        );
        assert!(text.get(found.place.range()).is_some(), "{found:?}");
    }
    loaded.render_short();
    loaded.render(Color::Plain);
}

fn refused_soon(text: &str, words: &str) {
    let begin = processor_time();
    let loaded = load(text);
    let took = processor_time() - begin;
    let short = loaded.render_short();
    assert!(loaded.rules.is_none());
    assert!(short.contains(words), "{short}");
    assert!(took < SOON, "{took:?}: {words}");
}

#[test]
fn every_truncation_of_the_example_is_read_or_refused() {
    for end in 0..=EXAMPLE.len() {
        if let Some(text) = EXAMPLE.get(..end) {
            survives(text);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_changes_of_the_example_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..3), 1..12)
    ) {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        for (index, byte, kind) in changes {
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn swapped_words_of_the_example_are_read_or_refused(
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
    ) {
        let words: Vec<&str> = EXAMPLE.split(' ').collect();
        let mut swapped = words.clone();
        swapped.swap(from.index(words.len()), to.index(words.len()));
        survives(&swapped.join(" "));
    }
}

#[test]
fn hostile_texts_are_refused_soon() {
    let bomb: String = (1..40)
        .map(|level| {
            let before = format!("*a{}, ", level - 1).repeat(5);
            format!("  - &a{level} [{before}]\n")
        })
        .collect();
    let bomb = format!("version: 1\nrules:\n  - &a0 [x, x, x]\n{bomb}");
    refused_soon(&bomb, "more than 1000000 values");
    // Wide instead of deep: the values behind aliases are counted each time.
    let wide = format!(
        "a: &a [{}]\nb: &b [{}]\nc: [{}]\n",
        "x, ".repeat(9_000),
        "*a, ".repeat(60),
        "*b, ".repeat(60)
    );
    refused_soon(&wide, "more than 1000000 values");
    refused_soon(
        &format!("a: &a x\nb: [{}]\n", "*a, ".repeat(300)),
        "more than 200 aliases",
    );
    refused_soon("a: &a [*a]\n", "inside its own anchor");
    refused_soon(&"[".repeat(100_000), "more than 16 levels");
    refused_soon(&"- ".repeat(100_000), "more than 16 levels");
    refused_soon(&"{a: ".repeat(100_000), "more than 16 levels");
    let deep: String = (0..1_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    refused_soon(&deep, "more than 16 levels");
    refused_soon(&"x".repeat(rules::MAX_TEXT + 1), "is the most");
    refused_soon(
        &format!("version: 1\nx: {}\n", "y".repeat(1_000_000)),
        "unknown key",
    );
    refused_soon(&format!("{}: 1\n", "y".repeat(1_000)), "unknown key");
    refused_soon("\u{feff}version: \u{0}1\n", "rules.yaml:1:");
    refused_soon(&"a: 1\n".repeat(20_000), "duplicate key");
    let keys: String = (0..50_000).map(|index| format!("k{index}: 1\n")).collect();
    refused_soon(&keys, "more");
}

#[test]
fn too_many_rules_and_accounts_are_refused() {
    let rules = "  - {}\n".repeat(rules::MAX_RULES);
    refused_soon(&with_rules(&rules), "20001 rules; 20000 is the most");
    let tests: Vec<String> = (0..=rules::MAX_TEST_FILES)
        .map(|index| format!("t{index}.yaml"))
        .collect();
    let text = format!("tests: [{}]\n{}", tests.join(", "), with_rules(""));
    refused_soon(&text, "33 test files; 32 is the most");
    let accounts: String = (0..=rules::MAX_ACCOUNTS)
        .map(|index| format!("  x{index}: {{ number: X{index} }}\n"))
        .collect();
    let text = with_rules("").replace("accounts:\n", &format!("accounts:\n{accounts}"));
    refused_soon(&text, "1003 accounts; 1000 is the most");
}
