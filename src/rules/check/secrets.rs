//! Where secrets are found, and the addresses that may hold one.

use std::path::PathBuf;

use crate::rules::address::{self, Query};
use crate::rules::diagnostic::{Diagnostic, Findings};
use crate::rules::keys::{hide, open_one};
use crate::rules::node::{Node, Value};
use crate::rules::read;
use crate::rules::settings::{PlainOrSecret, SecretSource};
use crate::rules::tables;

/// Longest name of a credential or a variable, in bytes.
const MAX_SECRET_NAME: usize = 128;

/// The place of a secret. A secret itself is refused, and never repeated.
pub(super) fn source(node: &Node<'_>, findings: &mut Findings) -> Option<SecretSource> {
    source_of(node, "a secret must not stand in a rule file", findings)
}

/// The place of a secret; `message` is said of one that stands in the file.
pub(super) fn source_of(
    node: &Node<'_>,
    message: &str,
    findings: &mut Findings,
) -> Option<SecretSource> {
    if let Value::Scalar { .. } | Value::List(_) = node.value {
        hide(node, findings);
        let help = "take the secret out of this file and say where it is found: \
                    `{ credential: NAME }` for a systemd credential, `{ file: PATH }` for a file \
                    of mode 0600, or `{ env: NAME }`; if this file was ever shared, replace the \
                    secret";
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    }
    let before = findings.errors();
    let found = named_source(node, findings);
    if findings.errors() > before {
        hide(node, findings);
    }
    found
}

fn named_source(node: &Node<'_>, findings: &mut Findings) -> Option<SecretSource> {
    let (key, entry) = open_one(node, &tables::SECRET, findings)?;
    let text = read::line_of_text(&entry.value, findings)?;
    let problem = match key.name {
        "file" => return Some(SecretSource::File(PathBuf::from(text))),
        "env" if is_variable(text) => return Some(SecretSource::Env(text.to_owned())),
        "env" => Diagnostic::error(
            entry.value.place,
            "this is not the name of an environment variable",
        )
        .help("use capital letters, digits and `_`, such as `CROSSTRADE_TOKEN`"),
        _ if is_credential(text) => return Some(SecretSource::Credential(text.to_owned())),
        _ => Diagnostic::error(entry.value.place, "this is not the name of a credential")
            .help("use letters, digits, `-`, `_` and `.`, such as `crosstrade-token`"),
    };
    findings.push(problem);
    None
}

fn is_variable(text: &str) -> bool {
    text.len() <= MAX_SECRET_NAME
        && text.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

fn is_credential(text: &str) -> bool {
    text.len() <= MAX_SECRET_NAME
        && !text.starts_with('.')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// An address that requests go to: https, or plain http to a loopback address;
/// without credentials, query and fragment; a trailing slash is left out.
pub(super) fn base_url(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    let text = read::line_of_text(node, findings)?;
    match address::checked(text, Query::No) {
        Ok(url) => Some(url),
        Err((message, help)) => {
            if text.contains(['@', '?']) {
                hide(node, findings);
            }
            findings.push(Diagnostic::error(node.place, message).help(help));
            None
        }
    }
}

/// An address that may have a query and may be a secret by itself: written in
/// the file, or found elsewhere.
pub(super) fn url_or_source(node: &Node<'_>, findings: &mut Findings) -> Option<PlainOrSecret> {
    match node.value {
        Value::Scalar { .. } => secret_url(node, findings).map(PlainOrSecret::Plain),
        _ => source(node, findings).map(PlainOrSecret::Secret),
    }
}

fn secret_url(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    hide(node, findings);
    let text = read::line_of_text(node, findings)?;
    match address::checked(text, Query::Yes) {
        Ok(url) => Some(url),
        Err((message, help)) => {
            findings.push(Diagnostic::error(node.place, message).help(help));
            None
        }
    }
}
