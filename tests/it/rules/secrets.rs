//! A secret in a rule file is refused, and shown nowhere.

use riskd::rules::Color;

use super::{load, with_rules};

const SECRET: &str = "xct_9f3kQ7vZ2";

/// No text that comes of this file holds the secret, or half of it.
fn check(text: &str) {
    let loaded = load(text);
    assert!(loaded.rules.is_none(), "accepted: {text}");
    let json = serde_json::to_string(&loaded.diagnostics).unwrap();
    let texts = [
        loaded.render(Color::Plain),
        loaded.render(Color::Styled),
        loaded.render_short(),
        json,
        format!("{loaded:?}"),
    ];
    for shown in texts {
        let half = SECRET.len() / 2;
        let leaked = shown.contains(&SECRET[..half]) || shown.contains(&SECRET[half..]);
        assert!(!leaked, "in:\n{text}\nfound:\n{shown}");
    }
}

#[test]
fn a_literal_secret_is_refused_and_not_repeated() {
    let places = [
        format!("token: {SECRET}"),
        format!("token: '{SECRET}'"),
        format!("token: \"{SECRET}\""),
        format!("token: [{SECRET}]"),
        format!("token: {{ {SECRET} }}"),
        format!("token: {{ value: {SECRET} }}"),
        format!("token: {{ {SECRET}: x }}"),
        format!("token: {{ env: {SECRET} }}"),
        format!("token: {{ credential: {SECRET}/x }}"),
        format!("token: {{ env: {SECRET}, file: x }}"),
        format!("token: {{ {SECRET}{}: x }}", "0".repeat(100)),
        format!("token: {{ env: TOKEN }}, token:{SECRET}"),
        format!("token:{SECRET}"),
        format!("token: {{ credential:{SECRET} }}"),
        format!("token:\u{a0}{SECRET}"),
        format!("token: {{ env:\u{200b}{SECRET} }}"),
        format!("token\u{200b}: {SECRET}"),
        format!("token: {{ credential: x, {SECRET} }}"),
        format!("token: !!str {SECRET}"),
        format!("tokn: {SECRET}"),
        format!("token: {{ env: TOKEN }}, api_key: {SECRET}"),
        format!("token: {{ env: TOKEN }}, x: {{ y: [{SECRET}] }}"),
        format!("token: {{ env: TOKEN }}, base_url: https://user:{SECRET}@example.com"),
        format!("token: {{ env: TOKEN }}, base_url: https://example.com/?key={SECRET}"),
        format!("token: {{ env: TOKEN }}, base_url: ftp://{SECRET}@example.com"),
        // No YAML.
        format!("token: {SECRET}: x"),
        format!("token: {{ env: {SECRET}: x ] }}"),
        format!("token: '{SECRET}"),
    ];
    for place in &places {
        check(&with_rules("").replace("token: { env: TOKEN }", place));
    }
}

#[test]
fn the_words_of_a_message_stay() {
    for (source, words) in [
        (
            "{ credential: a b }",
            "this is not the name of a credential; use letters",
        ),
        (
            "{ env: TOKEN, file: x }",
            "the place of a secret has one key; these are `env` and `file`; write exactly one of \
             `credential`, `file` or `env`",
        ),
        (
            "{ env: name }",
            "this is not the name of an environment variable",
        ),
    ] {
        let loaded = load(&with_rules("").replace("{ env: TOKEN }", source));
        let short = loaded.render_short();
        assert!(short.contains(words), "{source}: {short}");
    }
    // A secret that is a word is one no longer in quotes.
    let loaded = load(&with_rules("").replace("{ env: TOKEN }", "{ hunter: x, huntre: y }"));
    assert!(
        !loaded.render_short().contains("hunt"),
        "{}",
        loaded.render_short()
    );
}

#[test]
fn a_secret_over_several_lines_is_not_repeated() {
    for block in [
        format!("token: |\n      {SECRET}\n      more"),
        format!("token:\n      - {SECRET}"),
        format!("token:\n      {SECRET}"),
        format!("token: >\n      {SECRET}\n   bad: [\n"),
    ] {
        let venue = format!("venues:\n  ct:\n    kind: crosstrade\n    {block}\n");
        let text = with_rules("").replace(
            "venues: { ct: { kind: crosstrade, token: { env: TOKEN } } }\n",
            &venue,
        );
        check(&text);
    }
}

