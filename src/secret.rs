//! Secrets: where they come from, and a wrapper that never prints them.
//!
//! A secret is a credential that systemd hands over, a file that only its
//! owner may read, or an environment variable. No error here holds any part of
//! the value.

mod look;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub use look::{Look, SecretFile, Value, look};

use crate::files;
use crate::rules::settings::SecretSource;
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize};

/// The environment variable in which systemd names the credentials' folder.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// The longest secret that is read, in bytes.
const MAX_LENGTH: u64 = 16 * 1024;
/// The mode bits that let anybody but the owner at a file.
const NOT_OWNER: u32 = 0o077;

/// A secret; wiped from memory when dropped and never printed.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a secret that can stand in an HTTP header. One newline at the end
    /// is dropped.
    ///
    /// # Errors
    /// Refuses one that is blank, or holds anything but printable ASCII.
    pub fn new(mut text: String) -> Result<Secret, BadSecret> {
        let end = text.strip_suffix('\n').map_or(text.len(), |rest| {
            rest.strip_suffix('\r').unwrap_or(rest).len()
        });
        let value = text.get(..end).unwrap_or_default();
        let checked = match value {
            blank if blank.trim().is_empty() => Err(BadSecret::Empty),
            value if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => {
                Err(BadSecret::Unprintable)
            }
            value => Ok(Secret(SecretString::from(value))),
        };
        text.zeroize();
        checked
    }

    /// The value itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether both are the same text. Both come from the same operator, so that
    /// the time this takes tells nobody anything.
    pub fn is_same(&self, other: &Secret) -> bool {
        self.expose() == other.expose()
    }
}

/// What a venue is asked with: secrets by the names that its profile gives them.
#[derive(Clone, Debug)]
pub struct Credential(Vec<(&'static str, Secret)>);

impl Credential {
    /// A credential of these parts.
    pub fn new(parts: impl IntoIterator<Item = (&'static str, Secret)>) -> Credential {
        Credential(parts.into_iter().collect())
    }

    /// Its parts with their names.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &Secret)> + Clone {
        self.0.iter().map(|(name, secret)| (*name, secret))
    }

    /// Whether both have the same parts.
    pub fn is_same(&self, other: &Credential) -> bool {
        let is_in = |(name, secret): (&'static str, &Secret)| {
            other.part(name).is_some_and(|its| its.is_same(secret))
        };
        self.0.len() == other.0.len() && self.parts().all(is_in)
    }

    /// The part of this name.
    pub fn part(&self, name: &str) -> Option<&Secret> {
        let mut parts = self.0.iter();
        parts
            .find(|(known, _)| *known == name)
            .map(|(_, secret)| secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// What is wrong with a secret's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// Nothing, or nothing but space.
    #[error("it is empty")]
    Empty,
    /// It could not be sent in a header.
    #[error("it holds a character that is not printable ASCII")]
    Unprintable,
    /// More than 16 KiB.
    #[error("it is longer than 16 KiB")]
    TooLong,
}

/// Why a secret could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The process was not started with credentials.
    #[error(
        "credential `{name}`: $CREDENTIALS_DIRECTORY is not set; the unit needs LoadCredential={name}:PATH"
    )]
    NoCredentials {
        /// The credential's name.
        name: String,
    },
    /// The name could lead out of the folder.
    #[error("credential `{name}`: the name must be a plain file name")]
    CredentialName {
        /// The name as it was given.
        name: String,
    },
    /// The service manager handed over nothing that can be used.
    #[error(
        "credential `{name}`: {source}; put the secret into the file that the unit loads it from (/etc/riskd/{name} with the unit of riskd, mode 0600), then: systemctl restart riskd"
    )]
    Credential {
        /// The credential's name.
        name: String,
        /// What is wrong with it.
        source: Box<SecretError>,
    },
    /// The file cannot be read.
    #[error("secret file {}: {}", .path.display(), .source)]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder, a device, a pipe.
    #[error("secret file {}: it is not a regular file", .path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// Others may read or write it.
    #[error(
        "secret file {path}: mode {mode:04o} lets others at it; run: chmod 600 '{path}'",
        path = .path.display()
    )]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The environment has no such variable.
    #[error("environment variable `{name}` is not set")]
    NoVariable {
        /// The variable.
        name: String,
    },
    /// The value cannot be used.
    #[error("the secret in {place} cannot be used: {reason}")]
    Value {
        /// Where it was found.
        place: String,
        /// What is wrong with it.
        reason: BadSecret,
    },
}

