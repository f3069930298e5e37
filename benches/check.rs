//! How long a rule file of 10,000 rules takes to check.
#![allow(missing_docs, reason = "a bench")]
#![allow(
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a bench prints, and fails by panicking"
)]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use riskd::rules;

/// Rules in the file.
const RULES: usize = 10_000;
/// Accounts in the file.
const ACCOUNTS: usize = 20;

/// A file of every kind of rule, in block style as people write it.
fn file() -> String {
    let mut text = String::from(
        "version: 1
sessions:
  globex:
    timezone: America/New_York
    open: \"18:00\"
    close: \"17:00\"
    days: [mon, tue, wed, thu, fri]
venues:
  crosstrade:
    kind: crosstrade
    token: { credential: crosstrade-token }
notify:
  log: { kind: log }
accounts:
",
    );
    for account in 0..ACCOUNTS {
        let _ = writeln!(
            text,
            "  apex-{account}:\n    venue: crosstrade\n    number: APEX-{account}\n    \
             session: globex\n    starting_balance: 50000\n    groups: [apex]"
        );
    }
    text.push_str("rules:\n");
    for rule in 0..RULES {
        let when = match rule % 5 {
            0 => format!("pnl: {{ loss: {} }}", rule + 1_000),
            1 => "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, \
                  lock_at: start + 100 }"
                .to_owned(),
            2 => "outside: [{ days: [sun, mon, tue, wed, thu], from: \"18:00\", to: \"16:55\" }]"
                .to_owned(),
            3 => "position: { contracts: 4, per_instrument: { ES: 2, NQ: 1 } }".to_owned(),
            _ => "all: [{ orders: { working: 10 } }, { pnl: { loss: 1% } }]".to_owned(),
        };
        let _ = writeln!(
            text,
            "  - name: rule {rule}\n    accounts: [\"apex-{}\"]\n    when:\n      {when}\n    \
             then: [cancel_orders, flatten, {{ lock: {{ until: session_end }} }}, \
             {{ notify: log }}]",
            rule % ACCOUNTS
        );
    }
    text
}

fn check(text: &str) -> rules::Loaded {
    rules::load("rules.yaml", text, &|_| {
        Err(std::io::ErrorKind::NotFound.into())
    })
}

/// Prints what one check takes of a processor, which says more than the time on
/// the wall where the machine is busy. It is the mean: the kernel brings this
/// clock up to date a few hundred times a second, so that the best of short
/// rounds would be too good.
fn print_processor_time(text: &str) {
    const ROUNDS: u32 = 20;
    let on_processor = || -> Option<u64> {
        let stat = std::fs::read_to_string("/proc/self/schedstat").ok()?;
        stat.split_whitespace().next()?.parse().ok()
    };
    let Some(before) = on_processor() else {
        return;
    };
    for _ in 0..ROUNDS {
        black_box(check(black_box(text)));
    }
    if let Some(after) = on_processor() {
        let micros = after.saturating_sub(before) / u64::from(ROUNDS) / 1_000;
        eprintln!(
            "{RULES} rules, {} bytes: {micros} µs of processor time (limit 100000 µs)",
            text.len()
        );
    }
}

fn bench(criterion: &mut Criterion) {
    let text = file();
    let loaded = check(&text);
    assert_eq!(loaded.render_short(), "");
    assert_eq!(
        loaded.rules.map(|rules| rules.book.rules.len()),
        Some(RULES)
    );
    print_processor_time(&text);
    let mut group = criterion.benchmark_group("check");
    group.sample_size(20);
    group.bench_function("10,000 rules", |bencher| {
        bencher.iter(|| check(black_box(&text)));
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
