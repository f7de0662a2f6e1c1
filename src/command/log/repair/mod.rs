//! `floodgate log repair`: puts damaged records right, from whatever still knows them.
//!
//! | file | holds |
//! |---|---|
//! | `mending` | what is damaged, and what was found for it |
//! | `sources` | where a record is found: its checksum, a copy of the log |
//! | `derived` | what follows from other topics |
//! | `file` | the log written anew, in the place of the damaged one |

mod derived;
mod file;
mod mending;
mod sources;

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use floodgate_config::Backend;
use floodgate_event_log::embedded::{EmbeddedLog, forget_acknowledged, hold};
use floodgate_event_log::{Log, Topic};
use serde_json::json;

use self::mending::{Left, Mended, Mending};
use super::super::exit::Failure;
use super::super::settings::Place;

/// What to do about damage.
#[derive(Debug, clap::Args)]
pub(super) struct Repair {
    #[command(flatten)]
    place: Place,
    /// The data folder of a copy of this log, such as a backup; may be given several times.
    #[arg(long, value_name = "DIR")]
    from: Vec<PathBuf>,
    /// Write the repaired log. Without it nothing is changed.
    #[arg(long)]
    apply: bool,
    /// Give up records of topics that nothing is decided from, where no source has them, and commands
    /// behind the last fact, which may never have been decided; and go on without records that are
    /// missing at the end of the log.
    #[arg(long)]
    accept_loss: bool,
}

impl Repair {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let settings = self.place.load(&[])?.settings;
        if settings.log.backend == Backend::Kafka {
            return Err(Failure::bad_input(anyhow!(
                "Kafka mends its partitions from their replicas by itself; see `floodgate doctor`"
            )));
        }
        let data = &self.place.data;
        let held = hold(data).map_err(Failure::io)?;
        let log = EmbeddedLog::open_to_mend(data).map_err(Failure::io)?;
        let open = |folder: &PathBuf| EmbeddedLog::open_read_only(folder).map_err(Failure::io);
        let copies = self.from.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let mut mending = Mending::of(&log, &copies)?;
        // Each of these rests on the one before.
        for partition in 0..log.partitions(Topic::Commands) {
            derived::commands(&mut mending, partition, self.accept_loss)?;
            derived::facts(&mut mending, partition)?;
            derived::public(&mut mending, partition)?;
        }
        let restored = mending.restored();
        for partition in restored {
            if !derived::follows_again(&mending, partition)? {
                mending.cannot_restore(partition);
            }
        }
        if self.accept_loss {
            mending.give_up();
        }
        mending.close();
        mending.mended().iter().for_each(|one| print_mended(one, as_json));
        mending.left().iter().for_each(|one| print_left(one, as_json));
        let (mended, left) = (mending.mended().len(), mending.left().len());
        let is_file_damaged = !says_what_is_so(data);
        if mended + left == 0 && !is_file_damaged {
            if let Ok(Err(missing)) = EmbeddedLog::open_read_only(data).map(|log| log.health()) {
                return self.without_missing(&missing.to_string(), as_json);
            }
            return said(as_json, "nothing is damaged", &json!({ "damaged": 0 }));
        }
        if left > 0 {
            let advice = "give a copy of the log with --from";
            return Err(Failure::from(anyhow!(
                "{left} of {} damaged records cannot be repaired: {advice}; nothing was changed",
                mended + left
            )));
        }
        if !self.apply {
            let file = if is_file_damaged { ", and what the file says of itself" } else { "" };
            return Err(Failure::from(anyhow!(
                "{mended} damaged records{file} can be repaired: say --apply to write the log anew"
            )));
        }
        let kept = file::write_anew(data, &log, &mending)?;
        if self.accept_loss {
            forget_acknowledged(data).map_err(Failure::io)?;
        }
        drop(held);
        let kept = kept.display();
        let text = format!(
            "{mended} records are repaired; the damaged log is {kept}. Next: `floodgate audit`. If \
             the server then finds a snapshot that is not from this log, move the snapshots away"
        );
        said(as_json, &text, &json!({ "repaired": mended, "damaged_log": kept.to_string() }))
    }
}

impl Repair {
    /// What vanished from the end is nowhere else; whoever accepts that goes on without it.
    fn without_missing(&self, missing: &str, as_json: bool) -> Result<(), Failure> {
        if !(self.apply && self.accept_loss) {
            return Err(Failure::from(anyhow!("{missing}")));
        }
        forget_acknowledged(&self.place.data).map_err(Failure::io)?;
        let text = "the log goes on without what is missing at its end. Next: `floodgate audit`";
        said(as_json, text, &json!({ "accepted": missing }))
    }
}

/// Whether a file's own word about itself, partitions and ends, is as it was written.
fn says_what_is_so(data: &Path) -> bool {
    let Ok(log) = EmbeddedLog::open_read_only(data) else { return false };
    Topic::ALL
        .into_iter()
        .all(|topic| (0..log.partitions(topic)).all(|partition| log.end(topic, partition).is_ok()))
}

fn said(as_json: bool, text: &str, value: &serde_json::Value) -> Result<(), Failure> {
    let line = if as_json { value.to_string() } else { text.to_owned() };
    println!("{line}");
    Ok(())
}

fn print_mended(mended: &Mended, as_json: bool) {
    let Mended { topic, partition, offset, source, .. } = mended;
    let (topic, source) = (topic.name(), source.name());
    if as_json {
        let row = json!({ "topic": topic, "partition": partition, "offset": offset,
            "found": source });
        println!("{row}");
    } else {
        println!("{topic}/{partition} {offset:>10}  {source}");
    }
}

fn print_left(left: &Left, as_json: bool) {
    let Left { topic, partition, offset, reason } = left;
    let topic = topic.name();
    if as_json {
        let row = json!({ "topic": topic, "partition": partition, "offset": offset,
            "found": null, "reason": reason });
        println!("{row}");
    } else {
        println!("{topic}/{partition} {offset:>10}  not repairable: {reason}");
    }
}
