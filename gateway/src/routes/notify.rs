//! Being notified when it is your turn.

use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{Actor, Command};

use super::Routes;
use super::respond::answer;
use crate::admission::Admission;
use crate::commands::Commands;
use crate::extract::{EventPath, Idempotent, Papers, Persona};
use crate::model::{DoneAnswer, Empty, PendingAnswer};
use crate::problem::{ApiError, Problem};

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(ask))
}

/// Asks to be notified when this device's place is called: once, as `your_turn` on the notifications
/// topic, by whoever sends messages for this installation. Asking again changes nothing.
#[utoipa::path(post, path = "/v1/events/{event_id}/queue/notify", operation_id = "notifyMyTurn",
    tag = "Fans", security(("device" = [], "queue_ticket" = [])),
    params(("event_id" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 200, body = DoneAnswer),
        (status = 202, body = PendingAnswer),
        (status = 401, description = "device_required, invalid_token: join the queue first",
            body = Problem),
        (status = 409, description = "place_spent, sale_closed, event_cancelled",
            body = Problem)))]
pub(crate) async fn ask(
    State(commands): State<Commands>,
    State(admission): State<Admission>,
    persona: Persona,
    path: EventPath,
    papers: Papers,
    Idempotent { key, .. }: Idempotent<Empty>,
) -> Result<Response, ApiError> {
    let event_id = path.event_id;
    let ticket = papers.queue_ticket(admission.keys(), event_id, persona.buyers()?)?;
    let command = Command::AwaitTurn { place: ticket.place };
    let actor = Actor::Buyer(ticket.buyer);
    let outcome = commands.submit(event_id, actor, &key, command).await?;
    answer(event_id, outcome, false, |reply| Ok(DoneAnswer::from(reply)))
}
