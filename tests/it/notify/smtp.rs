//! E-mail, against a small server of this process.

use std::process::Output;

use super::smtp_server::{Certificate, Manner, SmtpServer};
use super::{CANARY, Desk, Secrets, fired, moment, notice, rule_file, rule_set};
use crate::machine;
use riskd::engine::effect::Severity;
use riskd::notify::{Message, try_once};

fn notifier(server: &SmtpServer, more: &str) -> String {
    format!(
        "  mail: {{ kind: email, host: 127.0.0.1, port: {}, tls: none, from: riskd@desk.example, to: [me@example.com, you@example.com]{more} }}",
        server.address.port()
    )
}

/// Waits for the end of a message.
async fn message(server: &SmtpServer) -> Vec<String> {
    for _ in 0..1000 {
        let lines = server.lines();
        if lines.iter().any(|line| line == ".") {
            return lines;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("no message came: {:?}", server.lines());
}

#[tokio::test]
async fn an_e_mail_says_in_its_subject_what_it_is_about() {
    let server = SmtpServer::new(Manner::default(), None);
    let mut desk = Desk::new(&notifier(&server, ""));
    desk.send(fired("daily loss"));
    let lines = message(&server).await;
    let has = |wanted: &str| {
        assert!(
            lines.iter().any(|line| line == wanted),
            "{wanted}: {lines:#?}"
        )
    };
    has("EHLO desk.example");
    has("RCPT TO:<me@example.com>");
    has("RCPT TO:<you@example.com>");
    has("From: riskd@desk.example");
    has("To: me@example.com, you@example.com");
    has("Subject: [riskd] critical: apex_1, daily loss");
    has("Auto-Submitted: auto-generated");
    has("Message-ID: <riskd-1772721000000000-1@desk.example>");
    has("P&L -1,012.50 <= -1,000.00 *now*, closing ES_03-26 @everyone");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("MAIL FROM:<riskd@desk.example>"))
    );
    assert!(lines.iter().any(|line| line.starts_with("Date: ")));
    // RFC 5322 wants each of these once, RFC 2045 those of MIME.
    for name in [
        "Date",
        "From",
        "To",
        "Subject",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
        "Auto-Submitted",
    ] {
        let start = format!("{name}: ");
        let found = lines.iter().filter(|line| line.starts_with(&start));
        assert_eq!(found.count(), 1, "{name}: {lines:#?}");
    }
    has("MIME-Version: 1.0");
    has("Content-Type: text/plain; charset=utf-8");
    assert!(!lines.iter().any(|line| line.starts_with("AUTH")));
}

#[tokio::test]
async fn no_text_becomes_a_header_or_an_end() {
    let server = SmtpServer::new(Manner::default(), None);
    let mut desk = Desk::new(&notifier(&server, ""));
    let mut evil = notice(
        Severity::Info,
        "x\r\nBcc: evil@example.com",
        "one\n.\nQUIT\nBcc: two",
    );
    evil.rule = Some("x\r\nBcc: evil@example.com\r\n\r\nbody".into());
    desk.send(evil);
    let lines = message(&server).await;
    let end_of_headers = lines.iter().position(String::is_empty).unwrap();
    assert!(
        !lines[..end_of_headers]
            .iter()
            .any(|line| line.starts_with("Bcc")),
        "{lines:#?}"
    );
    // The dot of the text is duplicate, so that the message goes on behind it.
    assert!(lines.iter().any(|line| line == ".."), "{lines:#?}");
    assert!(lines.iter().any(|line| line == "Bcc: two"));
}

