//! Codes of a presale, on the wire.

use super::cursor::{Cursor, WireError, WireWriter};
use crate::presale::{BATCH_LABEL_BYTES_MAX, CodeMint, CodeNumber};

pub(super) fn write_mint(mint: &CodeMint, out: &mut Vec<u8>) {
    out.put_varint(u64::from(mint.batch));
    out.put_varint(u64::from(mint.count));
    out.put_text(&mint.label);
}

pub(super) fn read_mint(cursor: &mut Cursor<'_>) -> Result<CodeMint, WireError> {
    let (batch, count) = (cursor.u16()?, cursor.u32()?);
    Ok(CodeMint { batch, count, label: cursor.text(BATCH_LABEL_BYTES_MAX)? })
}

pub(super) fn write_code(code: CodeNumber, out: &mut Vec<u8>) {
    out.put_varint(u64::from(code.batch));
    out.put_varint(u64::from(code.number));
}

pub(super) fn read_code(cursor: &mut Cursor<'_>) -> Result<CodeNumber, WireError> {
    Ok(CodeNumber { batch: cursor.u16()?, number: cursor.u32()? })
}
