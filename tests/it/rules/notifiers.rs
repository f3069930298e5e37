//! The `notify` section and the heartbeat: what is right, and what is said of
//! what is not.

use chrono::TimeDelta;
use riskd::domain::severity::Severity;
use riskd::rules::settings::{MailTls, NotifierKind, PlainOrSecret, SecretSource};

use super::mistakes::check;
use super::{load, with_rules};

/// Each in place of `kind: log`.
pub const RIGHT: [&str; 14] = [
    "kind: log, severity: info",
    "kind: webhook, url: 'https://example.com/a?b=c', token: { env: T }, severity: warning",
    "kind: telegram, chat: \"12345\", token: { credential: telegram-token }",
    "kind: telegram, chat: -10012345, token: { env: T }, severity: critical",
    "kind: telegram, chat: '@my_channel', token: { env: T }, api: 'http://127.0.0.1:8081'",
    "kind: discord, url: { credential: discord-url }",
    "kind: slack, url: { file: /etc/riskd/slack-url }",
    "kind: ntfy, topic: riskd-7f3a",
    "kind: ntfy, topic: { env: TOPIC }, server: 'https://ntfy.example.com/', token: { env: T }",
    "kind: email, host: smtp.example.com, from: riskd@example.com, to: me@example.com",
    "kind: email, host: smtp.example.com, from: riskd@example.com, to: [a@b.de, c.d+e@f-g.co.uk], tls: implicit, username: me, password: { env: T }",
    "kind: email, host: localhost, tls: none, from: riskd@localhost, to: root@localhost",
    "kind: email, host: '::1', tls: none, port: 2525, from: a@b.de, to: c@d.de",
    "kind: email, host: 127.0.0.1, tls: none, port: 2525, from: a@b.de, to: c@d.de",
];

/// Wrong by their shape alone.
pub const WRONG_IN_SHAPE: [&str; 12] = [
    "kind: telegram, chat: '1'",
    "kind: telegram, token: { env: T }",
    "kind: telegram, chat: '1', token: { env: T }, parse_mode: html",
    "kind: discord",
    "kind: discord, url: https://discord.com/api/webhooks/1/x",
    "kind: slack, url: https://hooks.slack.com/services/x",
    "kind: ntfy, server: https://ntfy.sh",
    "kind: email, host: h, from: a@b.de",
    "kind: email, host: h, from: a@b.de, to: []",
    "kind: email, host: h, from: a@b.de, to: c@d.de, port: 70000",
    "kind: email, host: h, from: a@b.de, to: c@d.de, tls: always",
    "kind: log, severity: fatal",
];

