//! `floodgate schemas`: what other teams read, described for their tools.

use std::path::PathBuf;

use anyhow::Context;
use floodgate_streams::public::{asyncapi, schemas};
use floodgate_streams::tables::connect_files;

use super::exit::Failure;

/// Prints or writes the JSON Schemas and the AsyncAPI document of the public topics.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate schemas                       the AsyncAPI document
  floodgate schemas --out docs/schemas    one file per topic, asyncapi.json, and connect/:
                                          property files for Kafka Connect")]
pub(super) struct Schemas {
    /// Folder to write to.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Schemas {
    pub(super) fn run(self) -> Result<(), Failure> {
        let text = |value: &serde_json::Value| {
            serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(Failure::io)
        };
        let Some(folder) = self.out else {
            print!("{}", text(&asyncapi())?);
            return Ok(());
        };
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
        };
        std::fs::create_dir_all(folder.join("connect"))?;
        for (topic, schema) in schemas() {
            write(&format!("{}.json", topic.name()), text(&schema)?)?;
        }
        write("asyncapi.json", text(&asyncapi())?)?;
        for (name, content) in connect_files() {
            write(&format!("connect/{name}"), content)?;
        }
        Ok(())
    }
}
