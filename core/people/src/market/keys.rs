//! Further keys of a buyer: each has a name and is withdrawn by itself. The store has none of their
//! secrets: whether a text is a key is known by its signature, here only whether it counts.

use floodgate_domain::{LogTime, StaffId};

use crate::PeopleError;
use crate::database::{StoredRow, values};
use crate::store::Work;

/// Keys of one buyer at once: a list that a person can still look through.
pub const BUYER_KEYS_MAX: u32 = 20;

/// A key that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuyerKey {
    pub key: u64,
    /// Whose it is.
    pub staff: StaffId,
    /// What it is for, in its owner's words.
    pub label: String,
    pub made_at: LogTime,
}

impl Work<'_> {
    /// Adds a key; one that is there already is returned as it was. `None` where there are too many, or
    /// it was withdrawn.
    pub fn add_buyer_key(&mut self, new: &BuyerKey) -> Result<Option<BuyerKey>, PeopleError> {
        let all = self.buyer_keys(new.staff)?;
        if let Some(known) = all.iter().find(|one| one.key == new.key) {
            return Ok(Some(known.clone()));
        }
        if all.len() >= BUYER_KEYS_MAX as usize {
            return Ok(None);
        }
        let added = self.run(
            "INSERT INTO buyer_keys (key, staff, label, made_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (key) DO NOTHING",
            values![new.key, new.staff.0, new.label.as_str(), new.made_at.0],
        )?;
        Ok((added > 0).then(|| new.clone()))
    }

    /// The keys of a buyer that count, the oldest first.
    pub fn buyer_keys(&mut self, staff: StaffId) -> Result<Vec<BuyerKey>, PeopleError> {
        let sql = "SELECT key, staff, label, made_at FROM buyer_keys
             WHERE staff = $1 AND ended_at IS NULL ORDER BY made_at, key";
        let one = |row: &StoredRow| {
            Ok(BuyerKey {
                key: row.id(0)?,
                staff: StaffId(row.id(1)?),
                label: row.text(2)?,
                made_at: LogTime(row.id(3)?),
            })
        };
        self.rows(sql, values![staff.0])?.iter().map(one).collect()
    }

    /// Keys of all buyers that count, at most so many.
    pub fn buyer_keys_of_all(&mut self, count: u32) -> Result<Vec<u64>, PeopleError> {
        let sql = "SELECT key FROM buyer_keys WHERE ended_at IS NULL ORDER BY made_at LIMIT $1";
        self.rows(sql, values![count])?.iter().map(|row| row.id(0)).collect()
    }

    /// Withdraws a key of a buyer; whether it counted.
    pub fn end_buyer_key(
        &mut self,
        (staff, key): (StaffId, u64),
        now: LogTime,
    ) -> Result<bool, PeopleError> {
        let sql = "UPDATE buyer_keys SET ended_at = $3
             WHERE key = $1 AND staff = $2 AND ended_at IS NULL";
        Ok(self.run(sql, values![key, staff.0, now.0])? > 0)
    }
}
