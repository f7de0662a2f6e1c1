//! How far this server's readers are, and what they could not read: for operators.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use tokio::sync::Semaphore;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_event_log::{Log, LogError, Topic};

use super::Routes;
use crate::extract::{Manager, Operator, Staff};
use crate::model::log::{DeadLetterCount, LogReaderView, LogView};
use crate::problem::{ApiError, Code};

/// Looks at once: each asks the log for the end of a few dozen partitions.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// The longest one waits for the others.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(look))
}

/// How far the readers of this server are behind the log, and how many records were set aside
/// because they could not be read.
#[utoipa::path(get, path = "/v1/log", operation_id = "getLog", tag = "Staff",
    security(("staff" = ["operator", "manager"])), responses((status = 200, body = LogView)))]
pub(crate) async fn look(
    State(log): State<Arc<dyn Log>>,
    _: Staff<(Operator, Manager)>,
) -> Result<Json<LogView>, ApiError> {
    let turn = tokio::time::timeout(PATIENCE, AT_ONCE.acquire()).await;
    let Ok(Ok(_turn)) = turn else {
        return Err(ApiError::new(Code::Overloaded).retry_after_ms(5_000));
    };
    let looked = tokio::task::spawn_blocking(move || view(&*log)).await;
    let view = looked.map_err(|error| ApiError::internal(&error))?;
    view.map(Json).map_err(|_| ApiError::new(Code::LogUnavailable).retry_after_ms(1_000))
}

fn view(log: &dyn Log) -> Result<LogView, LogError> {
    let mut readers: Vec<LogReaderView> = Vec::new();
    for position in log.noted_positions() {
        let behind = log.end(position.topic, position.partition)?.saturating_sub(position.next);
        let topic = position.topic.name();
        match readers.last_mut().filter(|one| one.reader == position.reader && one.topic == topic) {
            Some(one) => {
                one.partitions += 1;
                one.behind += behind;
                one.behind_most = one.behind_most.max(behind);
            }
            None => readers.push(LogReaderView {
                reader: position.reader,
                topic,
                partitions: 1,
                behind,
                behind_most: behind,
            }),
        }
    }
    let dead_letters = [Topic::DeadLetters, Topic::DeadFacts].into_iter().map(|topic| {
        let counted = (0..log.partitions(topic)).map(|partition| {
            Ok(log.end(topic, partition)?.saturating_sub(log.first(topic, partition)?))
        });
        let records = counted.sum::<Result<u64, LogError>>()?;
        Ok(DeadLetterCount { topic: topic.name(), records })
    });
    Ok(LogView { readers, dead_letters: dead_letters.collect::<Result<_, LogError>>()? })
}
