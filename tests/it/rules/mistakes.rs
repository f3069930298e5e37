//! Mistakes, each with its place and what is said of it.

use riskd::rules::{Color, Loaded};

use super::{load, with_condition, with_rules};

/// Checks that a text with one `^` in front of a mistake has that one
/// diagnostic there, with these words in its message and help.
pub fn check(marked: &str, words: &str) {
    let at = marked.find('^').expect("a mark");
    let text = marked.replacen('^', "", 1);
    let line = marked[..at].matches('\n').count() + 1;
    let line_start = marked[..at].rfind('\n').map_or(0, |at| at + 1);
    let column = marked[line_start..at].chars().count() + 1;
    let loaded = load(&text);
    let short = loaded.render_short();
    let place = format!("rules.yaml:{line}:{column}: ");
    assert!(
        short.starts_with(&place) && short.contains(words) && short.lines().count() == 1,
        "expected {place}... {words}\nin:\n{text}\nfound:\n{short}"
    );
    assert_eq!(loaded.rules.is_none(), short.contains(": error: "));
    // Each is rendered with the line that it is about.
    assert!(
        loaded
            .render(Color::Plain)
            .contains(&format!("rules.yaml:{line}:{column}"))
    );
}

fn messages(loaded: &Loaded) -> Vec<&str> {
    loaded
        .diagnostics
        .iter()
        .map(|found| found.message.as_str())
        .collect()
}

#[test]
fn ten_mistakes_are_ten_diagnostics() {
    let text = "\
version: 1
deamon: { mode: observe }
sessions:
  globex: { timezone: EST, open: 18:00, days: [mon, tue, wed, thu, fri] }
venues:
  crosstrade: { kind: crosstrade, token: { credential: crosstrade-token }, poll: 5 }
accounts:
  apex-1: { venue: crosstrad, number: APEX-1, session: globex }
rules:
  - name: daily loss limit
    acounts: [apex-1]
    accounts: [apex-2]
    when:
      pnl: { loss: 1_000 }
    then: [cancel_orders, flaten]
  - name: daily loss limit
    accounts: [apex-1]
    when: { pnl: { loss: 500 } }
    then: [flatten]
    enabled: true
    enabled: false
";
    let loaded = load(text);
    assert_eq!(loaded.diagnostics.len(), 10);
    insta::assert_snapshot!("ten_mistakes_short", loaded.render_short());
    insta::assert_snapshot!("ten_mistakes", loaded.render(Color::Plain));
    assert!(
        loaded
            .diagnostics
            .iter()
            .all(|found| found.is_error() && found.help.is_some())
    );
}

