//! Colours that can be read and the nearest to those that cannot, by table and by property.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const SHEET: &str = include_str!("../../../web/css/main.css");

fn color(text: &str) -> Color {
    Color::parse(text).unwrap()
}

#[test]
fn colors_of_the_pages_are_those_of_their_sheet() {
    let blocks: Vec<_> = SHEET.split(":root {").skip(1).collect();
    for (scheme, block) in [(&LIGHT, blocks[0]), (&DARK, blocks[1])] {
        let named = |name: &str| {
            let value = block.split(&format!("--{name}: ")).nth(1).unwrap();
            let value = value.split(';').next().unwrap();
            // `#fff` is short for `#ffffff`.
            if value.len() == 4 { "#".to_owned() + &value[1..].repeat(2) } else { value.to_owned() }
        };
        let shown = |color: Color| color.to_string();
        assert_eq!(scheme.grounds.map(shown), ["ground", "card", "sunk"].map(named));
        assert_eq!(scheme.texts.map(shown), ["ink", "quiet"].map(named));
        assert_eq!(shown(scheme.card), named("card"));
        assert!(scheme.grounds.contains(&scheme.on_accent));
        assert!(scheme.reads(color(&named("accent"))), "our own");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_the_nearest_that_can() {
    let rows = [
        ("#0b6470", false, None),
        ("#0b6470", true, Some("2.4, #4e8f97")),
        ("#63ccd8", false, Some("1.7, #39767d")),
        ("#63ccd8", true, None),
        ("#000000", false, None),
        ("#000000", true, Some("1.1, #858585")),
        ("#ffffff", false, Some("1.0, #6d6d6d")),
        ("#ffffff", true, None),
        ("#ffcc00", false, Some("1.3, #856a00")),
        ("#8a1c4b", false, None),
    ];
    for (text, is_dark, wanted) in rows {
        let said = fault(color(text), is_dark).map(|words| {
            let number = words.split("contrast of ").nth(1).unwrap().split(',').next().unwrap();
            format!("{number}, {}", words.rsplit(' ').next().unwrap())
        });
        assert_eq!(said.as_deref(), wanted, "{text}, dark: {is_dark}");
    }
}

#[test]
fn a_sheet_says_the_same_for_ever() {
    let look = Look { accent: Some([0x8a, 0x1c, 0x4b]), ..Look::default() };
    let accents = Accents::of(&look).unwrap();
    insta::assert_snapshot!(accents.path(), @"/looks/1-8a1c4b-b6718e");
    insta::assert_snapshot!(accents.sheet(), @r"
    :root{--accent:#8a1c4b;--accent-deep:#671538;--accent-soft:#eedfe6;--on-accent:#ffffff}
    @media (prefers-color-scheme:dark){
    :root{--accent:#b6718e;--accent-deep:#c895aa;--accent-soft:#182020;--on-accent:#0e1515}
    }
    ");
    assert_eq!(Accents::named(accents.path().strip_prefix("/looks/").unwrap()), Some(accents));
    assert_eq!(accents.sheet_of_parts().matches(".look-8a1c4b-").count(), 2);
    assert_eq!(Accents::of(&Look::default()), None);
}

#[test]
fn an_address_is_two_colors_that_can_be_read_and_nothing_else() {
    assert!(Accents::named("1-8a1c4b-f29ac0").is_some());
    for name in [
        "2-8a1c4b-f29ac0",
        "1-8a1c4b",
        "1-8a1c4b-f29ac0-",
        "1-8A1C4B-f29ac0",
        "1-ffcc00-f29ac0",
        "1-8a1c4b-000000",
        "1-8a1c4b-f29ac",
        "1-}b{c4b-f29ac0",
        "1-+a1c4b-f29ac0",
        "",
    ] {
        assert_eq!(Accents::named(name), None, "{name}");
    }
    for text in ["8a1c4b", "#8a1c4", "#8a1c4bb", "#8a1c4g", "#é1c4b", "", "#"] {
        assert_eq!(Color::parse(text), None, "{text}");
    }
    assert_eq!(Color::parse("#8A1C4B"), Color::parse("#8a1c4b"));
}

proptest! {
    #[test]
    fn the_nearest_is_read_everywhere_and_nothing_before_it_is(parts in any::<[u8; 3]>()) {
        let asked = Color(parts);
        for scheme in [&LIGHT, &DARK] {
            let nearest = scheme.nearest(asked);
            prop_assert!(scheme.reads(nearest));
            prop_assert_eq!(scheme.nearest(nearest), nearest);
            prop_assert_eq!(scheme.reads(asked), nearest == asked);
            let mut before = (0..=255).map(|share| asked.towards(scheme.away, share));
            prop_assert!(before.by_ref().take_while(|color| *color != nearest)
                .all(|color| !scheme.reads(color)));
        }
    }

    #[test]
    fn all_of_a_look_is_read(light in any::<[u8; 3]>(), dark in any::<Option<[u8; 3]>>()) {
        let look = Look { accent: Some(light), accent_dark: dark, logo: None };
        let accents = Accents::of(&look).unwrap();
        for (scheme, accent) in [(&LIGHT, accents.light), (&DARK, accents.dark)] {
            let deep = accent.towards(scheme.away, DEEP_SHARE);
            let soft = scheme.soft(accent);
            for (text, ground) in [
                (scheme.on_accent, accent),
                (scheme.on_accent, deep),
                (scheme.texts[0], soft),
                (scheme.texts[1], soft),
                (accent, soft),
            ] {
                prop_assert!(contrast(text, ground) >= CONTRAST_MIN, "{text} on {ground}");
            }
        }
        let name = accents.path();
        prop_assert_eq!(Accents::named(name.strip_prefix("/looks/").unwrap()), Some(accents));
    }
}
