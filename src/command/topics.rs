//! `floodgate topics`: the topics as they should be.

use clap::Subcommand;
use floodgate_event_log::kafka::{TopicPlan, apply};
use serde_json::json;

use super::block_on;
use super::exit::Failure;
use super::settings::Place;
use floodgate_server::kafka_options;

/// Makes the topics on a Kafka cluster.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  floodgate topics plan --config config/distributed.toml
  floodgate topics apply --config config/distributed.toml --json

What there is is kept: missing topics are made, settings are set, partitions of the replies are
added. Partitions of the other topics never change, because events would leave their past behind.")]
pub(super) struct Topics {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Shows the topics as they should be.
    Plan {
        #[command(flatten)]
        place: Place,
    },
    /// Makes and configures them; doing it again changes nothing.
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
