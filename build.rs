//! Tells cargo what it cannot see by itself.
#![allow(
    clippy::print_stdout,
    reason = "a build script talks to cargo through its output"
)]

use std::env;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if loader_knows_packed_relocations() {
        // More than a megabyte less to read at each start, and to keep in memory.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether the loader of this system reads packed relocations, as glibc does
/// since 2.36; with an older one the program does not start, and says so.
fn loader_knows_packed_relocations() -> bool {
    if env::var("TARGET") != env::var("HOST")
        || env::var("CARGO_CFG_TARGET_ENV").as_deref() != Ok("gnu")
    {
        return false;
    }
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    said.ok()
        .and_then(|said| String::from_utf8(said.stdout).ok())
        .and_then(|said| {
            let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
            Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
        })
        .is_some_and(|version| version >= (2, 36))
}
