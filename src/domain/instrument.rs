//! Instruments and the many ways in which venues spell them.

use std::fmt;
use std::sync::Arc;

use super::micros;

/// How a venue names its instruments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A root and a month: `ES 03-26` is a contract of `ES`.
    Futures,
    /// Each symbol is an instrument as it stands, as at exchanges of crypto assets:
    /// `BTC-27JUN25` is neither of `BTC` nor of a month.
    Symbols,
}

/// A tradable instrument: the spelling that was seen, with the root and the
/// expiry read from it where the venue has them.
///
/// Two spellings of one contract of futures are equal: `MNQ 06-26`, `MNQ JUN26`,
/// `MNQM26` and `MNQM6` (the last only while its decade is unambiguous). A spelling
/// without an expiry (`MNQ`, `MNQ1!`) is equal only to another one without. A
/// symbol is equal to the same letters alone, of whatever case.
#[derive(Clone, Debug)]
pub struct Instrument {
    text: Arc<str>,
    dialect: Dialect,
    /// Of the text as one of futures.
    root_length: usize,
    /// Of the text as one of futures.
    expiry: Option<Expiry>,
}

/// The month in which a contract expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expiry {
    /// Four-digit year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
}

/// Month letters of futures, January to December.
const MONTH_CODES: &[u8; 12] = b"FGHJKMNQUVXZ";
/// Month names as some feeds write them.
const MONTH_NAMES: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
/// The decade that a one-digit year is read in.
const ONE_DIGIT_DECADE: u16 = 2020;

impl Instrument {
    /// Reads a spelling as one of futures, and as one of symbols when it is compared
    /// with one of those. Every text is an instrument; one whose expiry cannot be
    /// read has none.
    pub fn new(text: &str) -> Instrument {
        Instrument::of(text, Dialect::Futures)
    }

    /// Reads a spelling as the venue means it.
    pub fn of(text: &str, dialect: Dialect) -> Instrument {
        let text = text.trim();
        let (root_length, expiry) = split(text);
        Instrument {
            text: Arc::from(text),
            dialect,
            root_length,
            expiry,
        }
    }

    /// The spelling as it was seen; requests send this one back.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The root in the spelling that was seen: `ES` of `ES 03-26`. A symbol has no
    /// other than itself.
    pub fn root(&self) -> &str {
        match self.dialect {
            Dialect::Futures => self.futures_root(),
            Dialect::Symbols => &self.text,
        }
    }

    /// The contract's month, when the spelling has one.
    pub fn expiry(&self) -> Option<Expiry> {
        match self.dialect {
            Dialect::Futures => self.expiry,
            Dialect::Symbols => None,
        }
    }

    /// Whether it is a micro contract. There are none but of futures.
    pub fn is_micro(&self) -> bool {
        self.dialect == Dialect::Futures && micros::is_micro(self.futures_root())
    }

    /// Whether this instrument is what `other` names in a rule: the same
    /// contract, or any contract of that root when `other` has no expiry. It is
    /// read as the venue of this one means it.
    pub fn is_covered_by(&self, other: &Instrument) -> bool {
        match self.dialect {
            Dialect::Futures => {
                self.futures_root()
                    .eq_ignore_ascii_case(other.futures_root())
                    && (other.expiry.is_none() || other.expiry == self.expiry)
            }
            Dialect::Symbols => self.text.eq_ignore_ascii_case(&other.text),
        }
    }

    fn futures_root(&self) -> &str {
        self.text.get(..self.root_length).unwrap_or(&self.text)
    }
}

impl PartialEq for Instrument {
    fn eq(&self, other: &Instrument) -> bool {
        let are_futures = [self, other]
            .iter()
            .all(|one| one.dialect == Dialect::Futures);
        if are_futures {
            self.expiry == other.expiry
                && self
                    .futures_root()
                    .eq_ignore_ascii_case(other.futures_root())
        } else {
            self.text.eq_ignore_ascii_case(&other.text)
        }
    }
}

impl Eq for Instrument {}

impl fmt::Display for Instrument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

/// The length of the root and the expiry of a spelling.
fn split(text: &str) -> (usize, Option<Expiry>) {
    if let Some((root, rest)) = text.rsplit_once(' ') {
        let expiry = month_dash_year(rest).or_else(|| month_name_year(rest));
        if expiry.is_some() {
            return (root.trim_end().len(), expiry);
        }
    }
    if let Some(root) = text.strip_suffix("1!") {
        return (root.len(), None);
    }
    match month_code_year(text) {
        Some((root_length, expiry)) => (root_length, Some(expiry)),
        None => (text.len(), None),
    }
}

