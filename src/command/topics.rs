//! `floodgate topics`: the topics as they should be.

use clap::Subcommand;
use floodgate_event_log::kafka::{TopicPlan, apply};
use serde_json::json;

use super::block_on;
use super::exit::Failure;
use super::settings::Place;
use floodgate_server::kafka_options;

/// Creates the topics on a Kafka cluster.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate topics plan --config config/distributed.toml
  floodgate topics apply --config config/distributed.toml --json

Existing topics are kept: missing topics are created, settings are applied, and partitions are added
to the replies. The other topics never get more partitions, because events would lose their past.")]
pub(super) struct Topics {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Shows how the topics should be.
    Plan {
        #[command(flatten)]
        place: Place,
    },
    /// Creates and configures them; repeating it changes nothing.
    Apply {
        #[command(flatten)]
        place: Place,
    },
}

impl Topics {
    pub(super) fn run(self, as_json: bool) -> Result<(), Failure> {
        let (place, applies) = match self.action {
            Action::Plan { place } => (place, false),
            Action::Apply { place } => (place, true),
        };
        let settings = place.load(&[])?.settings;
        let kafka = &settings.kafka;
        let plans = TopicPlan::all(settings.log.partitions, kafka.gateways, kafka.replication);
        if !applies {
            for plan in &plans {
                print(plan, "planned", as_json);
            }
            return Ok(());
        }
        let options = kafka_options(&settings);
        let applied =
            block_on(async { apply(&options, &plans).await.map_err(Failure::unavailable) })?;
        for (plan, applied) in plans.iter().zip(applied) {
            print(plan, applied.what, as_json);
        }
        Ok(())
    }
}

fn print(plan: &TopicPlan, what: &str, as_json: bool) {
    let name = plan.topic.name();
    if as_json {
        let config: serde_json::Map<_, _> =
            plan.config.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        println!(
            "{}",
            json!({ "topic": name, "what": what, "partitions": plan.partitions,
                    "replication": plan.replication, "config": config })
        );
        return;
    }
    let config: Vec<_> = plan.config.iter().map(|(key, value)| format!("{key}={value}")).collect();
    println!("{what:<11} {name:<28} {:>4} partitions  {}", plan.partitions, config.join(" "));
}
