//! The `strongroom` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    strongroom::commands::main()
}
