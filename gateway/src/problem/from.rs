//! Error responses for what went wrong elsewhere.

use floodgate_admission::RoomError;
use floodgate_admission::puzzle::PuzzleError;
use floodgate_domain::Refusal;
use floodgate_event_log::LogError;
use floodgate_payments::web::WebhookError;

use super::{ApiError, Code};

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        ApiError::refused(refusal)
    }
}

impl From<LogError> for ApiError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Overloaded => ApiError::new(Code::Overloaded).retry_after_ms(200),
            LogError::TooLarge { .. } => ApiError::new(Code::BodyTooLarge),
            error if error.nothing_written() => {
                tracing::error!(%error, "the log accepts nothing");
                ApiError::new(Code::LogUnavailable).retry_after_ms(1_000)
            }
            error => {
                tracing::error!(%error, "the outcome of an append is unknown");
                ApiError::new(Code::OutcomeUnknown).retry_after_ms(1_000)
            }
        }
    }
}

impl From<RoomError> for ApiError {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::UnknownEvent => Refusal::UnknownEvent.into(),
            RoomError::NotYourTurn { ahead, retry_after_ms } => {
                ApiError::new(Code::NotYourTurn).ahead(ahead).retry_after_ms(retry_after_ms)
            }
            RoomError::TurnLapsed => ApiError::new(Code::TurnLapsed),
            RoomError::NetworkWaits { retry_after_ms }
            | RoomError::NetworkEntered { retry_after_ms } => {
                ApiError::new(Code::RateLimited).retry_after_ms(retry_after_ms)
            }
            RoomError::Puzzle(error) => error.into(),
            RoomError::Store(error) => {
                tracing::warn!(%error, "no place could be issued");
                ApiError::new(Code::Overloaded).retry_after_ms(1_000)
            }
        }
    }
}

impl From<PuzzleError> for ApiError {
    fn from(error: PuzzleError) -> Self {
        let (code, outcome) = match error {
            PuzzleError::Expired => (Code::PuzzleExpired, "expired"),
            PuzzleError::Spent => (Code::PuzzleSpent, "spent"),
            PuzzleError::NotReady { .. } => (Code::PuzzleNotReady, "early"),
            PuzzleError::Forged
            | PuzzleError::OtherEvent
            | PuzzleError::OtherDevice
            | PuzzleError::OtherNetwork
            | PuzzleError::Unsolved => (Code::PuzzleWrong, "wrong"),
        };
        metrics::counter!("floodgate_puzzles_total", "outcome" => outcome).increment(1);
        let problem = ApiError::new(code).field("challenge", error.to_string());
        match error {
            PuzzleError::NotReady { retry_after_ms } => problem.retry_after_ms(retry_after_ms),
            _ => problem,
        }
    }
}

impl From<WebhookError> for ApiError {
    fn from(error: WebhookError) -> Self {
        tracing::warn!(%error, "a payment provider's webhook was not accepted");
        match error {
            WebhookError::NotOffered => ApiError::new(Code::NotFound),
            WebhookError::Unsigned => ApiError::new(Code::WebhookUnsigned),
            WebhookError::Stale => ApiError::new(Code::WebhookStale),
            WebhookError::Malformed(what) => ApiError::new(Code::MalformedBody).field("body", what),
            WebhookError::Unavailable(_) => {
                ApiError::new(Code::ProviderUnavailable).retry_after_ms(1_000)
            }
        }
    }
}