/// Keeps what is in memory, the secrets among it, out of core dumps, and away
/// from other processes of the same user. Whatever the system says, the program
/// goes on: a missing precaution is no reason not to protect an account.
pub fn keep_out_of_dumps() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "the size of core dumps could not be limited");
    }
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "core dumps could not be switched off");
    }
}

/// Reads a secret from where the rule file says it is.
///
/// # Errors
/// As the three functions below.
pub fn resolve(source: &SecretSource) -> Result<Secret, SecretError> {
    match source {
        SecretSource::Credential(name) => from_credential(name),
        SecretSource::File(path) => from_file(path),
        SecretSource::Env(name) => from_env(name),
    }
}

/// Reads the systemd credential `name`.
///
/// Its mode is not looked at: systemd guards the folder, and gives the file to
/// the service's user by an access list that shows as group bits.
///
/// # Errors
/// When the process has no credentials, the name is no plain file name, or the
/// file's content cannot be used.
pub fn from_credential(name: &str) -> Result<Secret, SecretError> {
    credential_in(std::env::var_os(CREDENTIALS_DIRECTORY), name)
}

/// Reads a file that only its owner may read.
///
/// # Errors
/// When it cannot be read, is no regular file, lets others at it, or its
/// content cannot be used.
pub fn from_file(path: &Path) -> Result<Secret, SecretError> {
    let (file, metadata) = open(path)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & NOT_OWNER != 0 {
        return Err(SecretError::Mode {
            path: path.to_path_buf(),
            mode,
        });
    }
    read(path, file)
}

/// Reads the environment variable `name`.
///
/// # Errors
/// When it is not set or its value cannot be used.
pub fn from_env(name: &str) -> Result<Secret, SecretError> {
    // `var_os` panics on neither of these, but finds nothing by them either.
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(SecretError::NoVariable {
            name: name.to_owned(),
        });
    }
    variable(name, std::env::var_os(name))
}

fn variable(name: &str, value: Option<OsString>) -> Result<Secret, SecretError> {
    let Some(value) = value else {
        return Err(SecretError::NoVariable {
            name: name.to_owned(),
        });
    };
    value
        .into_string()
        .map_err(|_| BadSecret::Unprintable)
        .and_then(Secret::new)
        .map_err(|reason| SecretError::Value {
            place: format!("environment variable `{name}`"),
            reason,
        })
}

fn credential_in(directory: Option<OsString>, name: &str) -> Result<Secret, SecretError> {
    if Path::new(name).file_name() != Some(OsStr::new(name)) || name.contains('\0') {
        return Err(SecretError::CredentialName {
            name: name.to_owned(),
        });
    }
    let Some(directory) = directory.filter(|directory| !directory.is_empty()) else {
        return Err(SecretError::NoCredentials {
            name: name.to_owned(),
        });
    };
    let path = Path::new(&directory).join(name);
    open(&path)
        .and_then(|(file, _)| read(&path, file))
        .map_err(|source| SecretError::Credential {
            name: name.to_owned(),
            source: Box::new(source),
        })
}

fn open(path: &Path) -> Result<(File, Metadata), SecretError> {
    files::open(path).map_err(|source| {
        let path = path.to_path_buf();
        if files::is_not_regular(&source) {
            SecretError::NotAFile { path }
        } else {
            SecretError::Io { path, source }
        }
    })
}

