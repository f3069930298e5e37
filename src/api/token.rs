//! The token that a write over the API must show.
//!
//! Whoever can read the file is allowed to act; nobody else learns the token,
//! as it is new with each start and never leaves the file and this process.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::secret::Secret;

/// Name of the file, beside the database.
const FILE: &str = "api-token";
/// Random bytes in a token.
const BYTES: usize = 32;

/// The token of this process.
#[derive(Debug)]
pub struct Token(Secret);

/// Where the token of the daemon with this database stands.
pub fn token_path(database: &Path) -> PathBuf {
    database.with_file_name(FILE)
}

impl Token {
    /// Makes a token and writes it beside the database, in place of an old one.
    /// At no moment may anybody but the owner read the file.
    ///
    /// # Errors
    /// When there is no randomness, or the file cannot be written.
    pub fn write_beside(database: &Path) -> io::Result<Token> {
        let token = Token::random()?;
        let path = token_path(database);
        let new = path.with_extension("new");
        // What an interrupted start left behind may have any mode.
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)?;
        // A strange umask must not lock the owner out.
        file.set_permissions(Permissions::from_mode(0o600))?;
        writeln!(file, "{}", token.0.expose())?;
        drop(file);
        std::fs::rename(&new, &path)?;
        Ok(token)
    }

    fn random() -> io::Result<Token> {
        let mut bytes = [0_u8; BYTES];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Secret::new(hex).map(Token).map_err(io::Error::other)
    }

    /// Whether an `Authorization` header shows this token. Takes the same time
    /// wherever a token of the right length differs.
    pub fn is_shown_by(&self, authorization: &str) -> bool {
        let Some((scheme, shown)) = authorization.split_once(' ') else {
            return false;
        };
        scheme.eq_ignore_ascii_case("bearer")
            && same(shown.trim().as_bytes(), self.0.expose().as_bytes())
    }
}

/// Compares without stopping at the first difference.
fn same(shown: &[u8], right: &[u8]) -> bool {
    let differences = shown.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b));
    shown.len() == right.len() && std::hint::black_box(differences) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn the_file_is_its_owners_alone_whatever_stood_there() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("riskd.db");
        let path = folder.path().join("api-token");
        for name in ["api-token", "api-token.new"] {
            std::fs::write(folder.path().join(name), "old").unwrap();
            std::fs::set_permissions(folder.path().join(name), Permissions::from_mode(0o644))
                .unwrap();
        }
        let token = Token::write_beside(&database).unwrap();
        assert_eq!(path, token_path(&database));
        assert_eq!(mode(&path), 0o600);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.trim().len(), 64);
        assert!(token.is_shown_by(&format!("Bearer {}", text.trim())));
        assert!(!folder.path().join("api-token.new").exists());
    }

    #[test]
    fn only_the_whole_token_is_taken() {
        let token = Token(Secret::new("0123456789abcdef".to_owned()).unwrap());
        let cases = [
            ("Bearer 0123456789abcdef", true),
            ("bearer 0123456789abcdef", true),
            ("Bearer 0123456789abcdee", false),
            ("Bearer 0123456789abcde", false),
            ("Bearer 0123456789abcdef0", false),
            ("Bearer ", false),
            ("Bearer", false),
            ("Basic 0123456789abcdef", false),
            ("0123456789abcdef", false),
            ("", false),
        ];
        for (header, expected) in cases {
            assert_eq!(token.is_shown_by(header), expected, "{header}");
        }
    }

    #[test]
    fn two_tokens_differ_and_none_is_printed() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        assert_ne!(one.0.expose(), other.0.expose());
        assert!(!format!("{one:?}").contains(one.0.expose()));
    }
}
