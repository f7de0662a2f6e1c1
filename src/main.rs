//! The `floodgate` command: it reads what was typed, calls the rooms, and prints.
//!
//! Start reading at [`command`] (what one can type).

mod command;

use std::process::ExitCode;

/// Requests come and go in the tens of thousands a second, each with a few dozen small pieces.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    command::main()
}
