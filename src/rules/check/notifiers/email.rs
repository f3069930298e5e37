//! Notifiers by e-mail.

use crate::rules::address::is_loopback;
use crate::rules::check::secrets;
use crate::rules::diagnostic::{Diagnostic, Findings, quoted};
use crate::rules::keys::Fields;
use crate::rules::node::Node;
use crate::rules::read;
use crate::rules::settings::{Email, MailTls};

/// Most receivers of one notifier.
pub const MAX_RECEIVERS: usize = 20;
/// Longest address, in bytes: RFC 5321 leaves 254 for it.
const MAX_ADDRESS: usize = 254;
/// Longest name of a host, in bytes.
const MAX_HOST: usize = 253;

/// How e-mail is sent.
pub(super) fn email(fields: &Fields<'_, '_>, findings: &mut Findings) -> Option<Email> {
    let host = fields.read("host", findings, host);
    let port = fields.read("port", findings, |node, findings| {
        read::whole(node, 1, u32::from(u16::MAX), findings)
    });
    let tls = match fields.get("tls") {
        Some(node) => read::word(node, findings),
        None => Some(MailTls::default()),
    };
    let from = fields.read("from", findings, address);
    let to = fields.read("to", findings, receivers);
    let login = login(fields, findings);
    let (host, tls) = (host?, tls?);
    if tls == MailTls::None && !is_loopback(&host) {
        let message = "e-mail without TLS is possible only to this machine itself";
        let help = "write `tls: starttls` or `tls: implicit`";
        findings.push(Diagnostic::error(fields.place("tls"), message).help(help));
    }
    Some(Email {
        host,
        port: port.map_or(default_port(tls), |port| {
            u16::try_from(port).unwrap_or(u16::MAX)
        }),
        tls,
        from: from?,
        to: to?,
        login,
    })
}

/// The ports of RFC 6409 (587), RFC 8314 (465) and RFC 5321 (25).
const fn default_port(tls: MailTls) -> u16 {
    match tls {
        MailTls::StartTls => 587,
        MailTls::Implicit => 465,
        MailTls::None => 25,
    }
}

fn host(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    let text = read::line_of_text(node, findings)?;
    let is_name = text.len() <= MAX_HOST
        && !text.starts_with(['.', '-'])
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    if is_name || text.parse::<std::net::IpAddr>().is_ok() {
        return Some(text.to_owned());
    }
    let message = format!("{} is not a host", quoted(text));
    let help = "write the name alone, such as `smtp.example.com`; the port has a key of its own";
    findings.push(Diagnostic::error(node.place, message).help(help));
    None
}

fn receivers(node: &Node<'_>, findings: &mut Findings) -> Option<Vec<String>> {
    if node.scalar().is_some() {
        return Some(vec![address(node, findings)?]);
    }
    let items = read::list(node, "a list of addresses", findings)?;
    if items.len() > MAX_RECEIVERS {
        let message = format!("{} receivers; {MAX_RECEIVERS} is the most", items.len());
        let help = "let the mail server keep the list, and name the list";
        findings.push(Diagnostic::error(node.place, message).help(help));
        return None;
    }
    let mut addresses = Vec::new();
    for item in items {
        let Some(address) = address(item, findings) else {
            continue;
        };
        if addresses.contains(&address) {
            let message = format!("{} is a duplicate", quoted(&address));
            findings.push(Diagnostic::error(item.place, message).help("leave one of them out"));
        }
        addresses.push(address);
    }
    (addresses.len() == items.len()).then_some(addresses)
}

/// A bare address in ASCII, without quotes, comments and a name before it.
fn address(node: &Node<'_>, findings: &mut Findings) -> Option<String> {
    let text = read::line_of_text(node, findings)?;
    let is_address = text.len() <= MAX_ADDRESS
        && text.split_once('@').is_some_and(|(user, domain)| {
            let user_right = !user.is_empty()
                && !user.starts_with('.')
                && !user.ends_with('.')
                && !user.contains("..")
                && user
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-.".contains(&b));
            let label = |label: &str| {
                !label.is_empty()
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            };
            user_right && domain.split('.').all(label)
        });
    if is_address {
        return Some(text.to_owned());
    }
    let message = format!("{} is not an e-mail address", quoted(text));
    let help = "write the address alone, such as `me@example.com`";
    findings.push(Diagnostic::error(node.place, message).help(help));
    None
}

/// Both of them or neither.
fn login(
    fields: &Fields<'_, '_>,
    findings: &mut Findings,
) -> Option<(String, crate::rules::settings::SecretSource)> {
    let username = fields.read("username", findings, read::line_of_text);
    let password = fields.read("password", findings, secrets::source);
    let (lonely, missing) = match (fields.has("username"), fields.has("password")) {
        (true, false) => ("username", "password"),
        (false, true) => ("password", "username"),
        _ => return Some((username?.to_owned(), password?)),
    };
    let message = format!("`{lonely}` needs `{missing}`");
    let help = match missing {
        "password" => "add `password: { credential: smtp-password }`, or leave both out",
        _ => "add `username: riskd@example.com`, or leave both out",
    };
    findings.push(Diagnostic::error(fields.place(lonely), message).help(help));
    None
}
