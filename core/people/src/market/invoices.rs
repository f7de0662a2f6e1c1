//! To whom invoices are: the account of a buyer, and what stood there when an invoice was issued.
//!
//! A name and an address are kept sealed, as other addresses are. An invoice keeps its own copy, so
//! that a move or another rate changes nothing that was issued.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use floodgate_domain::StaffId;

use crate::PeopleError;
use crate::database::values;
use crate::store::Work;

/// Who an invoice is to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceParty {
    /// The full name, as it is registered.
    pub name: String,
    /// A line each.
    pub address: Vec<String>,
    pub vat_id: Option<String>,
}

/// What an invoice says beside its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvoiceTerms {
    /// `None` while its buyer has not said.
    pub to: Option<InvoiceParty>,
    /// Within the amount, in hundredths of a percent.
    pub vat_basis_points: u32,
}

fn account_note(staff: StaffId) -> String {
    format!("invoice account {}", staff.0)
}

fn invoice_note(number: u32) -> String {
    format!("invoice of order {number}")
}

impl Work<'_> {
    pub fn invoice_account(&mut self, staff: StaffId) -> Result<Option<InvoiceParty>, PeopleError> {
        let sql = "SELECT sealed FROM invoice_accounts WHERE staff = $1";
        let Some(row) = self.row(sql, values![staff.0])? else { return Ok(None) };
        self.open_party(&account_note(staff), &row.bytes(0)?).map(Some)
    }

    /// Says to whom a buyer's invoices are; those that were issued to nobody yet are theirs now.
    pub fn set_invoice_account(
        &mut self,
        staff: StaffId,
        party: &InvoiceParty,
    ) -> Result<(), PeopleError> {
        let sealed = self.seal_party(&account_note(staff), party);
        self.run(
            "INSERT INTO invoice_accounts (staff, sealed) VALUES ($1, $2)
             ON CONFLICT (staff) DO UPDATE SET sealed = excluded.sealed",
            values![staff.0, sealed],
        )?;
        let open = self.rows(
            "SELECT i.number FROM invoices i JOIN product_orders o ON o.number = i.number
             WHERE o.staff = $1 AND i.sealed IS NULL",
            values![staff.0],
        )?;
        for row in open {
            let number = u32::try_from(row.id(0)?).unwrap_or(u32::MAX);
            let sealed = self.seal_party(&invoice_note(number), party);
            let sql = "UPDATE invoices SET sealed = $2 WHERE number = $1";
            self.run(sql, values![number, sealed])?;
        }
        Ok(())
    }

    /// An order was paid: what its invoice says from now on. Once is enough.
    pub fn issue_invoice(&mut self, number: u32, vat_basis_points: u32) -> Result<(), PeopleError> {
        let Some(order) = self.product_order(number)? else { return Ok(()) };
        let party = self.invoice_account(order.staff)?;
        let sealed = party.map(|party| self.seal_party(&invoice_note(number), &party));
        self.run(
            "INSERT INTO invoices (number, sealed, vat) VALUES ($1, $2, $3)
             ON CONFLICT (number) DO NOTHING",
            values![number, sealed, vat_basis_points],
        )?;
        Ok(())
    }

    /// By the order's number: those of one key, or all. As many as there are orders in a list.
    pub fn invoices(
        &mut self,
        of: Option<StaffId>,
    ) -> Result<BTreeMap<u32, InvoiceTerms>, PeopleError> {
        let select = "SELECT i.number, i.sealed, i.vat FROM invoices i";
        let newest = "ORDER BY i.number DESC LIMIT 1000";
        let rows = match of {
            Some(staff) => {
                let own = "JOIN product_orders o ON o.number = i.number WHERE o.staff = $1";
                self.rows(&format!("{select} {own} {newest}"), values![staff.0])?
            }
            None => self.rows(&format!("{select} {newest}"), &[])?,
        };
        let mut found = BTreeMap::new();
        for row in rows {
            let number = u32::try_from(row.id(0)?).unwrap_or(u32::MAX);
            let sealed = row.bytes_or_none(1)?;
            let to = sealed.map(|sealed| self.open_party(&invoice_note(number), &sealed));
            let vat_basis_points = u32::try_from(row.id(2)?).unwrap_or(0);
            found.insert(number, InvoiceTerms { to: to.transpose()?, vat_basis_points });
        }
        Ok(found)
    }

    fn seal_party(&self, note: &str, party: &InvoiceParty) -> Vec<u8> {
        let text = serde_json::to_string(party).expect("texts always serialise");
        self.master.seal_note(note, &text)
    }

    fn open_party(&self, note: &str, sealed: &[u8]) -> Result<InvoiceParty, PeopleError> {
        let text = self.master.open_note(note, sealed)?;
        let damaged = |_| PeopleError::Damaged("an invoice is to nobody that can be read".into());
        serde_json::from_str(&text).map_err(damaged)
    }
}
