//! Warns of spellings of instruments that nothing at a venue has, so that they
//! match nothing: those of charts, of data feeds and of other brokers.

use super::super::diagnostic::{Diagnostic, Findings, Place, quoted};
use crate::domain::instrument::{Expiry, Instrument};

/// What other programs put between a root and the rest, or around both.
const FOREIGN: [char; 8] = ['/', '@', '$', '#', ':', '=', '!', '_'];
/// What stands behind a root at data feeds.
const FEED_ENDINGS: [&str; 5] = [".FUT", ".c.0", ".v.0", ".n.0", ".CME"];
/// What stands behind a symbol at Bloomberg.
const SECTORS: [&str; 4] = ["Index", "Comdty", "Curncy", "Equity"];
/// Currencies in which others are quoted.
const QUOTES: [&str; 11] = [
    "USD", "EUR", "JPY", "GBP", "CHF", "CAD", "AUD", "NZD", "MXN", "USDT", "USDC",
];

/// Warns of an instrument of a rule whose spelling matches nothing.
pub(super) fn warn(place: Place, text: &str, findings: &mut Findings) {
    let instrument = Instrument::new(text);
    if !is_foreign(text, &instrument) {
        return;
    }
    let message = if text.contains("##") {
        format!(
            "{} is the continuous contract of a chart, in which nothing is held, so it matches \
         nothing",
            quoted(text)
        )
    } else {
        format!(
            "{} is not how NinjaTrader writes an instrument, so it matches nothing",
            quoted(text)
        )
    };
    findings.push(Diagnostic::warning(place, message).help(help(&meant(text))));
}

fn is_foreign(text: &str, instrument: &Instrument) -> bool {
    let root = instrument.root();
    // `ES1!` is understood: its root is `ES`.
    let signs = if instrument.root().len() == text.len() {
        text
    } else {
        root
    };
    let is_dashed = instrument.expiry().is_none() && text.matches('-').count() >= 2;
    root.contains(char::is_whitespace)
        || signs.contains(FOREIGN)
        || is_dashed
        || FEED_ENDINGS.iter().any(|ending| text.ends_with(ending))
        || with_full_year(text).is_some()
        || nth_contract(text).is_some()
}

/// What a spelling most likely means.
struct Meant {
    root: String,
    expiry: Option<Expiry>,
    /// A root that has no months, such as a pair of currencies.
    is_pair: bool,
}

fn help(meant: &Meant) -> String {
    let root = &meant.root;
    match meant.expiry {
        _ if meant.is_pair => format!("write `{root}`"),
        Some(Expiry { year, month }) => format!(
            "write `{root}` for all months, or one contract such as `{root} {month:02}-{:02}`",
            year % 100
        ),
        None => format!(
            "write `{root}` for all months, or one contract with its month and year: `{root} MM-YY`"
        ),
    }
}

fn meant(text: &str) -> Meant {
    let plain = text.rsplit(':').next().unwrap_or(text);
    let plain = plain.split('=').next().unwrap_or(plain);
    let plain = plain.trim_start_matches(['/', '@', '$', '#', '.']).trim();
    let ending = FEED_ENDINGS.iter().find_map(|end| plain.strip_suffix(end));
    let plain = ending.unwrap_or(plain);
    if let Some(pair) = pair(plain) {
        return Meant {
            root: pair,
            expiry: None,
            is_pair: true,
        };
    }
    let (root, expiry) = dated(plain).unwrap_or_else(|| (undated(plain), None));
    Meant {
        root,
        expiry,
        is_pair: false,
    }
}

/// Root and month, where a month can be read.
fn dated(plain: &str) -> Option<(String, Option<Expiry>)> {
    let plain = plain.split(['#', '_']).next().unwrap_or(plain);
    if let Some((root, expiry)) = with_full_year(plain) {
        return Some((root, Some(expiry)));
    }
    let (first, rest) = plain.split_once([' ', '-', '\t']).unwrap_or((plain, ""));
    let rest: String = rest.split_whitespace().collect();
    let is_sector = SECTORS
        .iter()
        .any(|sector| sector.eq_ignore_ascii_case(&rest));
    // A month's code stands behind the root, a month in digits apart from it.
    let spellings = if is_sector {
        [first.to_owned(), first.to_owned()]
    } else {
        [format!("{first} {rest}"), format!("{first}{rest}")]
    };
    let known = spellings.iter().map(|spelling| Instrument::new(spelling));
    known
        .filter(|instrument| !instrument.root().contains(' '))
        .find_map(|instrument| {
            let expiry = instrument.expiry()?;
            Some((instrument.root().to_owned(), Some(expiry)))
        })
}

/// The root of a spelling without a month.
fn undated(plain: &str) -> String {
    if let Some(root) = nth_contract(plain) {
        return root.to_owned();
    }
    let end = [' ', '\t', '-', '#', '_', '/', '!', '.'];
    let first = plain.split(end).next().unwrap_or(plain);
    // `ES2!` is the second contract of a chart, `ES1 Index` the first.
    let has_number = plain.ends_with('!') || SECTORS.iter().any(|end| plain.ends_with(end));
    let root = if has_number {
        first.trim_end_matches(|c: char| c.is_ascii_digit())
    } else {
        first
    };
    if root.is_empty() {
        "ES".to_owned()
    } else {
        root.to_owned()
    }
}

/// `ESZ2026`: the root and the month of a code with all digits of the year.
fn with_full_year(text: &str) -> Option<(String, Expiry)> {
    let (before, year) = text.split_at_checked(text.len().checked_sub(4)?)?;
    let two = year.strip_prefix("20")?;
    let instrument = Instrument::new(&format!("{before}{two}"));
    let expiry = instrument.expiry()?;
    // `ES 03-2026` is understood as it stands.
    let is_code = before.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then(|| (instrument.root().to_owned(), expiry))
}

/// `ESc1`: the root of a spelling of the nth contract.
fn nth_contract(text: &str) -> Option<&str> {
    let root = text
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .strip_suffix('c')?;
    let is_root = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let is_numbered = text.ends_with(|c: char| c.is_ascii_digit());
    (is_numbered && !root.is_empty() && root.bytes().all(is_root)).then_some(root)
}

/// `EUR/USD`: a pair, as it is written without a sign in between.
fn pair(plain: &str) -> Option<String> {
    let (base, quote) = plain.split_once(['/', '_'])?;
    let is_letters = base.len() >= 3 && base.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_quote = QUOTES.iter().any(|known| known.eq_ignore_ascii_case(quote));
    (is_letters && is_quote).then(|| format!("{base}{quote}"))
}
