//! The `floodgate` command.

use std::process::ExitCode;

/// Requests come and go in the tens of thousands a second, each with a few dozen small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    floodgate::command::main()
}
