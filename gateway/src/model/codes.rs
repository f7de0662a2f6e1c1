//! Codes of a presale, as staff mint and list them and fans claim them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_domain::CodeMint;
use floodgate_domain::presale::{BATCH_LABEL_BYTES_MAX, BATCH_MAX, CODES_PER_BATCH_MAX};

use crate::problem::{ApiError, Code};

/// Codes of one export: a file of a quarter of a megabyte.
pub(crate) const EXPORT_MAX: u32 = 10_000;

/// Codes to add to a batch; the first ones make it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MintBody {
    /// From 1 to 1023.
    #[schema(minimum = 1, maximum = 1023)]
    pub(crate) batch: u16,
    /// What staff call it; absent, a batch keeps its name.
    #[serde(default)]
    pub(crate) label: String,
    #[schema(minimum = 1, maximum = 1_048_576)]
    pub(crate) count: u32,
}

impl MintBody {
    pub(crate) fn mint(self) -> Result<CodeMint, ApiError> {
        let MintBody { batch, label, count } = self;
        let wrong = |field, fix: String| Err(ApiError::new(Code::MalformedBody).field(field, fix));
        if !(1..=BATCH_MAX).contains(&batch) {
            return wrong("batch", format!("must be from 1 to {BATCH_MAX}"));
        }
        if label.len() > BATCH_LABEL_BYTES_MAX {
            return wrong("label", format!("must be at most {BATCH_LABEL_BYTES_MAX} bytes"));
        }
        if !(1..=CODES_PER_BATCH_MAX).contains(&count) {
            return wrong("count", format!("must be from 1 to {CODES_PER_BATCH_MAX}"));
        }
        Ok(CodeMint { batch, label, count })
    }
}

/// The batches of an event.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BatchList {
    pub(crate) batches: Vec<BatchAnswer>,
}

/// How many codes a batch has, and where they are.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct BatchAnswer {
    pub(crate) batch: u16,
    pub(crate) label: String,
    pub(crate) minted: u32,
    /// Exported or sent: nobody else gets them.
    pub(crate) given: u32,
    /// Used by somebody.
    pub(crate) claimed: u32,
    /// Not given out yet.
    pub(crate) left: u32,
}

/// Codes to take out of a batch.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportBody {
    #[schema(minimum = 1, maximum = 1023)]
    pub(crate) batch: u16,
    #[schema(minimum = 1, maximum = 10_000)]
    pub(crate) count: u32,
}

/// A code, as it was typed or came with a link.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimBody {
    /// Sixteen characters; case, blanks and hyphens do not matter.
    #[schema(example = "0400-0XYZ-ABCD-EF12", max_length = 64)]
    pub(crate) code: String,
}
