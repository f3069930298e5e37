//! Rule files: what is accepted, and what is said of what is not.

use riskd::rules::{self, Color, Loaded};

const EXAMPLE: &str = include_str!("../../rules.example.yaml");

/// Loads a text that names no other file.
fn load(text: &str) -> Loaded {
    rules::load("rules.yaml", text, &|_| {
        Err(std::io::ErrorKind::NotFound.into())
    })
}

#[test]
fn the_example_is_right() {
    let loaded = load(EXAMPLE);
    assert_eq!(loaded.render_short(), "", "{}", loaded.render(Color::Plain));
    let rules = loaded.rules.unwrap();
    assert_eq!(rules.accounts.len(), 1);
    assert_eq!(rules.rules.len(), 7);
    assert_eq!(rules.hash.len(), 64);
}
