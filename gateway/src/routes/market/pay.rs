//! The money of an order of tables: authorised, confirmed in its row, captured; given back.
//!
//! Each step is idempotent under the payment's name, and the row says which is next, so a request
//! that was cut off is finished by the same request sent again.

use std::sync::Arc;

use floodgate_domain::{Currency, LogTime, PaymentMethod, PaymentReference, Subject};
use floodgate_payments::{Authorisation, Captured, Charge, Payment, Provider, ProviderError};
use floodgate_people::{ProductOrder, ProductState};

use crate::payments::PaymentProvider;
use crate::people::PeopleDesk;
use crate::problem::{ApiError, Code};
use crate::time;

/// How long a provider may think about an authorisation.
const PAY_WITHIN_MS: u64 = 10 * 60_000;
/// From asked for to paid, and from paid to given back, are two steps each; one more sees the end.
const STEPS_MAX: u32 = 4;

/// What a step led to: where the order is next, and what the provider calls the payment.
type Next = (ProductState, Option<PaymentReference>);

fn payment(order: &ProductOrder) -> Payment {
    let method = PaymentMethod::parse(&order.method);
    let currency = Currency::parse(&order.currency);
    let charge = method.zip(currency);
    Payment {
        subject: Subject::Product { event_id: order.event_id, number: order.number },
        attempt: 1,
        charge: charge.map(|(method, currency)| Charge { method, amount: order.amount, currency }),
        reference: order.reference.as_deref().and_then(PaymentReference::parse),
        deadline: order.made_at.plus(PAY_WITHIN_MS),
    }
}

/// One step at the provider; `None` where nothing is left to do, or there is no answer yet.
fn step(
    provider: &dyn Provider,
    order: &ProductOrder,
    now: LogTime,
) -> Result<Option<Next>, ProviderError> {
    let payment = payment(order);
    Ok(match order.state {
        ProductState::Open => match provider.authorise(&payment, now)? {
            Authorisation::Authorised(held) => {
                Some((ProductState::Authorised, Some(held.reference)))
            }
            Authorisation::Declined => Some((ProductState::Declined, None)),
            Authorisation::Open(_) if now < payment.deadline => None,
            // A card whose bank asks its owner is for people at a page.
            Authorisation::Open(_) | Authorisation::ActionRequired(_) => {
                provider.void(&payment)?;
                Some((ProductState::Declined, None))
            }
        },
        ProductState::Authorised => match provider.capture(&payment)? {
            Captured::Done => Some((ProductState::Paid, None)),
            Captured::Failed => Some((ProductState::Declined, None)),
        },
        ProductState::Refunding => {
            provider.refund(&payment)?;
            Some((ProductState::Refunded, None))
        }
        ProductState::Paid
        | ProductState::Declined
        | ProductState::Refunded
        | ProductState::Disputed => None,
    })
}

/// Takes an order as far as it goes now.
pub(super) async fn advance(
    (people, payments): (&PeopleDesk, &PaymentProvider),
    vat_basis_points: u32,
    mut order: ProductOrder,
) -> Result<ProductOrder, ApiError> {
    let provider = payments.provider().ok_or_else(|| ApiError::new(Code::NotFound))?;
    for _ in 0..STEPS_MAX {
        let (asked, provider, now) = (order.clone(), Arc::clone(provider), time::now());
        let stepped = tokio::task::spawn_blocking(move || step(&*provider, &asked, now)).await;
        let next = match stepped.map_err(|error| ApiError::internal(&error))? {
            Ok(Some(next)) => next,
            Ok(None) => break,
            Err(error) => {
                tracing::warn!(%error, number = order.number, "the provider does not answer");
                return Err(ApiError::new(Code::ProviderUnavailable).retry_after_ms(1_000));
            }
        };
        let (number, from, (to, reference)) = (order.number, order.state, next);
        // Whoever else has moved it on has moved it the same way: what counts is the row.
        let moved = people.with(move |work| {
            let reference = reference.as_ref().map(PaymentReference::as_str);
            let is_moved = work.move_product_order((number, from, to), reference, time::now())?;
            if is_moved && to == ProductState::Paid {
                work.issue_invoice(number, vat_basis_points)?;
            }
            work.product_order(number)
        });
        order = moved.await?.ok_or_else(|| ApiError::new(Code::NotFound))?;
    }
    Ok(order)
}