#[test]
fn conditions() {
    let cases = [
        // pnl
        ("pnl: ^{ of: total }", "needs a `loss` or a `profit`"),
        (
            "^pln: { loss: 5 }",
            "unknown key `pln` in a condition; did you mean `pnl`?",
        ),
        (
            "^trads: { most: 5 }",
            "unknown key `trads` in a condition; a condition may have `all`",
        ),
        (
            "^trades: { most: 5 }",
            "it sees accounts, not single trades",
        ),
        ("^losing_streak: 3", "riskd has no such condition"),
        ("^news: 5m", "riskd knows no news"),
        ("^daily_loss: 1000", "write `pnl: { loss: 1000 }`"),
        ("^max_drawdown: 5%", "write `trailing_drawdown`"),
        ("pnl: { ^los: 5 }", "did you mean `loss`?"),
        ("orders: { ^workin: 5 }", "did you mean `working`?"),
        ("position: { ^contract: 5 }", "did you mean `contracts`?"),
        (
            "pnl: { loss: 1,^000 }",
            "write `1000` where the comma parts thousands, or `1.00`",
        ),
        (
            "pnl: { ^loss:1000 }",
            "put a space after the colon: `loss: 1000`",
        ),
        (
            "pnl: { ^loss\u{a0}: 1000 }",
            "the key `loss` has the character U+00A0 in it",
        ),
        (
            "pnl: { ^\u{200b}loss: 1000 }",
            "the key `loss` has the character U+200B in it",
        ),
        ("pnl: { loss: ^2 % }", "write `2%`, without the space"),
        (
            "pnl: { loss: ^0 }",
            "must be above zero; write a number such as `1000`",
        ),
        ("pnl: { ^los: 5, profit: 5 }", "did you mean `loss`?"),
        ("pnl: { loss: ^0 }", "must be above zero"),
        (
            "pnl: { loss: ^-1000 }",
            "write it without the minus: `1000`",
        ),
        ("pnl: { loss: ^1_000 }", "write digits alone: `1000`"),
        (
            "pnl: { loss: ^'1,000' }",
            "write `1000` where the comma parts thousands, or `1.00`",
        ),
        ("pnl: { loss: ^$1000 }", "write digits alone: `1000`"),
        ("pnl: { loss: ^+5 }", "write digits alone: `5`"),
        ("pnl: { loss: ^1e3 }", "write all digits"),
        ("pnl: { loss: ^.inf }", "leave the key out"),
        ("pnl: { loss: ^.nan }", "leave the key out"),
        ("pnl: { loss: ^0x10 }", "write a decimal number"),
        ("pnl: { loss: ^010 }", "without leading zeros: `10`"),
        ("pnl: { loss: ^.5 }", "both sides of the point"),
        ("pnl: { loss: ^5. }", "both sides of the point"),
        ("pnl: { loss: ^many }", "`many` is not a plain number"),
        (
            "pnl: { loss: ^99999999999999999999 }",
            "at most 1000000000000000",
        ),
        (
            "pnl: { loss: ^1.00000000000000001 }",
            "10 digits behind the point",
        ),
        (
            "pnl: { loss: ^[5] }",
            "expected an amount or a percentage, found a list",
        ),
        ("pnl: { ^loss: , profit: 5 }", "a value is missing"),
        ("pnl: { loss: ^101% }", "above 0% and up to 100%"),
        ("pnl: { loss: ^0% }", "out of range"),
        (
            "pnl: { loss: 5, of: ^realised }",
            "did you mean `realized`?",
        ),
        (
            "pnl: { loss: 5, over: ^day }",
            "is not one of `session`, `week`, `month` or `lifetime`",
        ),
        (
            "pnl: { loss: 5, of: ^realized, per: position }",
            "an open result only",
        ),
        (
            "pnl: { loss: 5, over: ^week, per: position }",
            "result has no span",
        ),
        (
            "pnl: { loss: 5, over: ^month, of: unrealized }",
            "an open result has no span",
        ),
        ("pnl: { loss: 5, breach: ^beyond }", "`touch` or `cross`"),
        ("pnl: ^[loss, 5]", "`pnl` is a mapping, not a list"),
        // profit_floor and max_loss
        (
            "profit_floor: { arm_at: 100, floor: ^100 }",
            "the floor must be below `arm_at`",
        ),
        (
            "profit_floor: ^{ arm_at: 100 }",
            "`profit_floor` needs the key `floor`",
        ),
        (
            "profit_floor: { arm_at: ^-5, floor: -10 }",
            "must be above zero",
        ),
        ("max_loss: ^{ amount: 5% }", "needs the key `anchor`"),
        (
            "max_loss: { amount: 5%, anchor: ^session }",
            "is not one of `starting_balance`",
        ),
        // trailing_drawdown
        (
            "trailing_drawdown: ^{ metric: equity, trail: 5 }",
            "needs the key `span`",
        ),
        (
            "trailing_drawdown: { metric: pnl, trail: 5, span: ^lifetime }",
            "begins anew each session",
        ),
        (
            "trailing_drawdown: { metric: pnl, trail: ^5% }",
            "needs `arm_at`",
        ),
        (
            "trailing_drawdown: { metric: unrealized, trail: ^5% }",
            "needs `arm_at`",
        ),
        (
            "trailing_drawdown: { metric: equity, mark: ^pnl, trail: 5, span: session }",
            "cannot be compared",
        ),
        (
            "trailing_drawdown: { metric: equity, trail: 5, span: session, ratchet: ^session_end }",
            "cannot move at its end",
        ),
        (
            "trailing_drawdown: { metric: equity, trail: 5, span: session, high_water: ^5 }",
            "for a mark that lasts",
        ),
        (
            "trailing_drawdown: { metric: equity, trail: 5, span: lifetime, high_water: ^49000 }",
            "below its starting balance of 50000.00",
        ),
        (
            "trailing_drawdown: { metric: pnl, trail: 5, lock_at: ^start + 5 }",
            "`start` is a balance",
        ),
        (
            "trailing_drawdown: { metric: equity, trail: 5, span: session, lock_at: ^start - 5 }",
            "write a number, `start`, or `start + 100`",
        ),
        (
            "trailing_drawdown: { metric: pnl, trail: 5, arm_at: ^0 }",
            "must be above zero",
        ),
        // Levels and amounts that can never matter.
        (
            "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, lock_at: ^100 }",
            "error: this level is below the first floor of `a-1` (47,500.00), so the floor would never rise beyond 100.00; write `start + 100`",
        ),
        (
            "trailing_drawdown: { metric: balance, trail: 5%, span: lifetime, lock_at: ^47000 }",
            "first floor of `a-1` (47,500.00), so the floor would never rise beyond 47,000.00; write 47500.00 or more",
        ),
        (
            "trailing_drawdown: { metric: equity, trail: 2500, span: session, lock_at: ^100 }",
            "warning: this level is below the first floor",
        ),
        (
            "trailing_drawdown: { metric: pnl, trail: 500, lock_at: ^-600 }",
            "error: this level is below the first floor of `a-1` (-500.00)",
        ),
        (
            "trailing_drawdown: { metric: equity, trail: ^60000, span: lifetime }",
            "warning: a trail of 60,000.00 is no less than the whole starting balance of `a-1` (50,000.00)",
        ),
        (
            "pnl: { loss: ^60000 }",
            "warning: a loss of 60,000.00 is no less than the whole",
        ),
        (
            "max_loss: { amount: ^50000, anchor: session_equity }",
            "warning: a loss of 50,000.00 is no less than the whole",
        ),
        // windows
        ("outside: ^[]", "a list of windows is empty"),
        (
            "outside: ^{ days: [mon], from: '09:00', to: '10:00' }",
            "found one window",
        ),
        (
            "outside: [{ days: ^mon-fri, from: '09:00', to: '10:00' }]",
            "write every day: `[mon, tue, wed, thu, fri]`",
        ),
        (
            "outside: [{ days: [^Sunday to Tue], from: '09:00', to: '10:00' }]",
            "write every day: `[sun, mon, tue]`",
        ),
        (
            "outside: [{ days: ^weekdays, from: '09:00', to: '10:00' }]",
            "write every day: `[mon, tue, wed, thu, fri]`",
        ),
        (
            "outside: [{ days: [^monday], from: '09:00', to: '10:00' }]",
            "write `mon`",
        ),
        (
            "outside: [{ days: [mon, ^mon], from: '09:00', to: '10:00' }]",
            "is a duplicate",
        ),
        (
            "outside: [{ days: [mon], from: ^9:30, to: '10:00' }]",
            "write `\"09:30\"`",
        ),
        (
            "outside: [{ days: [mon], from: ^570, to: '10:00' }]",
            "`\"09:30\"`?",
        ),
        (
            "outside: [{ days: [mon], from: ^25:00, to: '10:00' }]",
            "24-hour clock",
        ),
        (
            "outside: [{ days: [mon], from: ^'24:00', to: '10:00' }]",
            "cannot start at 24:00",
        ),
        (
            "outside: [{ days: [mon], from: ^'10:00', to: '10:00' }]",
            "for a whole day write",
        ),
        (
            "outside: [{ days: [mon], from: '09:00', to: '10:00', timezone: ^America/NewYork }]",
            "did you mean `America/New_York`?",
        ),
        (
            "inside: [{ days: [mon], from: '09:00', to: '10:00', timezone: ^EST }]",
            "write the place: `America/New_York`",
        ),
        (
            "inside: { windows: [{ days: [mon], from: '09:00', to: '10:00' }], only: ^position }",
            "did you mean `positions`?",
        ),
        // at
        ("at: { cron: ^'0 0 * *' }", "4 fields"),
        ("at: { cron: ^'0 0 1 * 1' }", "day of month"),
        ("at: { cron: ^'0 0 31 2 *' }", "never fire"),
        ("^not: { at: { cron: '0 0 * * *' } }", "nearly always true"),
        // position and orders
        ("position: ^{}", "`position` needs a limit"),
        ("position: { contracts: ^-1 }", "must not be below zero"),
        ("position: { positions: ^1.5 }", "not a whole number"),
        (
            "position: { per_instrument: ^[ES] }",
            "write `{ ES: 2, NQ: 1 }`",
        ),
        (
            "position: { per_instrument: { ES 03-26: 1, ^ESH26: 2 } }",
            "is a duplicate",
        ),
        (
            "position: { allow: [ES, NQ], deny: ^[es] }",
            "both allowed and denied",
        ),
        ("position: { allow: [^ES*] }", "is not an instrument"),
        (
            "position: { deny: [^CL Z6] }",
            "warning: `CL Z6` is not how NinjaTrader writes an instrument, so it matches nothing; write `CL` for all months, or one contract such as `CL 12-26`",
        ),
        (
            "position: { deny: [^/CL] }",
            "write `CL` for all months, or one contract with its month and year: `CL MM-YY`",
        ),
        (
            "position: { allow: [^'NYMEX:CLH27'] }",
            "one contract such as `CL 03-27`",
        ),
        ("position: { allow: [^ES=F] }", "write `ES` for all months"),
        (
            "position: { allow: [^ES-03-27] }",
            "one contract such as `ES 03-27`",
        ),
        (
            "position: { per_instrument: { ^ES Dec 2026: 1 } }",
            "write `ES` for all",
        ),
        (
            "position: { positions: 1, micro_ratio: ^10 }",
            "nothing here limits them",
        ),
        (
            "position: { opposite: [^ES, [MES]] }",
            "write lists in a list",
        ),
        ("orders: ^{}", "`orders` needs a limit"),
        ("orders: { working: ^many }", "not a plain number"),
        // no_data
        ("no_data: ^30", "add a unit: `30s`"),
        (
            "no_data: ^1s",
            "no longer than the time from one poll to the next",
        ),
        ("no_data: ^0s", "must be above zero"),
        ("no_data: ^30m1h", "the longest first"),
        ("no_data: ^400d", "more than 366 days"),
        // trees
        ("all: ^[]", "a list of conditions is empty"),
        (
            "all: ^{ pnl: { loss: 5 } }",
            "expected a list of conditions, found a mapping",
        ),
        (
            "pnl: { loss: 5 }, ^orders: { working: 1 }",
            "combine conditions with `all: [...]`",
        ),
    ];
    for (condition, words) in cases {
        check(&with_condition(condition), words);
    }
}

