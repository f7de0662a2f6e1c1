//! Which products of events are on offer, and who said so.

use floodgate_domain::{EventId, StaffId};

use super::ProductKind;
use crate::PeopleError;
use crate::database::{StoredRow, values};
use crate::store::Work;

/// A product on offer, once both have said yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductOffer {
    pub event_id: EventId,
    pub kind: ProductKind,
    /// For a year of it, in minor units.
    pub amount: u64,
    pub currency: String,
    /// Who of the managers said yes, and who of the artists.
    pub manager: Option<StaffId>,
    pub artist: Option<StaffId>,
}

impl ProductOffer {
    #[must_use]
    pub fn is_on_sale(&self) -> bool {
        self.manager.is_some() && self.artist.is_some() && self.amount > 0
    }
}

impl Work<'_> {
    /// What is on offer, or was thought of, of an event and a kind.
    pub fn product_offer(
        &mut self,
        (event_id, kind): (EventId, ProductKind),
    ) -> Result<Option<ProductOffer>, PeopleError> {
        let is_it = |offer: &ProductOffer| offer.event_id == event_id && offer.kind == kind;
        Ok(self.product_offers()?.into_iter().find(is_it))
    }

    pub fn product_offers(&mut self) -> Result<Vec<ProductOffer>, PeopleError> {
        let sql = "SELECT event, amount, currency, manager, artist, kind FROM products
             ORDER BY event, kind";
        let staff = |row: &StoredRow, at| {
            Ok::<_, PeopleError>(row.int_or_none(at)?.map(|id| StaffId(id.cast_unsigned())))
        };
        let one = |row: &StoredRow| {
            Ok(ProductOffer {
                event_id: EventId(row.id(0)?),
                kind: ProductKind::numbered(row.int(5)?)?,
                amount: row.id(1)?,
                currency: row.text(2)?,
                manager: staff(row, 3)?,
                artist: staff(row, 4)?,
            })
        };
        self.rows(sql, &[])?.iter().map(one).collect()
    }

    /// Puts an offer in the place of the one before.
    pub fn set_product_offer(&mut self, offer: &ProductOffer) -> Result<(), PeopleError> {
        let ProductOffer { event_id, kind, amount, ref currency, manager, artist } = *offer;
        self.run(
            "INSERT INTO products (event, kind, amount, currency, manager, artist)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (event, kind) DO UPDATE SET
                 amount = excluded.amount, currency = excluded.currency,
                 manager = excluded.manager, artist = excluded.artist",
            values![
                event_id.0,
                kind.number(),
                amount,
                currency.as_str(),
                manager.map(|id| id.0),
                artist.map(|id| id.0)
            ],
        )?;
        Ok(())
    }
}
