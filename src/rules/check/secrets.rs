//! Where secrets are found, and the addresses that may hold one.

use std::path::PathBuf;

use crate::rules::diagnostic::{Diagnostic, Findings};
use crate::rules::keys::{hide, open_one};
use crate::rules::node::{Node, Value};
use crate::rules::read;
use crate::rules::ruleset::SecretSource;
use crate::rules::tables;

/// Longest name of a credential or a variable, in bytes.
const MAX_SECRET_NAME: usize = 128;

/// The place of a secret. A secret itself is refused, and never repeated.
pub(super) fn source(node: &Node<'_>, findings: &mut Findings) -> Option<SecretSource> {
    if let Value::Scalar { .. } | Value::List(_) = node.value {
        hide(node, findings);
        let help = "take the secret out of this file and say where it is found: \
                    `{ credential: NAME }` for a systemd credential, `{ file: PATH }` for a file \
                    of mode 0600, or `{ env: NAME }`; if this file was ever shared, replace the \
                    secret";
        let message = "a secret must not stand in a rule file";
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
    match checked_url(text, false) {
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

/// The address of a webhook, which may have a query.
pub(super) fn webhook_url(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    hide(node, findings);
    let text = read::line_of_text(node, findings)?;
    match checked_url(text, true) {
        Ok(url) => Some(url),
        Err((message, help)) => {
            findings.push(Diagnostic::error(node.place, message).help(help));
            None
        }
    }
}

/// The address without a trailing slash, or what is wrong and what is right.
/// Neither text repeats the address.
fn checked_url(text: &str, query: bool) -> Result<String, (&'static str, &'static str)> {
    let https = "write `https://` and the host";
    let (scheme, rest) = text
        .split_once("://")
        .ok_or(("this is not an address with `https://`", https))?;
    let plain = match scheme.to_ascii_lowercase().as_str() {
        "https" => false,
        "http" => true,
        _ => return Err(("this address is not `https://`", https)),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        let help = "say where the secret is found in `token`";
        return Err(("this address holds a user name or a password", help));
    }
    let host = host_of(authority).ok_or(("this address has no right host", https))?;
    if plain && !is_loopback(host) {
        let message = "plain http is possible only to this machine itself";
        return Err((
            message,
            "write `https://`, or an address such as `http://127.0.0.1:8080`",
        ));
    }
    if text.contains('#') || (!query && text.contains('?')) {
        let message = "this address has a query or a fragment";
        return Err((message, "write the part before `?` and `#`"));
    }
    if text
        .bytes()
        .any(|b| b.is_ascii_whitespace() || b.is_ascii_control())
        || text.contains('\\')
    {
        return Err(("this address has a space or a backslash in it", https));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The host of `host`, `host:port` or `[v6]:port`.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']')?;
            let v6: Option<std::net::Ipv6Addr> = host.parse().ok();
            v6?;
            let port = behind.strip_prefix(':');
            if port.is_none() && !behind.is_empty() {
                return None;
            }
            (host, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port_right = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
    (port_right && !host.is_empty() && host.chars().all(letters)).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
