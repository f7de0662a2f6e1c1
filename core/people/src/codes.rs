//! Which codes of a presale are given out: every number once, whoever asks for it.

use floodgate_domain::EventId;

use crate::PeopleError;
use crate::database::values;
use crate::store::Work;

impl Work<'_> {
    /// Sets the next `count` numbers of a batch aside, of the `minted` there are, and returns the
    /// first; `None` where fewer are left. The same `name` gets the same numbers again.
    pub fn reserve_codes(
        &mut self,
        (event_id, batch): (EventId, u16),
        name: &str,
        (count, minted): (u32, u32),
    ) -> Result<Option<u32>, PeopleError> {
        self.run(
            "INSERT INTO code_batches (event, batch, given) VALUES ($1, $2, 0)
             ON CONFLICT (event, batch) DO NOTHING",
            values![event_id.0, batch],
        )?;
        // Whoever comes second waits for the row here, and finds what the first has written.
        let given = self.run(
            "UPDATE code_batches SET given = given + $3
             WHERE event = $1 AND batch = $2 AND given + $3 <= $4",
            values![event_id.0, batch, count, minted],
        )?;
        let before = self.row(
            "SELECT first FROM code_reservations WHERE event = $1 AND name = $2",
            values![event_id.0, name],
        )?;
        if let Some(row) = before {
            if given > 0 {
                self.run(
                    "UPDATE code_batches SET given = given - $3 WHERE event = $1 AND batch = $2",
                    values![event_id.0, batch, count],
                )?;
            }
            return Ok(u32::try_from(row.int(0)?).ok());
        }
        if given == 0 {
            return Ok(None);
        }
        let first = self.codes_given((event_id, batch))? - count;
        self.run(
            "INSERT INTO code_reservations (event, name, batch, first, count)
             VALUES ($1, $2, $3, $4, $5)",
            values![event_id.0, name, batch, first, count],
        )?;
        Ok(Some(first))
    }

    /// How many codes of a batch are given out: the numbers below.
    pub fn codes_given(&mut self, (event_id, batch): (EventId, u16)) -> Result<u32, PeopleError> {
        let row = self.row(
            "SELECT given FROM code_batches WHERE event = $1 AND batch = $2",
            values![event_id.0, batch],
        )?;
        let given = row.map(|row| row.int(0)).transpose()?.unwrap_or(0);
        u32::try_from(given).map_err(|_| PeopleError::Damaged("a count of codes".to_owned()))
    }
}
