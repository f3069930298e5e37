//! The `riskd` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    riskd::cli::main()
}
