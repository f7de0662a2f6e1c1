//! Releases of an audience's table, on the wire.

use super::cursor::{Cursor, WireError, WireWriter};
use crate::release::AudienceRelease;

pub(super) fn write_release(release: &AudienceRelease, out: &mut Vec<u8>) {
    out.put_varint(release.from.0);
    out.put_varint(release.until.0);
    out.put_varint(u64::from(release.epsilon_micros));
    out.put_bytes(&release.seed);
}

pub(super) fn read_release(cursor: &mut Cursor<'_>) -> Result<AudienceRelease, WireError> {
    Ok(AudienceRelease {
        from: cursor.time()?,
        until: cursor.time()?,
        epsilon_micros: cursor.u32()?,
        seed: cursor.array()?,
    })
}
