//! To whom an invoice is, as it is said and shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use floodgate_people::InvoiceParty;

use super::contact::malformed;
use crate::problem::ApiError;

const NAME_CHARS_MAX: usize = 120;
const LINES_MAX: usize = 6;
const LINE_CHARS_MAX: usize = 100;
/// The longest in the EU has 14; some elsewhere have more.
const VAT_ID_CHARS_MAX: usize = 20;

/// Who an invoice is to: the full name and address, and the VAT number where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvoicePartyBody {
    /// As it is registered.
    #[schema(example = "Harbour Media GmbH", min_length = 1, max_length = 120)]
    name: String,
    /// A line each, the country last.
    #[schema(example = json!(["Harbour 1", "24103 Kiel", "Germany"]), min_items = 1, max_items = 6)]
    address: Vec<String>,
    /// With its country's two characters before it; spaces do not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "DE123456789", max_length = 30)]
    vat_id: Option<String>,
}

/// To whom this key's invoices are.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvoiceAccountAnswer {
    /// Absent until it was said; invoices that were issued before are then completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<InvoicePartyBody>,
}

fn line(field: &'static str, text: &str, max: usize) -> Result<String, ApiError> {
    let text = text.trim();
    let is_line = (1..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    let fix = || format!("a line of 1 to {max} characters");
    is_line.then(|| text.to_owned()).ok_or_else(|| malformed(field, fix()))
}

impl InvoicePartyBody {
    pub(crate) fn read(&self) -> Result<InvoiceParty, ApiError> {
        let name = line("name", &self.name, NAME_CHARS_MAX)?;
        if !(1..=LINES_MAX).contains(&self.address.len()) {
            return Err(malformed("address", format!("1 to {LINES_MAX} lines")));
        }
        let lines = self.address.iter().map(|text| line("address", text, LINE_CHARS_MAX));
        let address = lines.collect::<Result<_, _>>()?;
        let vat_id = self.vat_id.as_deref().map(vat_id).transpose()?;
        Ok(InvoiceParty { name, address, vat_id })
    }
}

/// Its form alone: whether it is anybody's, their tax office knows.
fn vat_id(text: &str) -> Result<String, ApiError> {
    let plain: String = text.chars().filter(|one| !one.is_whitespace()).collect();
    let plain = plain.to_ascii_uppercase();
    let is_sized = (4..=VAT_ID_CHARS_MAX).contains(&plain.len());
    let has_country = plain.bytes().take(2).all(|byte| byte.is_ascii_uppercase());
    let is_plain = plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+*".contains(&byte));
    let fix = || format!("a country's two characters and more, {VAT_ID_CHARS_MAX} at most");
    let is_one = is_sized && has_country && is_plain;
    is_one.then_some(plain).ok_or_else(|| malformed("vat_id", fix()))
}

impl From<InvoiceParty> for InvoicePartyBody {
    fn from(party: InvoiceParty) -> Self {
        let InvoiceParty { name, address, vat_id } = party;
        InvoicePartyBody { name, address, vat_id }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn body(name: &str, address: &[&str], vat_id: Option<&str>) -> InvoicePartyBody {
        let address = address.iter().map(|line| (*line).to_owned()).collect();
        InvoicePartyBody { name: name.to_owned(), address, vat_id: vat_id.map(str::to_owned) }
    }

    #[test]
    fn a_party_has_a_name_an_address_and_perhaps_a_number() {
        let read = body(" Harbour Media ", &["Harbour 1", "Kiel "], Some("de 123 456 789")).read();
        let read = read.unwrap();
        assert_eq!((read.name.as_str(), read.address[1].as_str()), ("Harbour Media", "Kiel"));
        assert_eq!(read.vat_id.as_deref(), Some("DE123456789"));
        assert_eq!(body("A", &["B"], None).read().unwrap().vat_id, None);
        let long = "x".repeat(121);
        for wrong in [
            body("", &["B"], None),
            body(&long, &["B"], None),
            body("A", &[], None),
            body("A", &["B"; 7], None),
            body("A", &["B", " "], None),
            body("A", &["B\nC"], None),
            body("A\u{7}", &["B"], None),
            body("A", &["B"], Some("")),
            body("A", &["B"], Some("123456")),
            body("A", &["B"], Some("DE<b>")),
            body("A", &["B"], Some("DE1234567890123456789")),
        ] {
            assert!(wrong.read().is_err(), "{wrong:?}");
        }
    }
}
