//! Who bought products: each order with how far its money is.

use floodgate_domain::{EventId, LogTime, StaffId};

use super::{ProductKind, ProductOffer};
use crate::PeopleError;
use crate::database::{StoredRow, values};
use crate::store::Work;

/// Orders that one key may have, the ended ones included: what a list shows at once.
const PRODUCT_ORDERS_MAX: u32 = 1_000;

/// A year of an order, from its payment on.
const DELIVERED_MS: u64 = 365 * 24 * 3_600_000;

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProductState {
    /// The provider is asked to hold the money.
    Open = 0,
    /// It does; the money is taken next.
    Authorised = 1,
    /// Paid for: tables are delivered.
    Paid = 2,
    /// The provider said no.
    Declined = 3,
    /// The money is to go back; no more tables.
    Refunding = 4,
    Refunded = 5,
    /// The buyer's bank took the money back; no more tables, unless it comes back: then it is paid again.
    Disputed = 6,
}

impl ProductState {
    const ALL: [ProductState; 7] = [
        ProductState::Open,
        ProductState::Authorised,
        ProductState::Paid,
        ProductState::Declined,
        ProductState::Refunding,
        ProductState::Refunded,
        ProductState::Disputed,
    ];

    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            ProductState::Open => "open",
            ProductState::Authorised => "authorised",
            ProductState::Paid => "paid",
            ProductState::Declined => "declined",
            ProductState::Refunding => "refunding",
            ProductState::Refunded => "refunded",
            ProductState::Disputed => "disputed",
        }
    }
}

/// An order as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProductOrder {
    /// The same name is the same order.
    pub name: String,
    pub staff: StaffId,
    pub event_id: EventId,
    pub kind: ProductKind,
    pub method: String,
}

/// An order as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductOrder {
    pub number: u32,
    pub staff: StaffId,
    pub event_id: EventId,
    pub kind: ProductKind,
    pub amount: u64,
    pub currency: String,
    pub method: String,
    pub state: ProductState,
    /// What the provider calls the payment.
    pub reference: Option<String>,
    /// Counted from 1 without a gap, once it is paid.
    pub invoice: Option<u32>,
    pub made_at: LogTime,
    pub paid_at: Option<LogTime>,
    pub ended_at: Option<LogTime>,
}

impl ProductOrder {
    /// Until when it is delivered, once it is paid.
    #[must_use]
    pub fn delivered_until(&self) -> Option<LogTime> {
        self.paid_at.map(|at| at.plus(DELIVERED_MS))
    }

    /// Whether it is paid for, and its year is not over.
    #[must_use]
    pub fn is_delivered(&self, now: LogTime) -> bool {
        self.state == ProductState::Paid && self.delivered_until().is_some_and(|until| now < until)
    }
}

/// Orders from before there were kinds are of cohorts.
const COLUMNS: &str = "number, staff, event, amount, currency, method, state, reference, invoice,
    made_at, paid_at, ended_at, COALESCE((SELECT kind FROM product_order_kinds k
        WHERE k.number = product_orders.number), 0)";

fn order(row: &StoredRow) -> Result<ProductOrder, PeopleError> {
    let number = |column| row.id(column).map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    let time = |column| Ok(row.int_or_none(column)?.map(|at| LogTime(at.cast_unsigned())));
    let state = row.int(6)?;
    let known = ProductState::ALL.into_iter().find(|one| *one as i64 == state);
    let state = known.ok_or_else(|| PeopleError::Damaged("an order has no state".to_owned()))?;
    Ok(ProductOrder {
        number: number(0)?,
        staff: StaffId(row.id(1)?),
        event_id: EventId(row.id(2)?),
        kind: ProductKind::numbered(row.int(12)?)?,
        amount: row.id(3)?,
        currency: row.text(4)?,
        method: row.text(5)?,
        state,
        reference: row.text_or_none(7)?,
        invoice: row.int_or_none(8)?.and_then(|number| u32::try_from(number).ok()),
        made_at: LogTime(row.id(9)?),
        paid_at: time(10)?,
        ended_at: time(11)?,
    })
}