#[test]
fn right_conditions() {
    let cases = [
        "pnl: { loss: 1000.50, profit: 5% }",
        "pnl: { profit: 150% }",
        "pnl: { profit: 60000 }",
        "trailing_drawdown: { metric: pnl, trail: 500, arm_at: 1000, lock_at: 100 }",
        "trailing_drawdown: { metric: pnl, trail: 50%, arm_at: 1000, lock_at: -100 }",
        "trailing_drawdown: { metric: pnl, trail: 500, lock_at: -500 }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, high_water: 60000, lock_at: start + 100 }",
        "trailing_drawdown: { metric: equity, trail: 2500, span: lifetime, high_water: 60000, lock_at: 50100 }",
        "pnl: { loss: 300, per: position }",
        "pnl: { loss: 5%, over: lifetime, of: realized, breach: cross }",
        "profit_floor: { arm_at: 500, floor: -10 }",
        "trailing_drawdown: { metric: pnl, trail: 95%, arm_at: 100 }",
        "trailing_drawdown: { metric: equity, mark: balance, trail: 4%, span: lifetime, ratchet: session_end, lock_at: start }",
        "trailing_drawdown: { metric: equity, trail: 500, span: lifetime, high_water: 50000 }",
        "trailing_drawdown: { metric: balance, trail: 500, span: session, lock_at: 51000 }",
        "max_loss: { amount: 5%, anchor: session_max, of: balance }",
        "outside: [{ days: [fri], from: 18:00, to: '24:00' }]",
        "inside: { windows: [{ days: [fri], from: '18:00', to: '02:00' }], only: orders, instruments: [ES] }",
        "at: { cron: '55 16 * * 1-5', catch_up: 1h30m }",
        "position: { contracts: 3, per_instrument: { ES: 2.5 }, micro_ratio: 10 }",
        "position: { opposite: [[ES, MES], [NQ, MNQ]] }",
        "position: { allow: [ES, ES 03-27, NQH27, YM MAR27, GC1!, EURUSD, BRK.B, BTC-USD] }",
        "orders: { working: 0, quantity: 0.5 }",
        "no_data: 1s500ms",
        "all: [{ pnl: { loss: 5 } }, { any: [{ no_data: 1m }, { not: { orders: { working: 1 } } }] }]",
    ];
    for condition in cases {
        let loaded = load(&with_condition(condition));
        assert_eq!(loaded.render_short(), "", "{condition}");
        assert!(loaded.rules.is_some());
    }
}

