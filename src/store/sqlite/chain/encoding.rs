//! The body of a link: version, table, change and the fields by name, each
//! with its length, so that no two contents have the same bytes.

use sha2::{Digest, Sha256};

/// The version of the encoding, the first byte of each body.
const VERSION: u8 = 1;
/// Longer texts, in bytes, are in a body by length and digest only.
pub(in crate::store::sqlite) const LONGEST_TEXT: usize = 1_024;

/// A SHA-256 digest.
pub(in crate::store::sqlite) type Hash = [u8; 32];

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store::sqlite) enum Value {
    Null,
    Integer(i64),
    Text(String),
    /// A long text, by its length in bytes and its digest; only in what was
    /// decoded.
    Long(u32, Hash),
    /// What riskd never writes: a value of another type, or no UTF-8.
    Strange,
}

impl Value {
    /// The text, or null.
    pub(in crate::store::sqlite) fn text(text: Option<&str>) -> Value {
        text.map_or(Value::Null, |text| Value::Text(text.to_owned()))
    }

    /// The number, or null.
    pub(in crate::store::sqlite) fn integer(number: Option<impl Into<i64>>) -> Value {
        number.map_or(Value::Null, |number| Value::Integer(number.into()))
    }

    /// The value as a body has it.
    fn as_decoded(&self) -> Value {
        match self {
            Value::Text(text) if text.len() > LONGEST_TEXT => {
                Value::Long(length(text), digest(text.as_bytes()))
            }
            other => other.clone(),
        }
    }

    /// Whether a body that was made of this value has that one.
    pub(in crate::store::sqlite) fn is_what_was_encoded(&self, decoded: &Value) -> bool {
        self.as_decoded() == *decoded
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Integer(number) => write!(f, "{number}"),
            Value::Text(text) if text.len() <= LONGEST_TEXT => write!(f, "{text:?}"),
            Value::Text(text) => write!(f, "a text of {} bytes", text.len()),
            Value::Long(length, hash) => {
                write!(f, "a text of {length} bytes with SHA-256 {}", hex(hash))
            }
            Value::Strange => f.write_str("what cannot be read"),
        }
    }
}

/// A body taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store::sqlite) struct Decoded {
    pub(in crate::store::sqlite) table: String,
    pub(in crate::store::sqlite) change: String,
    pub(in crate::store::sqlite) fields: Vec<(String, Value)>,
}

impl Decoded {
    /// The value of a field.
    pub(in crate::store::sqlite) fn field(&self, name: &str) -> Option<&Value> {
        let mut fields = self.fields.iter();
        fields.find(|(found, _)| found == name).map(|(_, v)| v)
    }
}

/// The body that says this.
pub(in crate::store::sqlite) fn encode<'a>(
    table: &str,
    change: &str,
    fields: impl IntoIterator<Item = (&'a str, &'a Value)>,
) -> Vec<u8> {
    let mut body = vec![VERSION];
    put_text(&mut body, table);
    put_text(&mut body, change);
    for (name, value) in fields {
        put_text(&mut body, name);
        match value {
            Value::Null => body.push(b'n'),
            Value::Integer(number) => {
                body.push(b'i');
                body.extend(number.to_be_bytes());
            }
            Value::Text(text) if text.len() <= LONGEST_TEXT => {
                body.push(b't');
                put_text(&mut body, text);
            }
            Value::Text(text) => put_long(&mut body, length(text), &digest(text.as_bytes())),
            Value::Long(length, hash) => put_long(&mut body, *length, hash),
            // Has no encoding, so that it equals nothing that was written.
            Value::Strange => body.push(b'?'),
        }
    }
    body
}

fn put_text(body: &mut Vec<u8>, text: &str) {
    body.extend(length(text).to_be_bytes());
    body.extend(text.as_bytes());
}

fn put_long(body: &mut Vec<u8>, length: u32, hash: &Hash) {
    body.push(b'h');
    body.extend(length.to_be_bytes());
    body.extend(hash);
}

