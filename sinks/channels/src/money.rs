//! Money in words.

use crate::courier::Language;

/// Currencies without a smaller unit, and those with a thousandth (ISO 4217).
const WHOLE: [&str; 8] = ["CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF"];
const THOUSANDTHS: [&str; 6] = ["BHD", "IQD", "JOD", "KWD", "OMR", "TND"];

/// `98.00 EUR`; in German `98,00 EUR`.
#[must_use]
pub(crate) fn amount(minor: u64, currency: &str, language: Language) -> String {
    let digits = match currency {
        code if WHOLE.contains(&code) => 0,
        code if THOUSANDTHS.contains(&code) => 3,
        _ => 2,
    };
    let point = match language {
        Language::English => '.',
        Language::German => ',',
    };
    let unit = 10_u64.pow(digits);
    let (whole, rest) = (minor / unit, minor % unit);
    match digits {
        0 => format!("{whole} {currency}"),
        digits => format!("{whole}{point}{rest:0width$} {currency}", width = digits as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_has_the_digits_of_its_currency() {
        for (minor, currency, language, words) in [
            (9800, "EUR", Language::English, "98.00 EUR"),
            (9805, "EUR", Language::German, "98,05 EUR"),
            (980, "JPY", Language::English, "980 JPY"),
            (9805, "KWD", Language::German, "9,805 KWD"),
            (0, "USD", Language::English, "0.00 USD"),
        ] {
            assert_eq!(amount(minor, currency, language), words);
        }
    }
}
