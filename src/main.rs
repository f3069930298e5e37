//! The `riskd` program.

fn main() {}