fn read(path: &Path, file: File) -> Result<Secret, SecretError> {
    let value = |reason| SecretError::Value {
        place: path.display().to_string(),
        reason,
    };
    let mut bytes = Vec::new();
    file.take(MAX_LENGTH + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| SecretError::Io {
            path: path.to_path_buf(),
            source,
        })?;
    if bytes.len() as u64 > MAX_LENGTH {
        bytes.zeroize();
        return Err(value(BadSecret::TooLong));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Secret::new(text).map_err(value),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(value(BadSecret::Unprintable))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_with(mode: u32, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn one_newline_is_dropped_and_no_more() {
        for (text, value) in [
            ("abc", Some("abc")),
            ("abc\n", Some("abc")),
            ("abc\r\n", Some("abc")),
            ("a b", Some("a b")),
            ("abc\n\n", None),
            ("a\nb", None),
            ("", None),
            ("\n", None),
            ("  ", None),
            ("a\tb", None),
            ("a\u{7f}", None),
            ("tokén", None),
        ] {
            let secret = Secret::new(text.to_owned());
            assert_eq!(secret.as_ref().ok().map(Secret::expose), value, "{text:?}");
        }
    }

    #[test]
    fn a_file_is_for_its_owner_alone() {
        for mode in [0o600, 0o400] {
            let (_folder, path) = file_with(mode, b"s3cret-value\n");
            assert_eq!(from_file(&path).unwrap().expose(), "s3cret-value");
        }
        for mode in [0o640, 0o604, 0o644, 0o660, 0o610] {
            let (_folder, path) = file_with(mode, b"s3cret-value\n");
            let message = from_file(&path).unwrap_err().to_string();
            assert!(message.contains(&format!("mode 0{mode:o}")), "{message}");
            assert!(message.contains("chmod 600"), "{message}");
            assert!(message.contains("token"), "{message}");
        }
    }

    #[test]
    fn nothing_but_a_regular_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            from_file(folder.path()),
            Err(SecretError::NotAFile { .. })
        ));
        assert!(matches!(
            from_file(&folder.path().join("none")),
            Err(SecretError::Io { .. })
        ));
        assert!(matches!(
            from_file(Path::new("/dev/zero")),
            Err(SecretError::NotAFile { .. })
        ));
    }

    #[test]
    fn no_error_holds_the_value() {
        for content in [
            &b"s3cret\nvalue"[..],
            b"s3cret\xffvalue",
            "s3cret\u{e9}value".as_bytes(),
        ] {
            let (_folder, path) = file_with(0o600, content);
            let error = from_file(&path).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("s3cret"), "{shown}");
        }
        let long = vec![b'x'; 20_000];
        let (_folder, path) = file_with(0o600, &long);
        assert!(from_file(&path).unwrap_err().to_string().len() < 300);
        let secret = Secret::new("s3cret".to_owned()).unwrap();
        assert!(!format!("{secret:?}").contains("s3cret"));
    }

    #[test]
    fn a_credential_is_a_plain_name_in_the_folder() {
        let (folder, _) = file_with(0o440, b"s3cret-value\n");
        let directory = || Some(folder.path().as_os_str().to_owned());
        assert_eq!(
            credential_in(directory(), "token").unwrap().expose(),
            "s3cret-value"
        );
        for name in ["", ".", "..", "../token", "a/token", "/token", "token/"] {
            assert!(
                matches!(
                    credential_in(directory(), name),
                    Err(SecretError::CredentialName { .. })
                ),
                "{name:?}"
            );
        }
        for none in [None, Some(OsString::new())] {
            assert!(matches!(
                credential_in(none, "token"),
                Err(SecretError::NoCredentials { .. })
            ));
        }
    }

    #[test]
    fn a_credential_that_is_not_there_says_where_to_put_it() {
        let (folder, _) = file_with(0o440, b"");
        let directory = || Some(folder.path().as_os_str().to_owned());
        for (name, wrong) in [("token", "it is empty"), ("other", "No such file")] {
            let message = credential_in(directory(), name).unwrap_err().to_string();
            assert!(message.contains(wrong), "{message}");
            assert!(message.contains(&format!("/etc/riskd/{name}")), "{message}");
            assert!(message.contains("systemctl restart riskd"), "{message}");
        }
    }

    #[test]
    fn a_variable_is_set_and_usable() {
        assert_eq!(
            variable("T", Some("s3cret".into())).unwrap().expose(),
            "s3cret"
        );
        let message = variable("T", Some("".into())).unwrap_err().to_string();
        assert!(message.contains("`T`"), "{message}");
        assert!(matches!(
            from_env("RISKD_TEST_NO_SUCH_VARIABLE"),
            Err(SecretError::NoVariable { .. })
        ));
        assert!(from_env("A=B").is_err());
    }
}