#[test]
fn right_rules() {
    let cases = [
        // Its warnings have a start: the mark that armed it.
        "when: { profit_floor: { arm_at: 500, floor: 100 } }, then: [flatten], warn_at: [50%], notify: log",
        // Nobody hears of a rule that is off.
        "when: { pnl: { loss: 5 } }, then: [flatten], enabled: false",
        "when: { any: [{ orders: { working: 1 } }, { position: { contracts: 1 } }] }, then: [close_position, { notify: log }]",
    ];
    for rule in cases {
        let text = with_rules(&format!("  - {{ name: r, accounts: [a-1], {rule} }}\n"));
        assert_eq!(load(&text).render_short(), "", "{rule}");
    }
    // A notifier that no rule names hears of what concerns no rule.
    let more = "notify: { log: { kind: log }, other: { kind: log } }";
    let text = with_rules("").replacen("notify: { log: { kind: log } }", more, 1);
    assert_eq!(load(&text).render_short(), "");
}

#[test]
fn rules_and_actions() {
    let pnl = "when: { pnl: { loss: 5 } }";
    let cases = [
        (format!("name: ^base, accounts: [a-1], {pnl}, then: [flatten]"), "on line 9"),
        (format!("name: ^'', accounts: [a-1], {pnl}, then: [flatten]"), "blank"),
        (format!("name: ^' x', accounts: [a-1], {pnl}, then: [flatten]"), "a space"),
        (format!("name: r, accounts: [a-1], {pnl}, then: ^[]"), "a list of actions is empty; write what is done, such as `[cancel_orders, flatten]`"),
        (format!("name: r, accounts: [a-1], {pnl}, then: ^flatten"), "write it as a list: `[flatten]`"),
        (format!("name: r, accounts: ^[], {pnl}, then: [flatten]"), "is empty"),
        (format!("name: r, accounts: ^a-1, {pnl}, then: [flatten]"), "`[a-1]`"),
        (format!("name: r, accounts: [^a-3], {pnl}, then: [flatten]"), "did you mean `a-1`?"),
        (format!("name: r, accounts: [^'x*'], {pnl}, then: [flatten]"), "matches no account and no group"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [^flaten]"), "did you mean `flatten`?"),
        (format!("name: r, accounts: [^xyz], {pnl}, then: [flatten]"), "declared are `a-1`, `funded`, `both`, `a-2` and `bare`"),
        (format!("name: r, accounts: [^bot], {pnl}, then: [flatten]"), "did you mean `both`?"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [^lock]"), "write `{ lock: { until: session_end } }`"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [{{ ^flatten: }}]"), "takes no value"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten, ^flatten]"), "is a duplicate"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten, {{ notify: ^lgo }}]"), "did you mean `log`?"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten, {{ lock: {{ until: ^close }} }}]"), "write `session_end`, a time of day such as `\"17:00\"`, a duration such as `2h`, or `manual`"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten, {{ lock: {{ until: ^5pm }} }}]"), "a time of day such as `\"17:00\"`"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten, {{ lock: {{ until: ^manul }} }}]"), "did you mean `manual`?"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten, {{ lock: {{ until: ^'24:00' }} }}]"), "can only end a window"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten, {{ lock: {{ until: ^10 }} }}]"), "add a unit"),
        (format!("name: r, accounts: [a-1], {pnl}, then: ^[close_position]"), "which position offends"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten], confirm: ^0"), "from 1 to 1000"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten], hold: ^0s"), "above zero"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten], enabled: ^yes"), "write `true`"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten], rearm: ^daily"), "write `session`, `clear`, `flat`, `never`, or a duration such as `10m`"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten], rearm: ^10"), "add a unit"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten], warn_at: [^100%], notify: log"), "below 100%"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten], warn_at: ^70, notify: log"), "write it as a list: `[70%]`"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten], warn_at: ^70%, notify: log"), "write it as a list: `[70%]`"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten], warn_at: [^0.7], notify: log"), "write `70%`"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten], warn_at: [70%, ^70%], notify: log"), "is a duplicate"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten], notify: [^lgo]"), "there is no notifier `lgo`"),
        (
            "name: r, accounts: [a-1], when: { no_data: 1m }, then: [{ notify: log }], warn_at: ^[50%]".to_owned(),
            "`warn_at` needs a condition with a limit",
        ),
        (
            "name: r, accounts: [a-1], when: { ^at: { cron: '0 0 * * *' } }, then: [flatten], hold: 1s".to_owned(),
            "would never let it fire",
        ),
        (
            "name: r, accounts: [a-1], when: { ^at: { cron: '0 0 * * *' } }, then: [flatten], confirm: 2".to_owned(),
            "would never let it fire",
        ),
        // What needs a starting balance, for an account that has none.
        ("name: r, accounts: [bare], when: { pnl: { loss: ^5% } }, then: [flatten]".to_owned(), "`a-2` has none"),
        ("name: r, accounts: ['*'], when: { pnl: { loss: 5, over: ^lifetime } }, then: [flatten]".to_owned(), "`a-2` has none"),
        (
            "name: r, accounts: ['*'], when: { max_loss: { amount: 5, anchor: ^starting_balance } }, then: [flatten]".to_owned(),
            "`a-2` has none",
        ),
        (
            "name: r, accounts: ['*'], when: { trailing_drawdown: { metric: equity, trail: 5, span: ^lifetime } }, then: [flatten]".to_owned(),
            "`a-2` has none",
        ),
        (
            "name: r, accounts: [a-2], when: { trailing_drawdown: { metric: equity, trail: 5, span: session, lock_at: ^start } }, then: [flatten]".to_owned(),
            "`a-2` has none",
        ),
        // Told of once, and not as missing too.
        (format!("name: r, ^acounts: [a-1], {pnl}, then: [flatten]"), "did you mean `accounts`?"),
        (
            "name: r, accounts: [a-1], when: { not: { position: { contracts: 1 } } }, then: ^[close_position]".to_owned(),
            "no position offends what stands under `not`",
        ),
        (
            "name: r, accounts: [a-1], when: { all: [{ pnl: { loss: 5 } }, { not: { inside: [{ days: [mon], from: '09:00', to: '10:00' }] } }] }, then: ^[close_position]".to_owned(),
            "take the condition that tells which position offends out of the `not`",
        ),
        (
            "name: r, accounts: [a-1], when: { all: [{ position: { contracts: 1 } }, { inside: { windows: [{ days: [mon], from: '09:00', to: '10:00' }], only: orders } }] }, then: ^[close_position]".to_owned(),
            "beside `only: orders`",
        ),
        // Warnings.
        (format!("name: size, accounts: [a-1], {pnl}, then: ^[flatten]"), "warning: nobody hears when `size` fires; add `{ notify: log }` to `then`"),
        (format!("name: r, accounts: [a-1], {pnl}, then: ^[cancel_orders], notify: log"), "warning: this rule tests a result and leaves"),
        (format!("name: r, accounts: [a-1], {pnl}, then: ^[{{ lock: {{ until: manual }} }}], notify: log"), "warning: this rule locks"),
        (format!("name: r, accounts: [a-1], {pnl}, then: [flatten], warn_at: ^[50%]"), "warning: nobody hears"),
        (
            "name: r, accounts: ['*'], when: { trailing_drawdown: { metric: equity, trail: 500, span: lifetime, high_water: ^60000 } }, then: [flatten], notify: log".to_owned(),
            "warning: the accounts of this rule all get this one",
        ),
    ];
    check(
        &with_rules("  - ^name: r\n    accounts: [a-1]\n    when: { pnl: { loss: 5 } }\n"),
        "a rule needs the key `then`",
    );
    for (rule, words) in cases {
        check(&with_rules(&format!("  - {{ {rule} }}\n")), words);
    }
}

