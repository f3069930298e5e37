//! How an instrument is listed, and the spellings that name it.

/// A listed symbol, or a spelling that somebody asks by.
///
/// A dated future has many spellings: `ES 03-26`, `ES MAR26`, `ESH26`, `ESH6`.
/// One without a month (`ES`, `ES1!`) names any contract of its root. Every other
/// text, such as `BTCUSDT` or `BTC-27JUN25`, names itself alone.
#[derive(Clone, Debug)]
pub(crate) struct Symbol {
    text: String,
    root_length: usize,
    expiry: Option<Expiry>,
}

/// The month in which a contract expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expiry {
    /// Four digits.
    pub(crate) year: u16,
    /// 1 to 12.
    pub(crate) month: u8,
}

/// Month letters of futures, January to December.
const MONTH_CODES: &[u8; 12] = b"FGHJKMNQUVXZ";
const MONTH_NAMES: [&str; 12] = [
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
];
/// The decade that a year of one digit is read in.
const ONE_DIGIT_DECADE: u16 = 2020;

impl Symbol {
    pub(crate) fn new(text: &str) -> Symbol {
        let text = text.trim();
        let (root_length, expiry) = split(text);
        Symbol {
            text: text.to_owned(),
            root_length,
            expiry,
        }
    }

    /// The text as it was given.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// `ES` of `ES 03-26`.
    pub(crate) fn root(&self) -> &str {
        self.text.get(..self.root_length).unwrap_or(&self.text)
    }

    pub(crate) fn expiry(&self) -> Option<Expiry> {
        self.expiry
    }

    /// Whether `wanted` means this contract, or any of its root.
    pub(crate) fn is_meant_by(&self, wanted: &Symbol) -> bool {
        self.root().eq_ignore_ascii_case(wanted.root())
            && (wanted.expiry.is_none() || wanted.expiry == self.expiry)
    }
}

/// The length of the root, and the expiry.
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
    let is_named = |known: &str| known.eq_ignore_ascii_case(name);
    let month = nth_month(MONTH_NAMES.iter().position(|known| is_named(known))?)?;
    let year = full_year(year)?;
    Some(Expiry { year, month })
}

/// `MNQM26` or `MNQM6`. The root is letters and digits: in `BTC-27JUN25` the `N`
/// is no month letter.
fn month_code_year(text: &str) -> Option<(usize, Expiry)> {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    if digits != 1 && digits != 2 {
        return None;
    }
    let code_at = text.len().checked_sub(digits)?.checked_sub(1)?;
    let code = text.as_bytes().get(code_at)?.to_ascii_uppercase();
    let month = nth_month(MONTH_CODES.iter().position(|known| *known == code)?)?;
    let root = text.get(..code_at).filter(|root| !root.is_empty())?;
    if !root.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let year = full_year(text.get(code_at.checked_add(1)?..)?)?;
    Some((root.len(), Expiry { year, month }))
}

fn nth_month(index: usize) -> Option<u8> {
    u8::try_from(index).ok()?.checked_add(1)
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
    fn spellings_of_one_contract_mean_it() {
        let listed = Symbol::new("MNQ 06-26");
        for same in ["MNQ JUN26", "MNQM26", "MNQM6", "mnq 06-26", "MNQ", "MNQ1!"] {
            assert!(listed.is_meant_by(&Symbol::new(same)), "{same}");
        }
        for other in ["MNQ 09-26", "NQ 06-26", "NQ", "MNQ 06-27", "MNQ 13-26"] {
            assert!(!listed.is_meant_by(&Symbol::new(other)), "{other}");
        }
    }

    #[test]
    fn a_symbol_without_a_month_stays_whole() {
        for text in [
            "BTCUSDT",
            "BTC-USDT",
            "BTC-27JUN25",
            "BTCUSDT_250627",
            "6E",
            "",
            "É1",
        ] {
            let symbol = Symbol::new(text);
            assert_eq!((symbol.root(), symbol.expiry()), (text, None));
        }
        assert_eq!(Symbol::new("6E 12-25").root(), "6E");
    }
}
