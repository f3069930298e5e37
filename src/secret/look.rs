//! What would be read for a secret, for people; never the secret.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{CREDENTIALS_DIRECTORY, resolve};
use crate::rules::settings::SecretSource;

/// The mode bits that let everybody at a file.
const EVERYBODY: u32 = 0o007;

/// What is seen of a secret without showing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Where the rule file says it is.
    pub source: String,
    /// The file in which it is, when it is in one that can be named.
    pub file: Option<SecretFile>,
    /// What was read; `None` when it cannot be used.
    pub value: Option<Value>,
    /// Everything that is wrong, each with what would be right.
    pub problems: Vec<String>,
}

/// The file of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFile {
    /// Its path.
    pub path: PathBuf,
    /// Its permission bits; `None` when it is not there.
    pub mode: Option<u32>,
    /// The number of its owner; `None` when it is not there.
    pub owner: Option<u32>,
}

/// What is told of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// About how long it is, in words.
    pub length: &'static str,
    /// Whether the newline at its end was dropped.
    pub is_trimmed: bool,
}

/// Looks at a secret as riskd would read it now.
pub fn look(source: &SecretSource) -> Look {
    let mut look = Look {
        source: words(source),
        file: path(source).map(file),
        value: None,
        problems: Vec::new(),
    };
    let secret = match resolve(source) {
        Ok(secret) => secret,
        Err(error) => {
            look.problems.push(error.to_string());
            return look;
        }
    };
    let value = secret.expose();
    let bytes = look
        .file
        .as_ref()
        .and_then(|file| fs::metadata(&file.path).ok());
    let value_bytes = u64::try_from(value.len()).unwrap_or(u64::MAX);
    look.value = Some(Value {
        length: length(value.len()),
        is_trimmed: bytes.is_some_and(|file| file.size() > value_bytes),
    });
    if value.contains(' ') {
        let problem = format!(
            "the secret in {} holds a space, which no token or address does; write it anew without",
            look.source
        );
        look.problems.push(problem);
    }
    if let Some(file) = &look.file
        && let Some(mode) = file.mode.filter(|mode| mode & EVERYBODY != 0)
    {
        // Only of a credential: a file like that was refused above.
        let path = file.path.display();
        let problem =
            format!("{path}: mode {mode:04o} lets everybody at it; run: chmod 600 '{path}'");
        look.problems.push(problem);
    }
    look
}

fn words(source: &SecretSource) -> String {
    match source {
        SecretSource::Credential(name) => format!("credential `{name}`"),
        SecretSource::File(path) => format!("file {}", path.display()),
        SecretSource::Env(name) => format!("environment variable `{name}`"),
    }
}

fn path(source: &SecretSource) -> Option<PathBuf> {
    match source {
        SecretSource::Credential(name) => {
            let folder = std::env::var_os(CREDENTIALS_DIRECTORY).filter(|f| !f.is_empty())?;
            Some(Path::new(&folder).join(name))
        }
        SecretSource::File(path) => Some(path.clone()),
        SecretSource::Env(_) => None,
    }
}

fn file(path: PathBuf) -> SecretFile {
    let found = fs::metadata(&path).ok();
    SecretFile {
        mode: found.as_ref().map(|f| f.permissions().mode() & 0o7777),
        owner: found.as_ref().map(MetadataExt::uid),
        path,
    }
}

/// About how long a value is: enough to tell a token from a slip of the hand.
fn length(characters: usize) -> &'static str {
    match characters {
        0..=7 => "fewer than 8 characters",
        8..=31 => "8 to 31 characters",
        32..=127 => "32 to 127 characters",
        _ => "128 characters or more",
    }
}
