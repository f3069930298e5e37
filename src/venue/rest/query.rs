//! The query of a request: its pairs in order, and their text as it leaves.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// The pairs of a query in the order in which they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(Vec<Pair>);

/// A name with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair {
    name: &'static str,
    value: String,
    /// Whether it came percent-encoded from the venue, which wants it back as it
    /// is: a page's cursor, say.
    is_encoded: bool,
}

impl Pairs {
    /// The same with one more pair at the end.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Pairs {
        self.0.push(Pair {
            name,
            value: value.into(),
            is_encoded: false,
        });
        self
    }

    /// The same with one more pair whose value is percent-encoded already, and stays
    /// as it is. What is not plain in it is encoded all the same.
    #[must_use]
    pub fn with_encoded(mut self, name: &'static str, value: impl Into<String>) -> Pairs {
        self.0.push(Pair {
            name,
            value: value.into(),
            is_encoded: true,
        });
        self
    }

    /// The same, sorted by name in the order of ASCII.
    #[must_use]
    pub fn sorted(mut self) -> Pairs {
        self.0.sort_by_key(|pair| pair.name);
        self
    }

    /// As it leaves: `a=1&b=2`, values percent-encoded.
    pub fn encoded(&self) -> String {
        let text = |pair: &Pair| format!("{}={}", pair.name, pair.encoded());
        self.0.iter().map(text).collect::<Vec<_>>().join("&")
    }

    /// With values as they are; `None` when one of them could be read as another
    /// pair or as the end of the query.
    pub fn plain(&self) -> Option<String> {
        let is_unclear = |c: char| matches!(c, '&' | '=' | '?' | '#') || c.is_control();
        if self.0.iter().any(|pair| pair.value.contains(is_unclear)) {
            return None;
        }
        let text = |pair: &Pair| format!("{}={}", pair.name, pair.value);
        Some(self.0.iter().map(text).collect::<Vec<_>>().join("&"))
    }
}

impl Pair {
    fn encoded(&self) -> String {
        let mut text = String::with_capacity(self.value.len());
        for byte in self.value.bytes() {
            // What RFC 3986 (2.3) calls unreserved is the same for everybody, so
            // that nobody encodes it anew behind what was signed.
            let is_plain =
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
            if is_plain || (self.is_encoded && byte == b'%') {
                text.push(char::from(byte));
            } else {
                text += &format!("%{byte:02X}");
            }
        }
        text
    }
}

/// A query as it leaves. Where it is signed, whoever reads it can send it once more,
/// so it shows in nothing that is printed.
#[derive(Clone)]
pub struct Query(SecretString);

impl Query {
    /// This text.
    pub fn new(text: String) -> Query {
        Query(SecretString::from(text))
    }

    /// The text itself, for what sends it; `None` when there is no query.
    pub fn expose(&self) -> Option<&str> {
        Some(self.0.expose_secret()).filter(|text| !text.is_empty())
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Query(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_leaves_as_its_pairs_say() {
        let pairs = Pairs::default()
            .with("symbol", "BTC-USDT")
            .with("ids", "[1,2]")
            .with("note", "ü &=?#+%")
            .with_encoded("cursor", "a%3Ab c");
        assert_eq!(
            pairs.encoded(),
            "symbol=BTC-USDT&ids=%5B1%2C2%5D&note=%C3%BC%20%26%3D%3F%23%2B%25&cursor=a%3Ab%20c"
        );
        assert_eq!(pairs.plain(), None);
        let pairs = Pairs::default().with("b", "[1,2]").with("a", "x").sorted();
        assert_eq!(pairs.plain().as_deref(), Some("a=x&b=[1,2]"));
        for unclear in ["a&b", "a=b", "a?", "#", "a\nb"] {
            assert_eq!(Pairs::default().with("a", unclear).plain(), None);
        }
        assert_eq!(Pairs::default().encoded(), "");
    }

    #[test]
    fn a_query_is_not_shown() {
        let query = Query::new("a=1&signature=0011".to_owned());
        assert_eq!(query.expose(), Some("a=1&signature=0011"));
        assert!(!format!("{query:?} {query:#?}").contains("0011"));
        assert_eq!(Query::new(String::new()).expose(), None);
    }
}