/// Wrong by their shape alone.
pub const WRONG_HEARTBEATS: [&str; 3] = [
    "{ every: 60s }",
    "{ url: { env: U }, every: 60 }",
    "https://example.com",
];

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let email = "kind: email, host: h.example, from: a@b.de, to: c@d.de";
    let many: Vec<String> = (0..21).map(|n| format!("a{n}@b.de")).collect();
    let cases = [
        (
            "kind: telegram, chat: ^'me', token: { env: T }".to_owned(),
            "`\"@name\"` of a channel",
        ),
        (
            "kind: telegram, chat: ^'@me', token: { env: T }".to_owned(),
            "is not a chat",
        ),
        (
            "kind: telegram, chat: ^'', token: { env: T }".to_owned(),
            "is not a chat",
        ),
        (
            format!(
                "kind: telegram, chat: ^'{}', token: {{ env: T }}",
                "1".repeat(21)
            ),
            "is not a chat",
        ),
        (
            "kind: telegram, chat: '1', token: ^123:abc".to_owned(),
            "a secret must not stand in a rule file; take the secret out",
        ),
        (
            "kind: telegram, chat: '1', token: { env: T }, api: ^http://example.com".to_owned(),
            "plain http is possible only to this machine itself",
        ),
        (
            "kind: discord, url: ^https://discord.com/x".to_owned(),
            "the address of a Discord webhook is a secret, since whoever knows it can write; it must not stand in a rule file; take the secret out of this file and say where it is found: `{ credential: NAME }`",
        ),
        (
            "kind: slack, url: ^https://x.example".to_owned(),
            "a Slack webhook is a secret",
        ),
        (
            "kind: ntfy, topic: ^a/b".to_owned(),
            "`server: https://...`",
        ),
        (
            format!("kind: ntfy, topic: ^{}", "x".repeat(65)),
            "64 at most",
        ),
        (
            "kind: ntfy, topic: t, server: ^ftp://x".to_owned(),
            "not `https://`",
        ),
        (
            "^kind: ntfy".to_owned(),
            "needs the key `topic`; add `topic: ",
        ),
        (
            email.replace("h.example", "^smtp://h"),
            "write the name alone",
        ),
        (
            email.replace("h.example", "^h:587"),
            "the port has a key of its own",
        ),
        (
            email.replace("a@b.de", "^ab.de"),
            "is not an e-mail address",
        ),
        (
            email.replace("a@b.de", "^'R <a@b.de>'"),
            "write the address alone",
        ),
        (
            email.replace("c@d.de", "[c@d.de, ^c@@d.de]"),
            "is not an e-mail address",
        ),
        (
            email.replace("c@d.de", "[c@d.de, ^c@d.de]"),
            "is a duplicate",
        ),
        (
            email.replace("c@d.de", &format!("^[{}]", many.join(", "))),
            "20 is the most",
        ),
        (
            email.replace("a@b.de", &format!("^{}@b.de", "a".repeat(250))),
            "is not an e-mail address",
        ),
        (
            format!("{email}, username: ^me"),
            "`username` needs `password`",
        ),
        (
            format!("{email}, password: ^{{ env: T }}"),
            "`password` needs `username`",
        ),
        (
            format!("{email}, tls: ^none"),
            "only to this machine itself; write `tls: starttls`",
        ),
        (
            "kind: log, severity: ^fatal".to_owned(),
            "`info`, `warning` or `critical`",
        ),
        (
            "kind: log, ^sevrity: info".to_owned(),
            "did you mean `severity`?",
        ),
    ];
    for (notifier, words) in cases {
        let text = match notifier.strip_prefix('^') {
            // The whole mapping is what is wrong.
            Some(bare) => with_rules("").replace("{ kind: log }", &format!("^{{ {bare} }}")),
            None => with_rules("").replace("kind: log", &notifier),
        };
        check(&text, words);
    }
}

#[test]
fn there_is_a_most_of_notifiers() {
    let many = |count: usize| {
        let more: String = (1..count)
            .map(|n| format!(", n{n}: {{ kind: log }}"))
            .collect();
        with_rules("").replace("{ kind: log }", &format!("{{ kind: log }}{more}"))
    };
    assert!(load(&many(50)).rules.is_some());
    let refused = load(&many(51)).render_short();
    assert!(
        refused.contains("51 notifiers; 50 is the most"),
        "{refused}"
    );
}

#[test]
fn a_heartbeat_has_an_address_and_a_span() {
    let with = |heartbeat: &str| {
        let daemon = format!("version: 1\ndaemon: {{ heartbeat: {heartbeat} }}");
        with_rules("").replacen("version: 1", &daemon, 1)
    };
    for (heartbeat, seconds) in [
        ("{ url: { credential: beat } }", 60),
        ("{ url: 'https://hc.example/x?y=z', every: 5s }", 5),
        ("{ url: 'http://127.0.0.1:8000/x', every: 1h }", 3600),
    ] {
        let loaded = load(&with(heartbeat));
        assert_eq!(loaded.render_short(), "");
        let daemon = loaded.rules.unwrap().daemon;
        assert_eq!(daemon.heartbeat.unwrap().every, TimeDelta::seconds(seconds));
    }
    for (heartbeat, words) in [
        ("{ url: { env: U }, every: ^4s }", "every `5s` to `1h`"),
        ("{ url: { env: U }, every: ^2h }", "every `5s` to `1h`"),
        ("{ url: ^'http://example.com' }", "plain http"),
        ("^{ every: 60s }", "needs the key `url`"),
        (
            "{ url: { env: U }, ^interval: 60s }",
            "unknown key `interval`",
        ),
    ] {
        check(&with(heartbeat), words);
    }
}

/// A file with every section: what it shows loads.
const DESIGN: &str = r#"# yaml-language-server: $schema=./rules.schema.json
version: 1

