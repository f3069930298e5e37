//! The text of a rule set as the record keeps it.
//!
//! The record explains firings by the text that they happened under, and a
//! start folds earlier texts to see what a change loosened. Both need the rules
//! and neither needs to reach a notifier, so an address that stands in plain
//! (whoever has it can post) is replaced by one that leads nowhere. The text
//! stays one that can be loaded, with every line where it was.

use super::diagnostic::{Findings, Place};
use super::node::{Node, Value};
use super::secret_text::{Secrets, Trust};
use super::tree;

/// What stands in the place of an address.
pub const HIDDEN_URL: &str = "https://hidden.invalid";

/// The text without the addresses of notifiers, and without what looks like a
/// secret in comment lines.
pub fn redacted_text(text: &str) -> String {
    let mut findings = Findings::default();
    let tree = tree::read(text, &mut findings);
    let Some(root) = tree.root.filter(|_| tree.complete) else {
        return Secrets::default().redacted(text, Trust::Unread);
    };
    let urls = urls(&root);
    let kept = replaced(text, urls.iter().flat_map(|node| places(node)).collect());
    let mut kept = comments_masked(&kept);
    for url in urls.iter().filter_map(|node| node.scalar()) {
        // An address that stands once more elsewhere is a secret there too.
        if !url.is_empty() && !HIDDEN_URL.contains(url) && kept.contains(url) {
            kept = kept.replace(url, HIDDEN_URL);
        }
    }
    kept
}

/// The addresses of notifiers and of the heartbeat that stand in the text
/// themselves.
fn urls<'n, 'a>(root: &'n Node<'a>) -> Vec<&'n Node<'a>> {
    let notifiers = root.get("notify").and_then(Node::entries);
    let urls = notifiers
        .unwrap_or_default()
        .iter()
        .filter_map(|entry| entry.value.get("url"));
    let heartbeat = root
        .get("daemon")
        .and_then(|daemon| daemon.get("heartbeat"));
    let heartbeat = heartbeat.and_then(|heartbeat| heartbeat.get("url"));
    urls.chain(heartbeat)
        .filter(|url| matches!(url.value, Value::Scalar { .. }))
        .collect()
}

fn places(node: &Node<'_>) -> Vec<Place> {
    let origin = node.origin.as_deref().copied();
    origin.into_iter().chain([node.place]).collect()
}

fn replaced(text: &str, mut places: Vec<Place>) -> String {
    places.sort_by_key(|place| place.start);
    places.dedup_by_key(|place| place.start);
    let mut kept = String::with_capacity(text.len());
    let mut done = 0_usize;
    for place in places {
        let range = place.range();
        kept.push_str(text.get(done..range.start).unwrap_or_default());
        kept.push_str(HIDDEN_URL);
        // Lines below keep their numbers.
        let breaks = text.get(range.clone()).map_or(0, |old| {
            old.trim_end().bytes().filter(|byte| *byte == b'\n').count()
        });
        kept.push_str(&"\n".repeat(breaks));
        let old = text.get(range.clone()).unwrap_or_default();
        kept.push_str(old.get(old.trim_end().len()..).unwrap_or_default());
        done = range.end;
    }
    kept.push_str(text.get(done..).unwrap_or_default());
    kept
}

fn comments_masked(text: &str) -> String {
    let redacted = |line: &str| {
        if line.trim_start().starts_with('#') {
            Secrets::default().redacted(line, Trust::Unread)
        } else {
            line.to_owned()
        }
    };
    text.split_inclusive('\n').map(redacted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hooks.example.com/T0/s3cr3t";

    fn kept(notify: &str) -> String {
        redacted_text(&format!("version: 1\nnotify:\n{notify}rules: []\n"))
    }

    #[test]
    fn the_address_of_a_notifier_is_not_kept() {
        let cases = [
            "  a: { kind: webhook, url: https://URL }\n",
            "  a: { kind: webhook, url: \"https://URL\" }\n",
            "  a: { kind: webhook, url: 'https://URL?key=1' }\n",
            "  a:\n    kind: webhook\n    url: https://URL # the desk's\n",
            "  a:\n    kind: webhook\n    url:\n      https://URL\n",
            "  a:\n    kind: webhook\n    url: >-\n      https://URL\n",
            "  a: { kind: webhook, url: &u https://URL }\n  b: { kind: webhook, url: *u }\n",
            "  # url: https://URL\n  a: { kind: log }\n",
            "  a: { kind: webhook, url: https://URL }\n  # before: https://URL\n",
        ];
        for case in cases {
            let text = case.replace("URL", SECRET);
            let kept = kept(&text);
            assert!(!kept.contains("s3cr3t"), "{kept}");
            let whole = format!("version: 1\nnotify:\n{text}rules: []\n");
            assert_eq!(kept.lines().count(), whole.lines().count(), "{kept}");
            let mut findings = Findings::default();
            let tree = tree::read(&kept, &mut findings);
            assert!(tree.complete, "{kept}");
            let root = tree.root.unwrap();
            for entry in root.get("notify").unwrap().entries().unwrap() {
                let url = entry.value.get("url").and_then(Node::scalar);
                let is_hidden = url.is_none_or(|url| url == HIDDEN_URL);
                assert!(is_hidden, "{url:?} in {kept}");
            }
            assert!(root.get("rules").is_some(), "{kept}");
        }
    }

    #[test]
    fn the_address_of_the_heartbeat_is_not_kept() {
        let text = "version: 1\ndaemon: { heartbeat: { url: https://beat.example.com/s3cr3t, every: 30s } }\nrules: []\n";
        let kept = redacted_text(text);
        assert_eq!(
            kept,
            text.replace("https://beat.example.com/s3cr3t", HIDDEN_URL)
        );
    }

    #[test]
    fn what_is_no_secret_stays_as_it_is() {
        let text = "version: 1\n# base_url: https://x\nnotify:\n  a: { kind: webhook, url: { credential: hook } }\nvenues:\n  key: { base_url: https://x }\n";
        assert_eq!(redacted_text(text), text);
    }
}
