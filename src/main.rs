//! The `floodgate` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    floodgate::command::main()
}
