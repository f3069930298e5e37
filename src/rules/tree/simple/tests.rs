//! What the fast reader reads, the parser reads in the same way.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::super::read_any;
use super::read;
use crate::rules::diagnostic::Findings;

const EXAMPLE: &str = include_str!("../../../../rules.example.yaml");

/// Whether the fast reader reads it; the parser must then agree in every value
/// and place, and have nothing to say.
fn reads(text: &str) -> bool {
    let Some(root) = read(text) else {
        return false;
    };
    let mut findings = Findings::default();
    let tree = read_any(text, &mut findings);
    assert!(
        findings.is_empty(),
        "the parser has something to say: {text:?}"
    );
    assert!(tree.complete, "{text:?}");
    let parsed = tree.root.expect("a root");
    assert_eq!(format!("{root:#?}"), format!("{parsed:#?}"), "{text:?}");
    true
}

#[test]
fn it_reads_what_people_write() {
    let cases = [
        "a: 1",
        "a: 1\n",
        "# first\n\na: 1   # why\n  # what\nb: 'x # y'\n",
        "a:\n  b: 1\n  c:\n    - x\n    - y: 1\n      z: -2.5\nd: ~\n",
        "a:\n- 1\n- 2\nb: null\n",
        "a: { b: [1, \"two\", {}], \"c d\": [] } # end\nb: x, y [z]\n",
        "a:\n  - { at: 10s, unrealized: -1, equity: 2 }\n  - name: x\n    when: { pnl: { loss: 1% } }\n",
        "start: 2026-03-05T09:30:00-05:00\nopen: \"18:00\"\nt: 17:00\nu: [17:00]\n",
        "a: b:c\nd: e#f\n\"g\": h\n",
        "a:\n  # inside\n  b: 1\n\n\n  c: 2\n",
    ];
    for case in cases {
        assert!(reads(case), "{case:?}");
    }
    let everyday: String = EXAMPLE.chars().filter(char::is_ascii).collect();
    assert!(reads(&everyday));
}

#[test]
fn it_leaves_everything_else_to_the_parser() {
    let cases = [
        "",
        "# nothing",
        "a",
        "- 1",
        "{ a: 1 }",
        "a:",
        "a:\nb: 1",
        "a: [1,\n  2]",
        "a: one\n  two",
        "a: &x 1\nb: *x",
        "a: !!str 1",
        "a: |\n  text",
        "a: >-\n  text",
        "a: \"x\\n\"",
        "a: 'it''s'",
        "a:\t1",
        "a: é",
        "a: 1\r\n",
        "--- \na: 1",
        "a: 1\n...\n",
        "a: 1\na: 2",
        "a: { b: 1, b: 2 }",
        "a: { b }",
        "a: [b: 1]",
        "a: [1, ]",
        "a: [1 2",
        "a: { <<: b }",
        "\"<<\": { a: 1 }",
        "a: b: c",
        "a: ? b",
        "a: - b",
        "a:\n  - - 1",
        "a:\n    b: 1\n  c: 2",
        "a: 1\n b: 2",
        " a: 1",
        "a:\n  - 1\n  b: 2",
        "a:\n  b: 1\n  - 2",
        "a: @b",
        "a: \"b\" c",
        "a: [\"b\"c]",
        "a: {\"b\":1}",
        "a : 1",
        "[a]: 1",
        "\"\": 1",
    ];
    for case in cases {
        assert!(!reads(case), "{case:?}");
    }
}

#[test]
fn it_gives_up_where_the_parser_has_its_limits() {
    let deep = format!("a: {}{}", "[".repeat(16), "]".repeat(16));
    assert!(!reads(&deep));
    let deep = format!("a: {}{}", "[".repeat(15), "]".repeat(15));
    assert!(reads(&deep));
    let key = "k".repeat(1_100);
    assert!(!reads(&format!("{key}: 1")));
    assert!(!reads(&format!("a: {{ {key}: 1 }}")));
    assert!(reads(&format!("a: {key}\nb: [{key}, \"{key}\"]")));
    let items = "x, ".repeat(1_000);
    assert!(reads(&format!(
        "a: [{items}x]\nb:\n  - [{items}x]\n  - {{ a: [{items}x] }}"
    )));
    let many: String = (0..100).map(|key| format!("k{key}: 1\n")).collect();
    assert!(reads(&many));
    assert!(!reads(&format!("{many}k7: 1\n")));
}

/// Scalars, most of which it reads.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-c1-9][a-c0-9_.-]{0,4}",
        2 => "-?[0-9]{1,4}(\\.[0-9]{1,2})?",
        1 => "[a-c]( [a-c:#,'\"-]{1,3}){1,2}",
        1 => "\"[a-c :#,\\[\\]{}'-]{0,5}\"",
        1 => "'[a-c :#,\\[\\]{}\"-]{0,5}'",
        1 => "[ -~]{0,4}",
        1 => Just("~".to_owned()),
    ]
}

