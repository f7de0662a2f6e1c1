//! From a file's bytes to a plan, whatever the format.

use crate::focus::ImportOptions;
use crate::report::{Imported, IssueCode, Rejected};
use crate::{Format, native, pretix, table};

/// The largest file that is read: about 150 bytes for each of 200,000 seats, as pretix files have.
pub const INPUT_BYTES_MAX: usize = 32 << 20;

/// Reads a plan, or says everything that keeps it from being sold.
pub fn import(format: Format, bytes: &[u8]) -> Result<Imported, Rejected> {
    import_with(format, bytes, &ImportOptions::default())
}

/// Reads a plan about which something is said that its file does not say.
pub fn import_with(
    format: Format,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<Imported, Rejected> {
    if bytes.len() > INPUT_BYTES_MAX {
        return Err(Rejected::because(
            IssueCode::TooLarge,
            "",
            format!("the file has {} bytes; at most {INPUT_BYTES_MAX} are read", bytes.len()),
        ));
    }
    match format {
        Format::Pretix => pretix::read(bytes, options),
        Format::Csv => table::read(bytes, options),
        Format::Native => native::read(bytes, options),
    }
}
