//! Further keys of an advertiser: made, listed, withdrawn.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use floodgate_domain::EventId;
use floodgate_people::{BUYER_KEYS_MAX, BuyerKey};

use super::super::Routes;
use crate::commands::command_id;
use crate::extract::{Advertiser, Idempotent, Segments, Staff};
use crate::model::contact::{StateAnswer, malformed};
use crate::model::market::{BuyerKeyAnswer, BuyerKeyBody, BuyerKeyList};
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::staff::buyer_keys::BuyerKeys;
use crate::time;

const LABEL_BYTES_MAX: usize = 80;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(withdraw))
}

/// A further key fetches what its owner's does, and neither makes keys nor says whose invoices are whose:
/// whoever finds one cannot stay.
pub(super) fn check_own(staff: &Staff<Advertiser>) -> Result<(), ApiError> {
    if staff.further == 0 { Ok(()) } else { Err(ApiError::new(Code::WrongRole)) }
}

/// An advertiser's further keys that count, the oldest first.
#[utoipa::path(get, path = "/v1/buyer-keys", operation_id = "listBuyerKeys", tag = "Advertisers",
    security(("staff" = ["advertiser"])), responses((status = 200, body = BuyerKeyList)))]
pub(crate) async fn list(
    State(people): State<PeopleDesk>,
    staff: Staff<Advertiser>,
) -> Result<Json<BuyerKeyList>, ApiError> {
    check_own(&staff)?;
    let id = staff.id;
    let keys = people.look(move |work| work.buyer_keys(id)).await?;
    let keys = keys.iter().map(|one| BuyerKeyAnswer::of(one, None)).collect();
    Ok(Json(BuyerKeyList { keys }))
}

/// Makes a further key: a program of its own, with a quota of its own, withdrawn by itself. The key is
/// in this answer, and in no other; other gateways know it within five seconds.
#[utoipa::path(post, path = "/v1/buyer-keys", operation_id = "addBuyerKey", tag = "Advertisers",
    security(("staff" = ["advertiser"])), params(("Idempotency-Key" = String, Header)),
    request_body = BuyerKeyBody, responses((status = 201, body = BuyerKeyAnswer)))]
pub(crate) async fn add(
    State(people): State<PeopleDesk>,
    State(keys): State<BuyerKeys>,
    staff: Staff<Advertiser>,
    Idempotent { key, body }: Idempotent<BuyerKeyBody>,
) -> Result<Response, ApiError> {
    check_own(&staff)?;
    let label = body.label.trim().to_owned();
    if label.is_empty() || label.len() > LABEL_BYTES_MAX {
        return Err(malformed("label", format!("what it is for, at most {LABEL_BYTES_MAX} bytes")));
    }
    let number = (command_id(staff.actor(), EventId(0), &key.name).0 as u64) >> 1;
    let new = BuyerKey { key: number.max(1), staff: staff.id, label, made_at: time::now() };
    let made = people.with(move |work| work.add_buyer_key(&new)).await?;
    let Some(made) = made else {
        return Err(malformed(
            "label",
            format!("{BUYER_KEYS_MAX} keys are the most; withdraw one"),
        ));
    };
    keys.note(made.key, true);
    let text = keys.seal(made.staff, made.key);
    Ok((StatusCode::CREATED, Json(BuyerKeyAnswer::of(&made, Some(text)))).into_response())
}

/// Withdraws a further key: nobody gets anything by it any more, within five seconds.
#[utoipa::path(delete, path = "/v1/buyer-keys/{buyer_key}", operation_id = "withdrawBuyerKey",
    tag = "Advertisers", security(("staff" = ["advertiser"])),
    params(("buyer_key" = String, Path)), responses((status = 200, body = StateAnswer)))]
pub(crate) async fn withdraw(
    State(people): State<PeopleDesk>,
    State(keys): State<BuyerKeys>,
    staff: Staff<Advertiser>,
    Segments(text): Segments<String>,
) -> Result<Json<StateAnswer>, ApiError> {
    check_own(&staff)?;
    let key = u64::from_str_radix(&text, 16).map_err(|_| ApiError::new(Code::InvalidId))?;
    let id = staff.id;
    if people.with(move |work| work.end_buyer_key((id, key), time::now())).await? {
        keys.note(key, false);
    }
    Ok(Json(StateAnswer { state: "withdrawn" }))
}
