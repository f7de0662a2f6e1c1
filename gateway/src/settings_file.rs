//! Dials that a settings file changes: which of its entries act, and how they become one fact each,
//! however many gateways read the same file.
//!
//! An entry acts when it changes. It is identified by a digest of its content, which the fact
//! carries: a gateway that sees the digest as the last one applied has nothing to do, and one that
//! is faster than the fact sends the same command under the same id. At a start only entries act
//! that were never applied before, so that a restart does not revert what somebody changed since.

use std::time::Duration;

use sha2::{Digest, Sha256};

use floodgate_domain::dials::DialEntry;
use floodgate_domain::wire::encode_command;
use floodgate_domain::{
    Actor, Command, CommandId, DialChange, Envelope, EventId, SalePhase, StaffId,
};

use crate::commands::{Outcome, RequestKey, refused_or};
use crate::state::GatewayState;
use crate::views::Changes;

/// How often an undecided change is asked about, and how many times: a minute in all.
const ASK_EVERY: Duration = Duration::from_secs(1);
const ASKS_MAX: u32 = 60;

/// A change that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    pub event_id: EventId,
    change: DialChange,
    /// The same for every gateway that sees the same file and the same past.
    key: String,
}

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsFileError {
    #[error("[[dials]] event = \"{0}\": there is no such event here")]
    UnknownEvent(EventId),
    #[error("[[dials]] event = \"{event_id}\": its phase cannot change so ({code})")]
    Phase { event_id: EventId, code: &'static str },
    #[error("[[dials]] event = \"{event_id}\": {reason}")]
    NotDone { event_id: EventId, reason: String },
}

/// The dials a file has for an event: its own, else those for all. An entry for all leaves out
/// events that are over, and those that cannot go where it would turn the phase.
fn change_for(entries: &[DialEntry], event_id: EventId, phase: SalePhase) -> Option<&DialChange> {
    let find = |wanted| entries.iter().find(|entry| entry.event_id == wanted);
    if let Some(own) = find(Some(event_id)) {
        return Some(&own.change);
    }
    let is_over = matches!(phase, SalePhase::Closed | SalePhase::Cancelled);
    let all = find(None).map(|entry| &entry.change);
    all.filter(|change| !is_over && change.phase.is_none_or(|dial| dial.turn(phase).is_ok()))
}

/// Names an entry by what it says, through its form in the log, which no build changes.
fn digest(event_id: EventId, change: &DialChange) -> u64 {
    let command = Command::SetDials(Box::new(DialChange { origin: 0, ..change.clone() }));
    let envelope = Envelope::system(CommandId::NONE, event_id, command);
    let mut bytes = Vec::new();
    encode_command(&envelope, &mut bytes);
    let hash = Sha256::digest(&bytes);
    let mut head = [0; 8];
    head.copy_from_slice(&hash[..8]);
    // Zero means that a person did it.
    u64::from_be_bytes(head).max(1)
}

/// The change a changed file makes for one event, if it makes one.
fn change_of(
    (event_id, phase, changes): (EventId, SalePhase, &Changes),
    before: Option<&[DialEntry]>,
    now: &[DialEntry],
) -> Result<Option<FileChange>, SettingsFileError> {
    let Some(change) = change_for(now, event_id, phase) else { return Ok(None) };
    let origin = digest(event_id, change);
    let acts = match before {
        // At a start nobody knows what an entry for all was meant for.
        None => {
            let is_named = now.iter().any(|entry| entry.event_id == Some(event_id));
            is_named && !changes.has_done(origin)
        }
        Some(before) => {
            let is_done = changes.last_origin().is_some_and(|(last, _)| last == origin);
            change_for(before, event_id, phase) != Some(change) && !is_done
        }
    };
    if !acts {
        return Ok(None);
    }
    if let Some(Err(refusal)) = change.phase.map(|dial| dial.turn(phase)) {
        return Err(SettingsFileError::Phase { event_id, code: refusal.code() });
    }
    // After what was done last, so that going back to an earlier content is done anew.
    let after = changes.last_origin().map_or(0, |(_, position)| position.version() + 1);
    let key = format!("file-{origin:016x}-{after}");
    Ok(Some(FileChange { event_id, change: DialChange { origin, ..change.clone() }, key }))
}

impl GatewayState {
    /// What a file that says `now` is to change; `before` is what it said, if this process saw it.
    /// One entry that cannot be spoils all of them.
    pub fn changes_of_file(
        &self,
        before: Option<&[DialEntry]>,
        now: &[DialEntry],
    ) -> Result<Vec<FileChange>, SettingsFileError> {
        let named = now.iter().filter_map(|entry| entry.event_id);
        if let Some(unknown) = named.into_iter().find(|&id| self.views.get(id).is_none()) {
            return Err(SettingsFileError::UnknownEvent(unknown));
        }
        let all = self.views.all();
        let changes = all.iter().map(|(event_id, entry)| {
            let view = entry.read();
            change_of((*event_id, view.phase, &view.changes), before, now)
        });
        changes.filter_map(Result::transpose).collect()
    }

    /// Makes the changes, in the name of the settings file.
    pub async fn change_by_file(&self, changes: Vec<FileChange>) -> Result<(), SettingsFileError> {
        for change in changes {
            let event_id = change.event_id;
            let not_done = |reason: String| SettingsFileError::NotDone { event_id, reason };
            self.make_change(change).await.map_err(not_done)?;
        }
        Ok(())
    }

    async fn make_change(&self, made: FileChange) -> Result<(), String> {
        let FileChange { event_id, change, key } = made;
        let actor = Actor::Staff(StaffId::SETTINGS_FILE);
        // The key names the content already: the same key never says something else.
        let key = RequestKey { name: key, fingerprint: (change.origin >> 32) as u32, trace: None };
        let mut pulse = tokio::time::interval(ASK_EVERY);
        let mut last = String::new();
        for _ in 0..ASKS_MAX {
            pulse.tick().await;
            let command = Command::SetDials(Box::new(change.clone()));
            match self.commands.submit(event_id, actor, &key, command).await {
                Ok(Outcome::Decided(reply)) => {
                    tracing::info!(%event_id, offset = reply.offset, "the settings file has changed dials");
                    return refused_or(*reply).map(drop).map_err(|error| error.code().to_owned());
                }
                Ok(Outcome::Pending(_)) => last = "not decided yet".to_owned(),
                Err(error) => last = error.code().to_owned(),
            }
        }
        Err(last)
    }
}

#[cfg(test)]
#[path = "settings_file_tests.rs"]
mod tests;