#[tokio::test]
async fn a_refusal_is_told_in_the_words_of_the_server_without_the_password() {
    let secrets = Secrets::new();
    let password = secrets.file("password", CANARY);
    let login = format!(", username: me, password: {password}");
    for (manner, words) in [
        (
            Manner {
                login: Some("535 5.7.8 bad password cAnArY"),
                ..Manner::default()
            },
            "535",
        ),
        (
            Manner {
                receiver: Some("550 5.1.1 no such user"),
                ..Manner::default()
            },
            "no such user",
        ),
        (
            Manner {
                receiver: Some("451 4.7.1 greylisted"),
                ..Manner::default()
            },
            "greylisted",
        ),
    ] {
        let server = SmtpServer::new(manner, None);
        let rules = rule_set(&notifier(&server, &login));
        let failed = try_once(&rules.notifiers[0], &Message::test(moment())).await;
        let error = failed.unwrap_err().to_string();
        assert!(error.contains(words) && !error.contains(CANARY), "{error}");
        // The password went out in base64, and only there.
        assert!(
            server
                .lines()
                .iter()
                .any(|line| line.starts_with("AUTH PLAIN "))
        );
    }
}

/// `riskd notify-test` as it would run on a machine that trusts this certificate.
fn test_with(
    secrets: &Secrets,
    server: &SmtpServer,
    tls: &str,
    trusted: &std::path::Path,
) -> Output {
    let password = secrets.file("password", CANARY);
    let notify = format!(
        "  mail: {{ kind: email, host: localhost, port: {}, {tls} from: riskd@desk.example, to: me@example.com, username: me, password: {password} }}",
        server.address.port()
    );
    let rules = secrets.path("rules.yaml");
    std::fs::write(&rules, rule_file(&notify)).unwrap();
    machine::riskd()
        .args(["notify-test", "mail", "--rules"])
        .arg(&rules)
        .env("SSL_CERT_FILE", trusted)
        .env("SSL_CERT_DIR", secrets.path("none"))
        .output()
        .unwrap()
}

/// What was said before TLS began, and after.
fn halves(server: &SmtpServer) -> (Vec<String>, Vec<String>) {
    let mut lines = server.lines();
    let at = lines.iter().position(|line| line == "<tls>").expect("TLS");
    let after = lines.split_off(at + 1);
    (lines, after)
}

#[test]
fn starttls_and_implicit_tls_hide_everything() {
    for (manner, tls, before_tls) in [
        (
            Manner {
                starttls: true,
                ..Manner::default()
            },
            "",
            2,
        ),
        (
            Manner {
                implicit: true,
                ..Manner::default()
            },
            "tls: implicit,",
            0,
        ),
    ] {
        let secrets = Secrets::new();
        let certificate = Certificate::new(secrets.0.path());
        let server = SmtpServer::new(manner, Some(&certificate));
        let output = test_with(&secrets, &server, tls, &certificate.file);
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        assert!(
            out.contains("mail (email): the server answered 250 2.0.0 Ok: queued as 4242"),
            "{out}"
        );
        let (before, after) = halves(&server);
        assert!(
            before.starts_with(
                &["EHLO desk.example".to_owned(), "STARTTLS".to_owned()][..before_tls]
            )
        );
        assert!(before.len() <= before_tls + 1, "{before:?}");
        assert!(after.iter().any(|line| line.starts_with("AUTH PLAIN ")));
        assert!(
            after
                .iter()
                .any(|line| line == "Subject: [riskd] info: test")
        );
    }
}

#[test]
fn nothing_is_said_to_a_server_that_cannot_be_trusted() {
    let secrets = Secrets::new();
    let folder = tempfile::tempdir().unwrap();
    let trusted = Certificate::new(folder.path());
    let unknown = Certificate::new(secrets.0.path());
    for (manner, tls) in [
        // A certificate that nobody vouches for.
        (
            Manner {
                starttls: true,
                ..Manner::default()
            },
            "",
        ),
        (
            Manner {
                implicit: true,
                ..Manner::default()
            },
            "tls: implicit,",
        ),
        // No STARTTLS where it is asked for.
        (Manner::default(), ""),
    ] {
        let server = SmtpServer::new(manner, Some(&unknown));
        let output = test_with(&secrets, &server, tls, &trusted.file);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let lines = server.lines();
        for verb in ["AUTH", "MAIL", "RCPT", "DATA"] {
            assert!(
                !lines.iter().any(|line| line.starts_with(verb)),
                "{lines:?}"
            );
        }
        let shown = format!("{output:?}");
        assert!(!shown.contains(CANARY), "{shown}");
    }
}