impl Work<'_> {
    /// Adds an order of what is on sale now, or finds the one of this name; `None` where nothing is,
    /// or the key has as many as it may.
    pub fn order_product(
        &mut self,
        new: &NewProductOrder,
        now: LogTime,
    ) -> Result<Option<ProductOrder>, PeopleError> {
        let sql = format!("SELECT {COLUMNS} FROM product_orders WHERE name = $1");
        if let Some(row) = self.row(&sql, values![new.name.as_str()])? {
            return order(&row).map(Some);
        }
        let offer = self.product_offer((new.event_id, new.kind))?.filter(ProductOffer::is_on_sale);
        let Some(offer) = offer else { return Ok(None) };
        let count = "SELECT COUNT(*) FROM product_orders WHERE staff = $1";
        let has = self.row(count, values![new.staff.0])?.map_or(Ok(0), |row| row.id(0))?;
        if has >= u64::from(PRODUCT_ORDERS_MAX) {
            return Ok(None);
        }
        self.run(
            "INSERT INTO product_orders (number, name, staff, event, amount, currency, method,
                 state, made_at)
             VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM product_orders),
                 $1, $2, $3, $4, $5, $6, 0, $7)",
            values![
                new.name.as_str(),
                new.staff.0,
                new.event_id.0,
                offer.amount,
                offer.currency,
                new.method.as_str(),
                now.0
            ],
        )?;
        if new.kind != ProductKind::Cohorts {
            self.run(
                "INSERT INTO product_order_kinds (number, kind)
                 SELECT number, CAST($2 AS BIGINT) FROM product_orders WHERE name = $1",
                values![new.name.as_str(), new.kind.number()],
            )?;
        }
        self.row(&sql, values![new.name.as_str()])?.as_ref().map(order).transpose()
    }

    pub fn product_order(&mut self, number: u32) -> Result<Option<ProductOrder>, PeopleError> {
        let sql = format!("SELECT {COLUMNS} FROM product_orders WHERE number = $1");
        self.row(&sql, values![number])?.as_ref().map(order).transpose()
    }

    /// The newest first: of one key, or of all.
    pub fn product_orders(
        &mut self,
        of: Option<StaffId>,
    ) -> Result<Vec<ProductOrder>, PeopleError> {
        let newest = format!("ORDER BY number DESC LIMIT {PRODUCT_ORDERS_MAX}");
        let rows = match of {
            Some(staff) => {
                let own = "FROM product_orders WHERE staff = $1";
                self.rows(&format!("SELECT {COLUMNS} {own} {newest}"), values![staff.0])?
            }
            None => self.rows(&format!("SELECT {COLUMNS} FROM product_orders {newest}"), &[])?,
        };
        rows.iter().map(order).collect()
    }

    /// Moves an order on, if it is still where it was; says whether it was.
    pub fn move_product_order(
        &mut self,
        (number, from, to): (u32, ProductState, ProductState),
        reference: Option<&str>,
        now: LogTime,
    ) -> Result<bool, PeopleError> {
        let moved = self.run(
            "UPDATE product_orders SET state = $3, reference = COALESCE($4, reference)
             WHERE number = $1 AND state = $2",
            values![number, from as u8, to as u8, reference],
        )?;
        if moved == 0 {
            return Ok(false);
        }
        if (from, to) == (ProductState::Disputed, ProductState::Paid) {
            // It was paid when it was, and the invoice says so.
            let sql = "UPDATE product_orders SET ended_at = NULL WHERE number = $1";
            self.run(sql, values![number])?;
            self.resume_product_delivery(number, now)?;
        } else if to == ProductState::Paid {
            // Invoices are counted one by one, in the transaction that says it is paid.
            self.run(
                "UPDATE product_orders SET paid_at = $2,
                     invoice = (SELECT COALESCE(MAX(invoice), 0) + 1 FROM product_orders)
                 WHERE number = $1",
                values![number, now.0],
            )?;
        } else if from == ProductState::Paid {
            let sql = "UPDATE product_orders SET ended_at = $2 WHERE number = $1";
            self.run(sql, values![number, now.0])?;
            self.end_product_delivery(number)?;
        }
        Ok(true)
    }
}
