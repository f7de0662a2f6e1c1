//! The `floodgate` command: it parses arguments, makes calls, and prints.
//!
//! Start reading at [`command`].

mod command;

use std::process::ExitCode;

/// Requests come and go in the tens of thousands a second, each with a few dozen small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    command::main()
}
