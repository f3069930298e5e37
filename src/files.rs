//! Files that people name: opened so that nothing in their place can be waited
//! for.
//!
//! A pipe that nobody writes to, a terminal or a device in the place of a rule
//! file would hold up whoever reads it, and a rule file is read on the way to
//! `riskd flatten` too.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a regular file for reading.
///
/// The kind is looked at before opening, since opening a device may do
/// something, and once more on what was opened, since the name may mean another
/// file by then. The opening itself waits for nothing, whatever it finds.
///
/// # Errors
/// What opening says, or that there is something else than a regular file.
pub fn open(path: &Path) -> io::Result<(File, Metadata)> {
    must_be_regular(&std::fs::metadata(path)?)?;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    must_be_regular(&metadata)?;
    Ok((file, metadata))
}

/// The content of a regular file.
///
/// # Errors
/// As [`open`]; also that it is longer than `most` bytes.
pub fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let bytes = beginning(path, most.saturating_add(1))?;
    if bytes.len() > most {
        Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {most} bytes"),
        ))
    } else {
        Ok(bytes)
    }
}

/// The same for a text.
///
/// # Errors
/// As [`read`]; also that it is not UTF-8.
pub fn read_text(path: &Path, most: usize) -> io::Result<String> {
    let bytes = read(path, most)?;
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// The first bytes of a regular file, at most so many.
///
/// # Errors
/// As [`open`].
pub fn beginning(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    let (file, _) = open(path)?;
    let mut bytes = Vec::new();
    file.take(u64::try_from(most).unwrap_or(u64::MAX))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn must_be_regular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        Ok(())
    } else {
        Err(NotRegular(words(metadata.file_type())).into())
    }
}

/// There is something else than a regular file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is {0}, not a regular file")]
pub struct NotRegular(&'static str);

impl From<NotRegular> for io::Error {
    fn from(error: NotRegular) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidInput, error)
    }
}

/// Whether an error says that there is something else than a regular file.
pub fn is_not_regular(error: &io::Error) -> bool {
    let inner = error.get_ref();
    inner.is_some_and(|inner| inner.is::<NotRegular>())
}

fn words(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_char_device() || kind.is_block_device() {
        "a device"
    } else {
        "something else"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "text").unwrap();
        assert_eq!(read_text(&path, 4).unwrap(), "text");
        assert_eq!(beginning(&path, 2).unwrap(), b"te");
        let long = read(&path, 3).unwrap_err();
        assert_eq!(long.to_string(), "it has more than 3 bytes");
        let pipe = folder.path().join("pipe");
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        for (path, expect) in [
            (pipe.as_path(), "it is a pipe, not a regular file"),
            (Path::new("/dev/zero"), "it is a device, not a regular file"),
            (folder.path(), "it is a folder, not a regular file"),
        ] {
            let error = read(path, 4).unwrap_err();
            assert!(is_not_regular(&error));
            assert_eq!(error.to_string(), expect);
        }
        let none = read(&folder.path().join("none"), 4).unwrap_err();
        assert_eq!(none.kind(), io::ErrorKind::NotFound);
        std::fs::write(&path, b"\xff").unwrap();
        let error = read_text(&path, 4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
