//! The token that a write over the API must show.
//!
//! Whoever can read the file is allowed to act; nobody else learns the token,
//! as it is new with each start and never leaves the file and this process.
//!
//! It stands in a file that is named after the database, where the commands for
//! that database find it, and in `api-token` beside it, for people and scripts.
//! Databases of one folder share the second name: the daemon that has it holds
//! a lock on the file, and another one leaves it alone.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::secret::Secret;

/// Name of the file, beside the database, that the daemons of a folder share.
const SHARED: &str = "api-token";
/// What the name of the other one ends with, after that of the database.
const OWN: &str = ".api-token";
/// Random bytes in a token.
const BYTES: usize = 32;

/// The token of this process.
#[derive(Debug)]
pub struct Token {
    secret: Secret,
    /// Locked as long as this process has the shared name.
    _shared: Option<File>,
}

/// Where the token of the daemon with this database stands: under the name of
/// its own, or, for a daemon from before there was one, under the shared one.
pub fn token_path(database: &Path) -> PathBuf {
    let own = own_path(database);
    if own.exists() {
        own
    } else {
        database.with_file_name(SHARED)
    }
}

fn own_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(OWN);
    PathBuf::from(name)
}

impl Token {
    /// Makes a token and writes it beside the database, in place of an old one.
    /// At no moment may anybody but the owner read the file.
    ///
    /// # Errors
    /// When there is no randomness, or the file cannot be written.
    pub fn write_beside(database: &Path) -> io::Result<Token> {
        let secret = Token::random()?;
        write(&own_path(database), &secret)?;
        let shared = database.with_file_name(SHARED);
        let held = if is_held(&shared)? {
            tracing::warn!(
                shared = %shared.display(),
                own = %own_path(database).display(),
                "another riskd in this folder has the shared token file; the token of this one is in its own"
            );
            None
        } else {
            Some(write(&shared, &secret)?)
        };
        Ok(Token {
            secret,
            _shared: held,
        })
    }

    fn random() -> io::Result<Secret> {
        let mut bytes = [0_u8; BYTES];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Secret::new(hex).map_err(io::Error::other)
    }

    /// Whether an `Authorization` header shows this token. Takes the same time
    /// wherever a token of the right length differs.
    pub fn is_shown_by(&self, authorization: &str) -> bool {
        let Some((scheme, shown)) = authorization.split_once(' ') else {
            return false;
        };
        scheme.eq_ignore_ascii_case("bearer")
            && same(shown.trim().as_bytes(), self.secret.expose().as_bytes())
    }
}

/// Whether a daemon that runs has this file.
fn is_held(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Writes a token in place of what is there, and gives the file back, locked.
fn write(path: &Path, secret: &Secret) -> io::Result<File> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
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
    writeln!(file, "{}", secret.expose())?;
    file.lock()?;
    std::fs::rename(&new, path)?;
    Ok(file)
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
        assert_eq!(mode(&path), 0o600);
        let own = token_path(&database);
        assert_eq!(own, folder.path().join("riskd.db.api-token"));
        assert_eq!(mode(&own), 0o600);
        assert_eq!(std::fs::read(&own).unwrap(), std::fs::read(&path).unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.trim().len(), 64);
        assert!(token.is_shown_by(&format!("Bearer {}", text.trim())));
        assert!(!folder.path().join("api-token.new").exists());
    }

    #[test]
    fn only_the_whole_token_is_taken() {
        let token = Token {
            secret: Secret::new("0123456789abcdef".to_owned()).unwrap(),
            _shared: None,
        };
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
        assert_ne!(one.expose(), other.expose());
        assert!(!format!("{one:?}").contains(one.expose()));
    }

    /// Case E: two daemons in one folder.
    #[test]
    fn e_two_daemons_in_one_folder_keep_a_token_each() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = ["a.db", "b.db"].map(|name| folder.path().join(name));
        let shared = folder.path().join("api-token");
        let is_in = |token: &Token, path: &Path| {
            let text = std::fs::read_to_string(path).unwrap();
            token.is_shown_by(&format!("Bearer {}", text.trim()))
        };
        // One that was ended left a file behind, which stops nobody.
        drop(Token::write_beside(&b).unwrap());
        let first = Token::write_beside(&a).unwrap();
        let second = Token::write_beside(&b).unwrap();
        assert!(is_in(&first, &shared), "the first one has it");
        assert!(is_in(&first, &token_path(&a)));
        assert!(is_in(&second, &token_path(&b)));
        assert!(!is_in(&second, &token_path(&a)));
        // Once the first is gone the next start takes the name.
        drop(first);
        let third = Token::write_beside(&b).unwrap();
        assert!(is_in(&third, &shared));
    }
}
