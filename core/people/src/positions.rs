//! Where those go on that write into the store what follows from the log.

use floodgate_event_log::{Checkpoint, Partition, Topic};

use crate::PeopleError;
use crate::database::values;
use crate::store::Work;

impl Work<'_> {
    /// Where to go on in a partition of a topic.
    pub fn checkpoint(
        &mut self,
        topic: Topic,
        partition: Partition,
    ) -> Result<Checkpoint, PeopleError> {
        let row = self.row(
            "SELECT next, mark FROM positions WHERE topic = $1 AND partition = $2",
            values![topic.name(), partition],
        )?;
        let Some(row) = row else { return Ok(Checkpoint::default()) };
        let mark = row.text_or_none(1)?.map(|text| text.parse()).transpose();
        let mark = mark.map_err(|_| PeopleError::Damaged("a position has no mark".to_owned()))?;
        Ok(Checkpoint { next: row.id(0)?, mark })
    }

    /// Stores where to go on, in the transaction that wrote what came before.
    pub fn store_checkpoint(
        &mut self,
        topic: Topic,
        partition: Partition,
        behind: Checkpoint,
    ) -> Result<(), PeopleError> {
        let mark = behind.mark.map(|mark| mark.to_string());
        self.run(
            "INSERT INTO positions (topic, partition, next, mark) VALUES ($1, $2, $3, $4)
             ON CONFLICT (topic, partition) DO UPDATE SET next = excluded.next, mark = excluded.mark",
            values![topic.name(), partition, behind.next, mark],
        )
        .map(|_| ())
    }
}
