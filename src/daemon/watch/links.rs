//! The names on which a path depends: when one of them comes to mean something
//! else, so may the path.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// Most symbolic links that are followed in one path, as in the kernel.
const MAX_LINKS: usize = 40;

/// What is to be watched for some files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Links {
    /// Every name on the way to the files, with its folder. No folder on such a
    /// path is a symbolic link.
    pub(super) names: BTreeSet<PathBuf>,
    /// The folders that hold them, with device and inode of those that are
    /// there: a folder that was replaced is another one.
    pub(super) folders: BTreeMap<PathBuf, Option<(u64, u64)>>,
}

impl Links {
    /// What these files depend on now.
    pub(super) fn of(files: &[PathBuf]) -> Links {
        let mut links = Links::default();
        for file in files {
            // Without a working folder nothing relative can be found.
            if let Ok(path) = std::path::absolute(file) {
                links.follow(&path);
            }
        }
        links
    }

    fn follow(&mut self, path: &Path) {
        let mut at = PathBuf::from("/");
        let mut rest: VecDeque<OsString> = parts(path);
        let mut followed = 0;
        while let Some(part) = rest.pop_front() {
            if part == ".." {
                at.pop();
                continue;
            }
            let here = at.join(&part);
            self.add(&at, &here);
            match fs::read_link(&here) {
                Ok(target) if followed < MAX_LINKS => {
                    followed = followed.saturating_add(1);
                    if target.is_absolute() {
                        at = PathBuf::from("/");
                    }
                    let mut parts = parts(&target);
                    parts.append(&mut rest);
                    rest = parts;
                }
                _ => at = here,
            }
        }
    }

    fn add(&mut self, folder: &Path, name: &Path) {
        self.names.insert(name.to_owned());
        if !self.folders.contains_key(folder) {
            let identity = fs::metadata(folder).ok();
            let identity = identity.map(|found| (found.dev(), found.ino()));
            self.folders.insert(folder.to_owned(), identity);
        }
    }
}

/// The names of a path, `..` among them.
fn parts(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// The names below the folder that a file there depends on.
    fn names(folder: &Path, file: &str) -> Vec<String> {
        let links = Links::of(&[folder.join(file)]);
        let inside = links.names.iter().filter_map(|name| {
            let name = name.strip_prefix(folder).ok()?;
            Some(name.display().to_string())
        });
        inside.filter(|name| !name.is_empty()).collect()
    }

    #[test]
    fn every_link_on_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        fs::create_dir_all(folder.join("..2026")).unwrap();
        fs::write(folder.join("..2026/rules.yaml"), "").unwrap();
        symlink("..2026", folder.join("..data")).unwrap();
        symlink("..data/rules.yaml", folder.join("rules.yaml")).unwrap();
        symlink(folder.join("..data"), folder.join("current")).unwrap();
        symlink("loop", folder.join("loop")).unwrap();
        let expect: [(&str, &[&str]); 5] = [
            (
                "rules.yaml",
                &["..2026", "..2026/rules.yaml", "..data", "rules.yaml"],
            ),
            (
                "current/../rules.yaml",
                &[
                    "..2026",
                    "..2026/rules.yaml",
                    "..data",
                    "current",
                    "rules.yaml",
                ],
            ),
            ("..2026/new", &["..2026", "..2026/new"]),
            ("none/new", &["none", "none/new"]),
            ("loop/x", &["loop", "loop/x"]),
        ];
        for (file, expect) in expect {
            assert_eq!(names(&folder, file), expect, "{file}");
        }
        let links = Links::of(&[folder.join("none/new")]);
        assert_eq!(links.folders[&folder.join("none")], None);
        assert!(links.folders[&folder].is_some());
        assert!(links.folders[Path::new("/")].is_some());
    }
}
