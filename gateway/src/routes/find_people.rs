//! Finding a fan for staff, by the address that the fan names.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::{BuyerId, Channel, EventId};

use super::Routes;
use crate::extract::{Idempotent, Manager, Staff};
use crate::model::Order;
use crate::model::contact::address;
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::time;
use crate::views::Views;

/// Events and orders shown of one person: more than anybody buys by hand.
const ORDERS_SHOWN: usize = 200;

pub(crate) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(find))
}

/// Whom to find.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindPerson {
    /// An e-mail address or a telephone number, whole.
    #[schema(example = "ada@example.org", max_length = 254)]
    address: String,
}

/// The orders of a person at one event, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrdersAtEvent {
    event_id: String,
    event_name: String,
    orders: Vec<Order>,
}

/// Somebody who has left that address, by their pseudonyms.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundPerson {
    /// As in topics and tables.
    #[schema(example = json!(["byr_0000000000001"]))]
    user_ids: Vec<String>,
    /// Whether the address was confirmed by its owner; somebody else may have entered it
    /// otherwise.
    is_confirmed: bool,
    events: Vec<OrdersAtEvent>,
}

/// Everybody who has left an address; nobody where none has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundPeople {
    people: Vec<FoundPerson>,
}

/// Who has left an address, and what they bought: for a manager whom a fan asks about an order.
/// Each look is kept with who looked, and there are at most 120 an hour for each.
#[utoipa::path(post, path = "/v1/staff/people/find", operation_id = "findPeople", tag = "Staff",
    security(("staff" = ["manager"])), params(("Idempotency-Key" = String, Header)),
    request_body = FindPerson, responses((status = 200, body = FoundPeople)))]
pub(crate) async fn find(
    State(people): State<PeopleDesk>,
    State(views): State<Arc<Views>>,
    staff: Staff<Manager>,
    Idempotent { body, .. }: Idempotent<FindPerson>,
) -> Result<Json<FoundPeople>, ApiError> {
    let on = if body.address.contains('@') { Channel::Email } else { Channel::Sms };
    let address = address(on, &body.address)?;
    let (id, now) = (staff.id, time::now());
    let found = people.with(move |work| work.look_up(id, &address, now)).await?;
    let Some(found) = found else {
        return Err(ApiError::new(Code::RateLimited).retry_after_ms(60_000));
    };
    // What is written names nobody but who looked.
    tracing::info!(staff_id = %id, count = found.len(), "people were looked for by an address");
    let shown = found.into_iter().map(|found| FoundPerson {
        user_ids: found.buyers.iter().map(ToString::to_string).collect(),
        is_confirmed: found.is_confirmed,
        events: orders_of(&views, &found.buyers),
    });
    Ok(Json(FoundPeople { people: shown.collect() }))
}

fn orders_of(views: &Views, buyers: &[BuyerId]) -> Vec<OrdersAtEvent> {
    let mut events: BTreeMap<EventId, OrdersAtEvent> = BTreeMap::new();
    let mut left = ORDERS_SHOWN;
    for (event_id, entry) in views.all() {
        let view = entry.read();
        let all = buyers.iter().flat_map(|buyer| view.orders_of(*buyer));
        let orders: Vec<Order> =
            all.take(left).map(|order| Order::of(&view, order, view.as_of.into())).collect();
        left -= orders.len();
        if !orders.is_empty() {
            let (event_id_text, event_name) = (event_id.to_string(), view.details.name.clone());
            let shown = OrdersAtEvent { event_id: event_id_text, event_name, orders };
            events.insert(event_id, shown);
        }
    }
    events.into_values().collect()
}