#[test]
fn the_other_sections() {
    let cases = [
        (
            "version: 1",
            "version: ^2",
            "version `2` of the rule language is not known",
        ),
        (
            "version: 1",
            "version: 1\n^rule: []",
            "did you mean `rules`?",
        ),
        (
            "version: 1",
            "version: 1\ndaemon: { mode: ^enforced }",
            "did you mean `enforce`?",
        ),
        (
            "version: 1",
            "version: 1\ndaemon: { http: ^7380 }",
            "write `127.0.0.1:7380`",
        ),
        (
            "version: 1",
            "version: 1\ndaemon: { http: ^localhost:80 }",
            "write `127.0.0.1:80`",
        ),
        (
            "version: 1",
            "version: 1\ndaemon: { http: ^false }",
            "write `off`",
        ),
        (
            "version: 1",
            "version: 1\ndaemon: { http: ^0.0.0.0:80 }",
            "warning: anyone who reaches",
        ),
        (
            "version: 1",
            "version: 1\ndaemon: { loosening: ^never }",
            "`immediate` or `next_session`",
        ),
        ("America/New_York", "^EST", "summer time"),
        ("America/New_York", "^New York", "IANA name"),
        ("'18:00'", "^'6pm'", "is not a time of day"),
        ("'18:00'", "^'24:00'", "write `\"00:00\"`"),
        (
            "open: '18:00'",
            "open: '18:00', closures: ^missing.csv",
            "cannot read `missing.csv`",
        ),
        (
            "open: '18:00'",
            "open: '18:00', closures: ^wrong.csv",
            "`wrong.csv`, line 2: `Christmas` is not a date",
        ),
        (
            "version: 1",
            "version: 1\ntests: ^rules.test.yaml",
            "write it as a list: `[rules.test.yaml]`",
        ),
        (
            "version: 1",
            "version: 1\ntests: [a.yaml, b.yaml, ^a.yaml]",
            "`a.yaml` is named twice",
        ),
        ("version: 1", "version: 1\ntests: [^'']", "text is blank"),
        (
            "version: 1",
            "version: 1\ntests: [^{ a: b }]",
            "expected a text, found a mapping",
        ),
        (
            "kind: crosstrade",
            "kind: ^kraken",
            "a venue has no kind `kraken`",
        ),
        (
            "kind: crosstrade",
            "kind: ^crostrade",
            "did you mean `crosstrade`?",
        ),
        (
            "{ env: TOKEN }",
            "{ env: TOKEN }, poll: ^100ms",
            "faster than every 250ms",
        ),
        (
            "{ env: TOKEN }",
            "{ env: TOKEN }, poll: ^2h",
            "slower than every hour",
        ),
        ("{ env: TOKEN }", "{ env: TOKEN }, poll: ^1", "add a unit"),
        (
            "{ env: TOKEN }",
            "{ env: TOKEN }, poll: ^400ms",
            "asks for 210 requests a minute",
        ),
        (
            "{ env: TOKEN }",
            "{ env: TOKEN }, poll: ^500ms",
            "warning: 180 of 180",
        ),
        (
            "{ env: TOKEN }",
            "{ env: TOKEN }, base_url: ^http://example.com/",
            "only to this machine itself",
        ),
        (
            "{ env: TOKEN }",
            "{ env: TOKEN }, base_url: ^ftp://example.com/",
            "not `https://`",
        ),
        (
            "{ env: TOKEN }",
            "{ env: TOKEN }, base_url: ^example.com",
            "write `https://`",
        ),
        (
            "{ env: TOKEN }",
            "{ env: TOKEN }, base_url: ^https://example.com/?a=b",
            "a query or a fragment",
        ),
        ("{ number: A1", "{ number: ^A/1", "must not contain '/'"),
        ("{ number: A1", "{ number: ^' '", "must not be blank"),
        ("{ number: A1", "{ number: ^..", "must not be `.` or `..`"),
        (
            "{ number: A2",
            "{ number: ^a1",
            "`a-1` is this account already",
        ),
        (
            "{ number: A1",
            "{ venue: ^cd, number: A1",
            "did you mean `ct`?",
        ),
        (
            "{ number: A1",
            "{ session: ^cme, number: A1",
            "declared are `g`",
        ),
        (
            "{ number: A1,",
            "{ ^numbr: A1, number: A1,",
            "did you mean `number`?",
        ),
        ("  a-2:", "  ^a/2:", "cannot be a name"),
        (
            "starting_balance: 50000",
            "starting_balance: ^0",
            "above zero",
        ),
        (
            "groups: [funded, both]",
            "groups: [funded, ^funded]",
            "is a duplicate",
        ),
        (
            "notify: { log: { kind: log } }",
            "notify: { log: { kind: ^telegran, chat: '1' } }",
            "did you mean `telegram`?",
        ),
        (
            "notify: { log: { kind: log } }",
            "notify: { log: { kind: ^pager } }",
            "a notifier has no kind `pager`",
        ),
    ];
    let base = with_rules("");
    for (from, to, words) in cases {
        assert!(base.contains(from), "{from}");
        check(&base.replacen(from, to, 1), words);
    }
}

