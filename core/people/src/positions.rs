//! Where those go on that write into the store what follows from the log.

use floodgate_event_log::{Checkpoint, Partition, Topic};

use crate::PeopleError;
use crate::database::values;
use crate::store::Work;

/// What follows from the log alone: its facts lead to every row.
pub const FOLDED_TABLES: [&str; 4] = ["event_artists", "consents", "audience", "codes_minted"];

impl Work<'_> {
    /// Where to go on in a partition of a topic.
    pub fn checkpoint(
        &mut self,
        topic: Topic,
        partition: Partition,
    ) -> Result<Checkpoint, PeopleError> {
        let row = self.row(
            "SELECT next, mark FROM folded_positions WHERE topic = $1 AND partition = $2",
            values![topic.name(), partition],
        )?;
        let Some(row) = row else { return Ok(Checkpoint::default()) };
        let mark = row.text_or_none(1)?.map(|text| text.parse()).transpose();
        let mark = mark.map_err(|_| PeopleError::Damaged("a position has no mark".to_owned()))?;
        Ok(Checkpoint { next: row.id(0)?, mark })
    }

    /// Moves on from where one believes to be; refused where somebody else has moved on meanwhile, so
    /// that two processes never write the same twice.
    pub fn move_checkpoint(
        &mut self,
        topic: Topic,
        partition: Partition,
        (from, behind): (Checkpoint, Checkpoint),
    ) -> Result<(), PeopleError> {
        let mark = behind.mark.map(|mark| mark.to_string());
        // Whoever comes second waits for the row, and finds it changed.
        let mut moved = self.run(
            "UPDATE folded_positions SET next = $4, mark = $5
             WHERE topic = $1 AND partition = $2 AND next = $3",
            values![topic.name(), partition, from.next, behind.next, mark.clone()],
        )?;
        if moved == 0 && from == Checkpoint::default() {
            moved = self.run(
                "INSERT INTO folded_positions (topic, partition, next, mark) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (topic, partition) DO NOTHING",
                values![topic.name(), partition, behind.next, mark],
            )?;
        }
        if moved == 0 {
            let text = format!("another process writes what follows from {}", topic.name());
            return Err(PeopleError::Unavailable(text));
        }
        Ok(())
    }

    /// Forgets what follows from the log, so that it is read again from its first record: who holds,
    /// waits and follows. Persons stay, and so do messages, whose names keep them from going out
    /// twice.
    pub fn forget_folded(&mut self) -> Result<(), PeopleError> {
        for table in ["folded_positions"].iter().chain(&FOLDED_TABLES) {
            self.run(&format!("DELETE FROM {table}"), &[])?;
        }
        Ok(())
    }

    /// The rows of one of the [`FOLDED_TABLES`] as texts, sorted, to be compared with others.
    pub fn folded_rows(&mut self, table: &str) -> Result<Vec<String>, PeopleError> {
        if !FOLDED_TABLES.contains(&table) {
            return Err(PeopleError::Damaged(format!("{table} does not follow from the log")));
        }
        let rows = self.rows(&format!("SELECT * FROM {table}"), &[])?;
        let mut texts: Vec<String> = rows.iter().map(|row| format!("{:?}", row.0)).collect();
        texts.sort_unstable();
        Ok(texts)
    }
}
