//! Codes that let people into a presale: batches of them, and what a claim names.

/// The longest name of a batch, in bytes: a line in a list.
pub const BATCH_LABEL_BYTES_MAX: usize = 80;
/// As many batches as a page lists at once; more kinds of people than that, no sale keeps apart
/// by its announcements.
pub const BATCHES_MAX: usize = 64;
/// A batch is named by ten bits: two characters of a code.
pub const BATCH_MAX: u16 = (1 << 10) - 1;
/// A number has twenty bits: four characters of a code. The largest crowd of a sale that was planned
/// for is a million people, and nobody claims twice.
pub const CODES_PER_BATCH_MAX: u32 = 1 << 20;
/// A bit for each code in memory, 128 kilobytes, and 24 bytes for each that is claimed: as much as the
/// places of a full line take.
pub const CODES_PER_EVENT_MAX: u32 = 1 << 20;

/// Codes that are added to a batch; the first ones make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeMint {
    pub batch: u16,
    /// What staff call the batch; may be empty where it has a name already.
    pub label: String,
    pub count: u32,
}

impl CodeMint {
    /// Whether one batch may get these at all.
    #[must_use]
    pub fn can_be(&self) -> bool {
        (1..=BATCH_MAX).contains(&self.batch)
            && self.label.len() <= BATCH_LABEL_BYTES_MAX
            && (1..=CODES_PER_BATCH_MAX).contains(&self.count)
    }
}

/// One code: its batch, and its number there, from 0 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodeNumber {
    pub batch: u16,
    pub number: u32,
}