#[test]
fn whole_files() {
    check("^", "the file is empty");
    check("^# nothing\n", "the file is empty");
    check("version: 1\n^---\nversion: 1\n", "one document");
    check("- ^a\n", "the rule file is a mapping, not a list");
    check("a: ^[", "not valid YAML");
    let loaded = load("version: 1\n");
    assert_eq!(
        messages(&loaded),
        [
            "the rule file needs the key `sessions`",
            "the rule file needs the key `venues`",
            "the rule file needs the key `accounts`",
            "the rule file needs the key `rules`",
        ]
    );
}

#[test]
fn yaml_itself() {
    let rule = |when: &str| with_condition(when);
    check(
        &rule("pnl: { loss: 5, ^loss: 6 }"),
        "duplicate key `loss`; it is on line 10",
    );
    check(&rule("pnl: { loss: ^!!str 5 }"), "tags");
    check(
        &rule("pnl: ^*limit"),
        "no anchor `&limit` stands above this alias; a pattern with a star needs quotes: `\"*limit\"`",
    );
    let star = rule("pnl: { loss: 5 }").replace("[a-1]", "[^*]");
    check(&star, "a star needs quotes: `[\"*\"]`");
    check(
        "version: 1\nrules:\n  - name: r\n   ^\u{a0}when: 5\n    then: []\n",
        "this line has the character U+00A0",
    );
    check(&rule("pnl: { <<: ^5, loss: 5 }"), "`<<` takes a mapping");
    check(
        &rule("pnl: { ^[a]: 5, loss: 5 }"),
        "a key must be a word, not a list",
    );
}

