//! Tells cargo what it cannot see by itself.
#![allow(
    clippy::print_stdout,
    reason = "a build script talks to cargo through its output"
)]

fn main() {
    // The migrations are embedded by a macro, which does not notice a new file.
    println!("cargo:rerun-if-changed=migrations");
}
