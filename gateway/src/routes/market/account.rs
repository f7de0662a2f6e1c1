//! To whom an advertiser's invoices are.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::super::Routes;
use super::keys::check_own;
use crate::extract::{Advertiser, Idempotent, Staff};
use crate::model::invoice::{InvoiceAccountAnswer, InvoicePartyBody};
use crate::people::PeopleDesk;
use crate::problem::ApiError;

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(show, set))
}

/// To whom this key's invoices are.
#[utoipa::path(get, path = "/v1/invoice-account", operation_id = "getInvoiceAccount",
    tag = "Advertisers", security(("staff" = ["advertiser"])),
    responses((status = 200, body = InvoiceAccountAnswer)))]
pub(crate) async fn show(
    State(people): State<PeopleDesk>,
    staff: Staff<Advertiser>,
) -> Result<Json<InvoiceAccountAnswer>, ApiError> {
    check_own(&staff)?;
    let id = staff.id;
    let account = people.look(move |work| work.invoice_account(id)).await?;
    Ok(Json(InvoiceAccountAnswer { account: account.map(InvoicePartyBody::from) }))
}

/// Says to whom this key's invoices are from now on. Those that were issued keep what they say; those
/// that were issued before anything was said get it now.
#[utoipa::path(put, path = "/v1/invoice-account", operation_id = "setInvoiceAccount",
    tag = "Advertisers", security(("staff" = ["advertiser"])),
    params(("Idempotency-Key" = String, Header)), request_body = InvoicePartyBody,
    responses((status = 200, body = InvoiceAccountAnswer)))]
pub(crate) async fn set(
    State(people): State<PeopleDesk>,
    staff: Staff<Advertiser>,
    Idempotent { body, .. }: Idempotent<InvoicePartyBody>,
) -> Result<Json<InvoiceAccountAnswer>, ApiError> {
    check_own(&staff)?;
    let (id, party) = (staff.id, body.read()?);
    let answer = InvoiceAccountAnswer { account: Some(party.clone().into()) };
    people.with(move |work| work.set_invoice_account(id, &party)).await?;
    Ok(Json(answer))
}