daemon:
  mode: enforce            # or observe: decide and record, send nothing
  database: riskd.db       # default: $STATE_DIRECTORY/riskd.db, else ./riskd.db
  http: 127.0.0.1:7380     # local status API and page; `off` disables
  loosening: next_session  # when an edit that loosens a rule takes effect: immediate (default) | next_session

sessions:
  globex:
    timezone: America/New_York
    open: "18:00"
    close: "17:00"                         # optional; without it a session lasts until the next open
    days: [mon, tue, wed, thu, fri]        # trade dates: Monday's session opens on Sunday 18:00
    closures: holidays.csv                 # optional: date,close_time (empty = closed all day)

venues:
  crosstrade:
    kind: crosstrade
    token: { credential: crosstrade-token } # or { file: PATH } (0600 or tighter) or { env: NAME }
    poll: 1s
    base_url: https://app.crosstrade.io/v1/api   # the default; plain http only to a loopback address

accounts:
  apex-1:
    venue: crosstrade
    number: APEX-1234-01                   # the account's name at the venue
    session: globex
    starting_balance: 50000
    groups: [apex, funded]

notify:
  phone: { kind: telegram, chat: "12345", token: { credential: telegram-token } }

rules:
  - name: daily loss limit
    accounts: [apex-*]                     # names or groups, * and ? match
    when:
      pnl: { loss: 1000 }
    then: [cancel_orders, flatten, { lock: { until: session_end } }, { notify: phone }]

  - name: trailing drawdown
    accounts: [funded]
    when:
      trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, lock_at: start + 100 }
    then: [cancel_orders, flatten, { lock: { until: manual } }, { notify: phone }]

  - name: flat by the close
    accounts: ["*"]
    when:
      outside: [{ days: [sun, mon, tue, wed, thu], from: "18:00", to: "16:55", timezone: America/New_York }]
    then: [cancel_orders, flatten, { notify: phone }]
"#;

#[test]
fn the_example_of_the_design_loads() {
    let loaded = load(DESIGN);
    assert_eq!(loaded.render_short(), "");
    let rules = loaded.rules.unwrap();
    let phone = &rules.notifiers[0];
    assert_eq!(phone.severity, Severity::Info);
    let credential = SecretSource::Credential("telegram-token".to_owned());
    assert_eq!(
        phone.kind,
        NotifierKind::Telegram {
            api: "https://api.telegram.org".to_owned(),
            chat: "12345".to_owned(),
            token: credential,
        }
    );
    assert_eq!(rules.book.rules.len(), 3);
}

#[test]
fn what_is_left_out_is_as_usual() {
    let kind = |notifier: &str| {
        let text = with_rules("").replace("kind: log", notifier);
        load(&text).rules.unwrap().notifiers.remove(0).kind
    };
    let NotifierKind::Ntfy { server, topic, .. } = kind("kind: ntfy, topic: t") else {
        panic!();
    };
    assert_eq!(server, "https://ntfy.sh");
    assert_eq!(topic, PlainOrSecret::Plain("t".to_owned()));
    for (tls, expect, port) in [
        ("", MailTls::StartTls, 587),
        (", tls: starttls", MailTls::StartTls, 587),
        (", tls: implicit", MailTls::Implicit, 465),
        (", tls: none", MailTls::None, 25),
        (", port: 2525", MailTls::StartTls, 2525),
    ] {
        let text = format!("kind: email, host: localhost, from: a@b.de, to: c@d.de{tls}");
        let NotifierKind::Email(email) = kind(&text) else {
            panic!();
        };
        assert_eq!((email.tls, email.port), (expect, port));
        assert_eq!(email.to, ["c@d.de"]);
    }
}

#[test]
fn warnings_that_no_notifier_hears_are_warned_of() {
    let with = |severity: &str, warn_at: &str| {
        let rule = format!(
            "  - {{ name: r, accounts: [a-1], when: {{ pnl: {{ loss: 5 }} }}, then: [flatten], warn_at: {warn_at}, notify: log }}\n"
        );
        with_rules(&rule).replace("kind: log", &format!("kind: log, severity: {severity}"))
    };
    check(
        &with("critical", "^[70%]"),
        "warning: nobody hears of these warnings",
    );
    for severity in ["info", "warning"] {
        assert_eq!(load(&with(severity, "[70%]")).render_short(), "");
    }
}
