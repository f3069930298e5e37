//! The `tests` section: files of rule tests, which are read and run elsewhere.

use std::path::PathBuf;

use super::MAX_TEST_FILES;
use crate::rules::diagnostic::{Diagnostic, Findings, quoted};
use crate::rules::node::Node;
use crate::rules::read;
use crate::rules::settings::TestFileName;

/// The files by name, each once.
pub(super) fn files(node: Option<&Node<'_>>, findings: &mut Findings) -> Vec<TestFileName> {
    let Some(node) = node else {
        return Vec::new();
    };
    let Some(items) = read::list(node, "the list of test files", findings) else {
        return Vec::new();
    };
    if items.len() > MAX_TEST_FILES {
        let message = format!("{} test files; {MAX_TEST_FILES} is the most", items.len());
        findings.push(Diagnostic::error(node.place, message));
        return Vec::new();
    }
    let mut files: Vec<TestFileName> = Vec::new();
    for item in items {
        let Some(path) = read::line_of_text(item, findings) else {
            continue;
        };
        let file = TestFileName {
            path: PathBuf::from(path),
            place: item.place,
        };
        if files.iter().any(|known| known.path == file.path) {
            let message = format!("{} is named twice", quoted(path));
            findings.push(Diagnostic::error(item.place, message).help("name it once"));
        } else {
            files.push(file);
        }
    }
    files
}
