//! Colors of categories.

/// Apart in hue and in lightness, so that most people with a colour vision deficiency can
/// distinguish neighbours in the list.
const PALETTE: [[u8; 3]; 8] = [
    [0x1f, 0x5f, 0xbf],
    [0xe0, 0x8e, 0x0b],
    [0x1b, 0x8a, 0x6b],
    [0xb8, 0x3a, 0x5e],
    [0x6a, 0x51, 0xa3],
    [0x5a, 0xb4, 0xd6],
    [0x8c, 0x6d, 0x31],
    [0x6b, 0x72, 0x80],
];

/// The color of the category with this number.
pub(crate) fn color_of(number: usize) -> [u8; 3] {
    PALETTE[number % PALETTE.len()]
}

/// Reads `#rrggbb` or `#rgb`.
pub(crate) fn parse_color(text: &str) -> Option<[u8; 3]> {
    let digits = text.trim().strip_prefix('#')?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(digits, 16).ok()?;
    match digits.len() {
        6 => {
            let [_, red, green, blue] = value.to_be_bytes();
            Some([red, green, blue])
        }
        3 => Some([8, 4, 0].map(|shift| ((value >> shift) & 15) as u8 * 17)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_read() {
        for (text, color) in [
            ("#F44336", Some([0xf4, 0x43, 0x36])),
            (" #abc ", Some([0xaa, 0xbb, 0xcc])),
            ("F44336", None),
            ("#+12345", None),
            ("#", None),
            ("#12345678", None),
            ("red", None),
        ] {
            assert_eq!(parse_color(text), color, "{text}");
        }
    }
}
