//! Payments: the form, the provider's own pages, its webhooks.

mod pages;
mod webhooks;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Routes;
use crate::model::PaymentForm;
use crate::payments::PaymentProvider;
use crate::problem::{ApiError, Code};

pub(super) fn routes() -> Routes {
    OpenApiRouter::new().routes(routes!(form)).merge(pages::routes()).merge(webhooks::routes())
}

/// How to get a token for a payment method: the provider, and where its form is.
#[utoipa::path(get, path = "/v1/payments/form", operation_id = "getPaymentForm", tag = "Payments",
    responses((status = 200, body = PaymentForm)))]
pub(crate) async fn form(
    State(payments): State<PaymentProvider>,
) -> Result<Json<PaymentForm>, ApiError> {
    let provider = payments.provider().ok_or_else(|| ApiError::new(Code::NotFound))?;
    Ok(Json(PaymentForm::of(&**provider)))
}