fn flow() -> impl Strategy<Value = String> {
    word().prop_recursive(3, 12, 4, |inner| {
        let pair = (word(), inner.clone()).prop_map(|(key, value)| format!("{key}: {value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(pair, 0..4)
                .prop_map(|pairs| format!("{{ {} }}", pairs.join(", "))),
        ]
    })
}

/// A document before it is written.
#[derive(Clone, Debug)]
enum Part {
    Beside(String),
    Map(Vec<(String, Part)>),
    /// With whether it stands right under its key.
    List(Vec<Part>, bool),
}

fn part() -> impl Strategy<Value = Part> {
    let value = prop_oneof![
        3 => "[a-z0-9.-]{1,6}",
        1 => word(),
        1 => flow(),
        1 => ("[a-z]{1,4}", "( # why|  |#x| #)").prop_map(|(value, end)| value + &end),
    ];
    let leaf = value.prop_map(Part::Beside);
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            2 => map(inner.clone()),
            1 => (prop::collection::vec(inner, 1..4), any::<bool>())
                .prop_map(|(items, under)| Part::List(items, under)),
        ]
    })
}

fn map(value: impl Strategy<Value = Part>) -> impl Strategy<Value = Part> {
    let key = prop_oneof![12 => "[a-z]{4,6}", 1 => word()];
    prop::collection::vec((key, value), 1..4).prop_map(Part::Map)
}

fn write(part: &Part, indent: usize, lines: &mut Vec<String>) {
    let pad = " ".repeat(indent);
    match part {
        Part::Beside(value) => lines.push(format!("{pad}{value}")),
        Part::Map(entries) => {
            for (key, value) in entries {
                let below = match value {
                    Part::Beside(value) => {
                        lines.push(format!("{pad}{key}: {value}"));
                        continue;
                    }
                    Part::List(_, true) => indent,
                    _ => indent + 2,
                };
                lines.push(format!("{pad}{key}:"));
                write(value, below, lines);
            }
        }
        Part::List(items, _) => {
            for item in items {
                let first = lines.len();
                write(item, indent + 2, lines);
                lines[first].replace_range(indent..=indent, "-");
            }
        }
    }
}

/// Documents of every shape, some of them with a line that is moved, taken out
/// or put in.
fn documents() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("# comment: x".to_owned()),
        Just(String::new()),
        Just("  # deeper".to_owned()),
        word(),
        Just("...".to_owned()),
    ];
    let change = prop::option::weighted(0.5, (any::<prop::sample::Index>(), 0..4, line));
    (map(part()), change).prop_map(|(root, change)| {
        let mut lines = Vec::new();
        write(&root, 0, &mut lines);
        if let Some((at, how, line)) = change {
            let at = at.index(lines.len());
            match how {
                0 => lines[at].insert_str(0, "  "),
                1 => lines[at] = lines[at].replacen(' ', "", 1),
                2 => drop(lines.remove(at)),
                _ => lines.insert(at, line),
            }
        }
        lines.join("\n")
    })
}

/// The example with some of its bytes changed.
fn example_with_mistakes() -> impl Strategy<Value = String> {
    let text: String = EXAMPLE.chars().filter(char::is_ascii).collect();
    let mark = prop::sample::select(b" \n:-#,[]{}'\"&*!|>%@`?~.a1\\\t".to_vec());
    let edit = (any::<prop::sample::Index>(), mark, 0_u8..3);
    (
        any::<prop::sample::Index>(),
        prop::collection::vec(edit, 0..3),
    )
        .prop_map(move |(from, edits)| {
            // A piece of it, from the beginning of a line.
            let starts: Vec<usize> = text
                .match_indices('\n')
                .map(|(at, _)| at + 1)
                .filter(|at| text[*at..].starts_with(|c: char| c.is_ascii_alphabetic()))
                .collect();
            let start = *from.get(&starts);
            let end = text.len().min(start + 400);
            let mut bytes = text.as_bytes()[start..end].to_vec();
            for (at, byte, how) in edits {
                let at = at.index(bytes.len());
                match how {
                    0 => bytes.insert(at, byte),
                    1 => bytes[at] = byte,
                    _ => drop(bytes.remove(at)),
                }
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
}

/// The properties below say nothing of a text that it does not read.
#[test]
fn it_reads_many_of_the_random_texts() {
    fn share(texts: impl Strategy<Value = String>) -> usize {
        let mut runner = TestRunner::deterministic();
        let mut text = || texts.new_tree(&mut runner).unwrap().current();
        (0..300).filter(|_| reads(&text())).count()
    }
    let shares = [
        share(documents()),
        share(example_with_mistakes()),
        share(flow().prop_map(|value| format!("a: {value}"))),
    ];
    assert!(shares.iter().all(|share| *share >= 30), "{shares:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn documents_are_read_as_the_parser_reads_them(text in documents()) {
        reads(&text);
    }

    #[test]
    fn a_changed_example_is_read_as_the_parser_reads_it(text in example_with_mistakes()) {
        reads(&text);
    }

    #[test]
    fn flow_collections_are_read_as_the_parser_reads_them(value in flow()) {
        reads(&format!("a: {value}"));
    }
}