#[test]
fn a_secret_behind_an_alias_is_not_repeated() {
    let text = with_rules("")
        .replace("version: 1", &format!("version: 1\nx: &secret {SECRET}"))
        .replace("token: { env: TOKEN }", "token: *secret");
    check(&text);
}

#[test]
fn the_addresses_of_webhooks_are_secrets() {
    let notifiers = [
        format!("kind: webhook, url: 'http://example.com/{SECRET}'"),
        format!("kind: webhook, url: '{SECRET}'"),
        format!("kind: webhook, url: [{SECRET}]"),
        format!("kind: webhook, url: 'https://example.com/{SECRET}', chat: x"),
        format!("kind: telegram, chat: x, token: {SECRET}"),
        format!("kind: slack, hook: 'https://example.com/{SECRET}'"),
        format!("hook: 'https://example.com/{SECRET}'"),
        format!("kind: discord, url: 'https://discord.com/api/webhooks/1/{SECRET}'"),
        format!("kind: slack, url: 'https://hooks.slack.com/services/{SECRET}'"),
        format!("kind: slack, url: ['https://hooks.slack.com/services/{SECRET}']"),
        format!("kind: telegram, chat: '1', token: {SECRET}"),
        format!("kind: telegram, chat: '1', token: {{ env: T }}, api: 'https://x/?k={SECRET}'"),
        format!("kind: ntfy, topic: t, token: {SECRET}"),
        format!("kind: ntfy, topic: t, server: 'https://me:{SECRET}@ntfy.example.com'"),
        format!("kind: webhook, url: 'https://example.com', token: {SECRET}"),
        format!("kind: email, host: h, from: a@b.de, to: c@d.de, username: u, password: {SECRET}"),
        format!("kind: email, host: h, from: a@b.de, to: c@d.de, pasword: {SECRET}"),
    ];
    for notifier in notifiers {
        let text = with_rules("").replace("{ kind: log }", &format!("{{ {notifier} }}"));
        check(&text);
    }
}

#[test]
fn right_secrets_are_accepted() {
    for source in [
        "{ env: A_1 }",
        "{ credential: crosstrade-token }",
        "{ file: /etc/x y }",
    ] {
        let loaded = load(&with_rules("").replace("{ env: TOKEN }", source));
        assert_eq!(loaded.render_short(), "");
    }
    for url in [
        "https://example.com/a?b=c",
        "http://127.0.0.1:9/x",
        "http://[::1]:9",
    ] {
        let notifier = format!("{{ kind: webhook, url: '{url}' }}");
        let loaded = load(&with_rules("").replace("{ kind: log }", &notifier));
        assert_eq!(loaded.render_short(), "");
    }
}

#[test]
fn the_address_of_a_heartbeat_is_a_secret() {
    for heartbeat in [
        format!("url: 'http://example.com/{SECRET}'"),
        format!("url: '{SECRET}'"),
        format!("url: {{ env: TOKEN }}, key: {SECRET}"),
        format!("uri: 'https://example.com/{SECRET}'"),
        format!("url: 'https://example.com/{SECRET}', every: 1s"),
    ] {
        let daemon = format!("version: 1\ndaemon: {{ heartbeat: {{ {heartbeat} }} }}");
        check(&with_rules("").replacen("version: 1", &daemon, 1));
    }
    let daemon = format!("version: 1\ndaemon: {{ heartbeat: 'https://example.com/{SECRET}' }}");
    check(&with_rules("").replacen("version: 1", &daemon, 1));
}

#[test]
fn a_line_with_a_character_that_cannot_be_seen_hides_its_secret() {
    let venue = "kind: crosstrade\n    token";
    let block = with_rules("").replace("kind: crosstrade, token", venue);
    for colon in ["\u{200b}:", "\u{a0}: ", ":\u{a0}"] {
        let text =
            format!("venues:\n  v:\n    kind: crosstrade\n    token{colon}{SECRET}\n{block}");
        check(&text);
    }
}
