//! `floodgate export`: facts, orders and sales of an event as files, on from where the last one
//! ended.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::ValueEnum;
use serde_json::json;

use super::block_on;
use super::exit::Failure;
use super::staff::Staff;

/// Writes facts, orders or sales of an event to a folder, in parts of 20,000 rows at most.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The cursor is printed at the end, and kept in the folder: the same command again writes only what
has changed since, as further parts. An order that changed comes again, with a greater version.

Examples:
  floodgate export evt_… --what orders --kind parquet --out orders --key-file manager.key
  duckdb -c \"SELECT status, sum(amount) FROM 'orders/*.parquet' GROUP BY ALL\"")]
pub(super) struct Export {
    #[arg(value_name = "EVENT")]
    event: String,
    #[arg(long, value_enum)]
    what: What,
    #[arg(long, value_enum, default_value = "csv")]
    kind: Kind,
    /// Folder to write to.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Begin behind this cursor, whatever the folder says; 0 is the beginning.
    #[arg(long)]
    after: Option<u64>,
    #[command(flatten)]
    staff: Staff,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    Facts,
    Orders,
    Sales,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    Csv,
    Parquet,
}

impl Export {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let what = match self.what {
            What::Facts => "facts",
            What::Orders => "orders",
            What::Sales => "sales",
        };
        let kind = match self.kind {
            Kind::Csv => "csv",
            Kind::Parquet => "parquet",
        };
        let caller = self.staff.caller()?;
        std::fs::create_dir_all(&self.out)
            .with_context(|| format!("cannot make {}", self.out.display()))
            .map_err(Failure::io)?;
        let kept = self.out.join(format!("{what}.cursor"));
        let mut after = self.after.unwrap_or_else(|| {
            let text = std::fs::read_to_string(&kept).unwrap_or_default();
            text.trim().parse().unwrap_or(0)
        });
        let mut parts = 0;
        loop {
            let path = format!("/v1/events/{}/exports/{what}.{kind}?after={after}", self.event);
            let (bytes, next) = block_on(async { caller.file(&path).await })?;
            let (next, has_more) = next.ok_or_else(|| anyhow!("the answer says no cursor"))?;
            if next > after {
                // By its beginning, so that parts sort as they came.
                self.write(&self.out.join(format!("{what}-{after:020}.{kind}")), &bytes)?;
                parts += 1;
            }
            // After the part: a cursor that is lost repeats a part, and leaves none out.
            self.write(&kept, next.to_string().as_bytes())?;
            if has_more && next <= after {
                let why =
                    anyhow!("the server had no further rows in time; the same command goes on");
                return Err(Failure::unavailable(why));
            }
            after = next;
            if !has_more {
                break;
            }
        }
        if as_json {
            println!("{}", json!({ "parts": parts, "next": after }));
        } else {
            println!("{parts} parts in {}; the cursor is {after}", self.out.display());
        }
        Ok(())
    }

    fn write(&self, path: &std::path::Path, bytes: &[u8]) -> Result<(), Failure> {
        std::fs::write(path, bytes)
            .with_context(|| format!("cannot write {}", path.display()))
            .map_err(Failure::io)
    }
}
