//! The native form: round trips, golden bytes, hostile bytes.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn encoded(plan: &Plan) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_plan(plan, &mut bytes);
    bytes
}

fn numbers(first: i32, step: i32, count: u16) -> Labels {
    Labels::Numbers { first, step, count }
}

fn line(x: i32, y: i32) -> Shape {
    let (dx, dy) = (25_600, 0);
    Shape::Line { x, y, dx, dy }
}

fn run(category: u8, labels: Labels, shape: Shape) -> Run {
    Run { category, labels, shape, flags: Vec::new() }
}

fn small() -> Plan {
    let mut flagged = run(1, numbers(4, 1, 2), line(400, 0));
    flagged.flags = vec![(1, SeatFlags::ACCESSIBLE)];
    let row = |label: &str, rank, runs| Row { label: label.into(), rank, runs };
    let bent = Shape::Points(vec![(0, 200), (100, 210), (200, 200)]);
    let texts = Labels::Texts(vec!["a".into(), "b".into(), "ß".into()]);
    Plan {
        name: "P".into(),
        size: (600, 300),
        focus: None,
        categories: vec![
            Category { name: "A".into(), color: [1, 2, 3] },
            Category { name: "B".into(), color: [255, 254, 253] },
        ],
        sections: vec![
            Section {
                name: "S".into(),
                kind: SectionKind::Seated,
                rows: vec![
                    row("1", 0, vec![run(0, numbers(1, 1, 3), line(0, 0)), flagged]),
                    row("2", 1, vec![run(0, numbers(1, 1, 3), line(0, 100))]),
                    row("C", 7, vec![run(0, texts, bent)]),
                ],
            },
            Section {
                name: "Floor".into(),
                kind: SectionKind::GeneralAdmission,
                rows: vec![row("", 9, vec![run(1, numbers(1, 1, 70), Shape::default())])],
            },
        ],
    }
}

/// These bytes are in logs for ever: a change here needs a new version.
#[test]
fn golden_bytes() {
    let bytes = encoded(&small());
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let golden = concat!(
        "010150b009d8040201410102030142fffefd020153000301000220020203000080900300520102c8",
        "010001020101020112000300c8010001430c0129030161016202c39f0300c801c801b30100270546",
        "6c6f6f72010100000401020146008f03ff8f0300",
    );
    assert_eq!(hex, golden);
    assert_eq!(decode_plan(&bytes).unwrap(), small());
}

#[test]
fn every_shorter_or_longer_record_is_refused() {
    let bytes = encoded(&small());
    for end in 0..bytes.len() {
        assert!(decode_plan(&bytes[..end]).is_err(), "{end} bytes");
    }
    let mut longer = encoded(&Plan { focus: Some((1, 2)), ..small() });
    longer.push(0);
    assert_eq!(decode_plan(&longer), Err(WireError::TooLong(1)));
}

#[test]
fn another_version_is_refused() {
    assert_eq!(decode_plan(&[2]), Err(WireError::UnknownVersion(2)));
}

/// A few bytes that claim a million rows, runs or seats: refused before much is reserved.
#[test]
fn claims_beyond_the_limits_are_refused() {
    let mut head = vec![PLAN_VERSION];
    head.put_text("");
    head.put_i32(0);
    head.put_i32(0);
    head.put_count(0);
    let mut rows = head.clone();
    rows.put_count(1);
    rows.put_text("");
    rows.put_u8(0);
    rows.put_count(SEATS_PER_PLAN_MAX as usize + 1);
    let out_of = WireError::OutOfBounds;
    assert_eq!(decode_plan(&rows), Err(out_of("a count of rows")));
    let mut sections = head;
    sections.put_count(SECTIONS_MAX + 1);
    assert_eq!(decode_plan(&sections), Err(out_of("a count of sections")));
    let mut plan = small();
    let big = run(0, numbers(1, 1, 4096), line(0, 0));
    plan.sections[0].rows[0].runs = vec![big; 257];
    assert_eq!(decode_plan(&encoded(&plan)), Err(out_of("a count of seats")));
}

fn labels() -> impl Strategy<Value = Labels> {
    prop_oneof![
        3 => (any::<i32>(), -3..4, 0_u16..4097)
            .prop_map(|(first, step, count)| numbers(first, step, count)),
        1 => (1..9_i32, 0_u16..50).prop_map(|(first, count)| numbers(first, 1, count)),
        1 => proptest::collection::vec("[a-zß0-9]{0,4}", 0..5).prop_map(Labels::Texts),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    let point = (any::<i32>(), any::<i32>());
    prop_oneof![
        (any::<i32>(), any::<i32>(), any::<i32>(), any::<i32>())
            .prop_map(|(x, y, dx, dy)| Shape::Line { x, y, dx, dy }),
        (0..900_i32, 0..900_i32).prop_map(|(x, y)| line(x, y)),
        proptest::collection::vec(point, 0..6).prop_map(Shape::Points),
    ]
}

fn any_run() -> impl Strategy<Value = Run> {
    let flag = (any::<u16>(), any::<u8>().prop_map(SeatFlags));
    let flags = proptest::collection::vec(flag, 0..3);
    (0_u8..4, labels(), shape(), flags).prop_map(|(category, labels, shape, flags)| Run {
        category,
        labels,
        shape,
        flags,
    })
}

fn any_plan() -> impl Strategy<Value = Plan> {
    let label = prop_oneof!["[0-9]{0,3}", "[A-Z]{1,2}", Just("4294967295".to_owned())];
    let runs = proptest::collection::vec(any_run(), 0..4);
    let row = (label, any::<u32>(), runs).prop_map(|(label, rank, runs)| Row { label, rank, runs });
    let rows = proptest::collection::vec(row, 0..6);
    let section = ("[a-zé]{0,5}", any::<bool>(), rows).prop_map(|(name, seated, rows)| Section {
        name,
        kind: if seated { SectionKind::Seated } else { SectionKind::GeneralAdmission },
        rows,
    });
    let category =
        ("[a-z]{0,5}", any::<[u8; 3]>()).prop_map(|(name, color)| Category { name, color });
    (
        "[A-Za-z ]{0,9}",
        any::<((i32, i32), Option<(i32, i32)>)>(),
        proptest::collection::vec(category, 0..4),
        proptest::collection::vec(section, 0..4),
    )
        .prop_map(|(name, (size, focus), categories, sections)| Plan {
            name,
            categories,
            sections,
            size,
            focus,
        })
}

/// A plan from before there were focal points keeps its bytes, and so its venue's id.
#[test]
fn a_focal_point_stands_behind_the_rest() {
    let plan = Plan { focus: Some((-3, 70)), ..small() };
    let bytes = encoded(&plan);
    assert_eq!(bytes[..encoded(&small()).len()], encoded(&small()));
    assert_eq!(decode_plan(&bytes).unwrap(), plan);
    assert!(decode_plan(&bytes[..bytes.len() - 1]).is_err());
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(plan in any_plan()) {
        prop_assert_eq!(decode_plan(&encoded(&plan)).unwrap(), plan);
    }

    #[test]
    fn changed_bytes_never_panic(
        plan in any_plan(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = encoded(&plan);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // Whatever is accepted is a plan that can be walked and written again.
        if let Ok(read) = decode_plan(&bytes) {
            let again = decode_plan(&encoded(&read)).unwrap();
            prop_assert_eq!(&again, &read);
            prop_assert!(read.seat_count() <= SEATS_PER_PLAN_MAX);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode_plan(&bytes);
        let mut versioned = vec![PLAN_VERSION];
        versioned.extend(bytes);
        let _ = decode_plan(&versioned);
    }
}