#[test]
fn a_time_zone_may_be_left_out_where_the_sessions_have_one() {
    let text = with_rules(
        "  - { name: r, accounts: ['*'], when: { outside: [^{ days: [mon], from: '09:00', to: '10:00' }] }, then: [flatten] }\n",
    );
    let two = text.replacen(
        "sessions: { ",
        "sessions: { c: { timezone: America/Chicago, open: '17:00', days: [mon] }, ",
        1,
    );
    let two = two.replace("{ number: A1", "{ session: c, number: A1");
    let two = two.replace("{ number: A2", "{ session: g, number: A2");
    check(&two, "a time zone is needed");
    let one = load(&text.replace('^', ""));
    let words = riskd::engine::explain::rules(&one.rules.unwrap().book);
    assert!(
        words[1].contains("09:00 to 10:00 America/New_York"),
        "{words:?}"
    );
}

#[test]
fn a_broken_account_is_one_mistake() {
    // Rules that name it say nothing more.
    let text = with_rules(
        "  - { name: r, accounts: [a-1], when: { pnl: { loss: 5% } }, then: [flatten] }\n",
    );
    check(
        &text.replace("number: A1", "number: ^A/1"),
        "must not contain",
    );
    check(
        &text.replace("starting_balance: 50000", "starting_balance: ^5e4"),
        "all digits",
    );
    check(
        &text.replace("timezone: America/New_York", "timezone: ^Mars"),
        "IANA",
    );
    check(
        &text.replace("env: TOKEN", "env: ^token"),
        "environment variable",
    );
    check(
        &text
            .replace("  a-1: {", "  a-1: ^x {")
            .replace("^x {", "^[")
            .replace("groups: [funded, both] }", "]")
            .replace("number: A1, starting_balance: 50000, ", ""),
        "an account is a mapping, not a list",
    );
}

#[test]
fn more_mistakes_than_anyone_reads_are_counted() {
    let rules: String = (0..150)
        .map(|index| format!("  - {{ name: r{index}, accounts: [a-1], when: {{ pnl: {{ loss: x }} }}, then: [flatten] }}\n"))
        .collect();
    let loaded = load(&with_rules(&rules));
    assert_eq!(loaded.diagnostics.len(), 100);
    assert_eq!(loaded.omitted, 50);
    assert!(loaded.render_short().ends_with("and 50 more\n"));
}
