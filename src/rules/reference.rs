//! Every key of a rule file, for the documentation, from the tables that the
//! reader uses.

use super::keys::{Shape, Table};
use super::tables;

/// A mapping of the rule file.
#[derive(Clone, Copy, Debug)]
pub struct Mapping {
    /// What it is, with its article, as in messages: "a rule".
    pub what: &'static str,
    /// A sentence about it.
    pub doc: &'static str,
    table: &'static [super::keys::Key],
}

/// A key of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyWords {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there.
    pub required: bool,
    /// A sentence about it.
    pub doc: &'static str,
    /// The key with a value that is right.
    pub example: &'static str,
}

impl Mapping {
    /// Its keys, in the order in which they are told.
    pub fn keys(&self) -> impl Iterator<Item = KeyWords> {
        self.table.iter().map(|key| KeyWords {
            name: key.name,
            required: key.required,
            doc: key.doc,
            example: key.example,
        })
    }
}

/// Every mapping that a rule file may hold, the file itself first, each once.
pub fn mappings() -> Vec<Mapping> {
    let mut found: Vec<&'static Table> = Vec::new();
    walk(&tables::FILE, &mut found);
    found
        .into_iter()
        .map(|table| Mapping {
            what: table.what,
            doc: table.doc,
            table: table.keys,
        })
        .collect()
}

fn walk(table: &'static Table, found: &mut Vec<&'static Table>) {
    if found.iter().any(|known| std::ptr::eq(*known, table)) {
        return;
    }
    found.push(table);
    for key in table.keys {
        walk_shape(&key.shape, found);
    }
}

fn walk_shape(shape: &'static Shape, found: &mut Vec<&'static Table>) {
    match shape {
        Shape::Map(table) | Shape::One(table) => walk(table, found),
        Shape::List(of) | Shape::Named(of) => walk_shape(of, found),
        Shape::Either(shapes) => shapes.iter().for_each(|one| walk_shape(one, found)),
        Shape::ByKind(kinds) => kinds.iter().for_each(|(_, table)| walk(table, found)),
        _ => {}
    }
}