/// `06-26`.
fn month_dash_year(text: &str) -> Option<Expiry> {
    let (month, year) = text.split_once('-')?;
    let month: u8 = month.parse().ok().filter(|m| (1..=12).contains(m))?;
    Some(Expiry {
        year: full_year(year)?,
        month,
    })
}

/// `JUN26`.
fn month_name_year(text: &str) -> Option<Expiry> {
    let (name, year) = text.split_at_checked(3)?;
    let index = MONTH_NAMES
        .iter()
        .position(|known| known.eq_ignore_ascii_case(name))?;
    Some(Expiry {
        year: full_year(year)?,
        month: u8::try_from(index).ok()?.checked_add(1)?,
    })
}

/// `MNQM26` or `MNQM6`: the root's length and the expiry.
fn month_code_year(text: &str) -> Option<(usize, Expiry)> {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    if digits != 1 && digits != 2 {
        return None;
    }
    let code_at = text.len().checked_sub(digits)?.checked_sub(1)?;
    let code = text.as_bytes().get(code_at)?.to_ascii_uppercase();
    let index = MONTH_CODES.iter().position(|known| *known == code)?;
    let root = text.get(..code_at).filter(|root| !root.is_empty())?;
    let year = text.get(code_at.checked_add(1)?..)?;
    Some((
        root.len(),
        Expiry {
            year: full_year(year)?,
            month: u8::try_from(index).ok()?.checked_add(1)?,
        },
    ))
}

fn full_year(digits: &str) -> Option<u16> {
    let value: u16 = digits.parse().ok()?;
    match digits.len() {
        1 => ONE_DIGIT_DECADE.checked_add(value),
        2 => 2000_u16.checked_add(value),
        4 => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_contract_are_equal() {
        let dated = Instrument::new("MNQ 06-26");
        for same in ["MNQ JUN26", "MNQM26", "MNQM6", "mnq 06-26"] {
            assert_eq!(dated, Instrument::new(same), "{same}");
        }
        for other in ["MNQ 09-26", "MNQ", "MNQ1!", "NQ 06-26", "MNQ 06-27"] {
            assert_ne!(dated, Instrument::new(other), "{other}");
        }
        assert_eq!(Instrument::new("MNQ"), Instrument::new("MNQ1!"));
    }

    #[test]
    fn a_root_in_a_rule_covers_every_month() {
        let held = Instrument::new("ES 03-26");
        assert!(held.is_covered_by(&Instrument::new("ES")));
        assert!(held.is_covered_by(&Instrument::new("ESH26")));
        assert!(!held.is_covered_by(&Instrument::new("ES 06-26")));
        assert!(!held.is_covered_by(&Instrument::new("MES")));
    }

    #[test]
    fn a_symbol_is_itself_and_nothing_else() {
        let symbol = |text| Instrument::of(text, Dialect::Symbols);
        let june = symbol("BTC-27JUN25");
        assert_eq!(june.root(), "BTC-27JUN25");
        assert_eq!(june.expiry(), None);
        assert_eq!(june, symbol("btc-27jun25"));
        // As it stands in a rule, in a history or in the record.
        assert_eq!(june, Instrument::new("BTC-27JUN25"));
        assert!(june.is_covered_by(&Instrument::new("BTC-27JUN25")));
        for other in [
            "BTC-27JUN5",
            "BTC-27JUL25",
            "BTC-27JU",
            "BTC",
            "BTC-27JU 07-25",
        ] {
            assert_ne!(june, Instrument::new(other), "{other}");
            assert_ne!(june, symbol(other), "{other}");
            assert!(!june.is_covered_by(&Instrument::new(other)), "{other}");
        }
        // What a rule for accounts of both kinds names is a root to one of them.
        let named = symbol("ES");
        assert!(Instrument::new("ES 03-26").is_covered_by(&named));
        assert!(!symbol("ES 03-26").is_covered_by(&named));
        assert!(Instrument::new("MES 03-26").is_micro());
        assert!(!symbol("MES").is_micro());
    }

    #[test]
    fn a_symbol_without_a_month_stays_whole() {
        for symbol in ["BTCUSDT", "EURUSD", "6E", "AAPL", "", "É1"] {
            let instrument = Instrument::new(symbol);
            assert_eq!(instrument.root(), symbol);
            assert_eq!(instrument.expiry(), None);
        }
        assert_eq!(Instrument::new("6E 12-25").root(), "6E");
    }
}