/// SQLite holds no text of 4 GiB.
fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

/// Takes a body apart; `None` when it is not as [`encode`] makes them.
pub(in crate::store::sqlite) fn decode(body: &[u8]) -> Option<Decoded> {
    let mut rest = body.strip_prefix(&[VERSION])?;
    let table = take_text(&mut rest)?;
    let change = take_text(&mut rest)?;
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let name = take_text(&mut rest)?;
        let value = match take::<1>(&mut rest)? {
            [b'n'] => Value::Null,
            [b'i'] => Value::Integer(i64::from_be_bytes(take(&mut rest)?)),
            [b't'] => Value::Text(take_text(&mut rest)?),
            [b'h'] => Value::Long(u32::from_be_bytes(take(&mut rest)?), take(&mut rest)?),
            _ => return None,
        };
        fields.push((name, value));
    }
    Some(Decoded {
        table,
        change,
        fields,
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, after) = rest.split_first_chunk::<N>()?;
    *rest = after;
    Some(*first)
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(u32::from_be_bytes(take(rest)?)).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    String::from_utf8(text.to_vec()).ok()
}

/// SHA-256 of some bytes.
pub(in crate::store::sqlite) fn digest(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The hash of the link with this number and body that follows on `before`.
pub(in crate::store::sqlite) fn link_hash(before: &Hash, seq: i64, body: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update(seq.to_be_bytes());
    hasher.update(body);
    hasher.finalize().into()
}

/// A hash as 64 hexadecimal digits.
pub(in crate::store::sqlite) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 0xf)];
    bytes.iter().flat_map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Vec<(&'static str, Value)> {
        vec![
            ("id", Value::Integer(-7)),
            ("account", Value::Null),
            ("message", Value::Text("fired: ä".to_owned())),
            ("text", Value::Text("x".repeat(LONGEST_TEXT + 1))),
        ]
    }

    fn body(fields: &[(&str, Value)]) -> Vec<u8> {
        encode("entries", "added", fields.iter().map(|(n, v)| (*n, v)))
    }

    #[test]
    fn a_body_is_taken_apart_again() {
        let decoded = decode(&body(&fields())).unwrap();
        assert_eq!(
            (decoded.table.as_str(), decoded.change.as_str()),
            ("entries", "added")
        );
        for ((name, value), (found, decoded)) in fields().iter().zip(&decoded.fields) {
            assert_eq!(name, found);
            assert!(value.is_what_was_encoded(decoded), "{name}");
        }
    }

    #[test]
    fn a_body_that_is_cut_or_goes_on_is_none() {
        let whole = body(&fields());
        let mut starts = 0;
        for end in 0..whole.len() {
            starts += usize::from(decode(&whole[..end]).is_some());
        }
        // What ends behind a field is a body of fewer fields.
        assert_eq!(starts, fields().len());
        let mut longer = whole;
        longer.push(0);
        assert_eq!(decode(&longer), None);
    }

    /// The bytes that docs/record.md promises to other programs.
    #[test]
    fn the_encoding_stays_as_it_is_documented() {
        let fields = [
            ("id", Value::Integer(1)),
            ("account", Value::Null),
            ("rule", Value::Text("r".to_owned())),
        ];
        let body = encode("entries", "added", fields.iter().map(|(n, v)| (*n, v)));
        let expected = b"\x01\0\0\0\x07entries\0\0\0\x05added\
            \0\0\0\x02idi\0\0\0\0\0\0\0\x01\0\0\0\x07accountn\0\0\0\x04rulet\0\0\0\x01r";
        assert_eq!(body, expected);
        assert_eq!(
            hex(&link_hash(&[0; 32], 1, &body)),
            "8355693b2a4c02d578efc8f08eb28508c3ffc7bda935819a59fcce9ed78ce90e"
        );
    }
}
