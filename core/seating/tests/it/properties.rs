//! Changed files are read or refused, never more.

use proptest::prelude::*;

use floodgate_seating::{Format, generate, import, to_base64};

use crate::{HALL, check_accepted};

const TABLE: &str = "stand,section,row,seat,category,x,y,flags,wheelchair\n\
                     north,10,1,1,Gold,0,0,,0\n\
                     north,10,1,2,Gold,10,0,companion,0\n\
                     south,\"1,1\",2,A7,Silver,-5.5,1e3,3,1\n\
                     west,SB_1,2,A8,Silver,5,5,blocked|4,x\n";

fn changed(text: &str, changes: &[(prop::sample::Index, Change)]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for (at, change) in changes {
        let at = at.index(bytes.len());
        match change {
            Change::Set(byte) => bytes[at] = *byte,
            Change::Insert(text) => drop(bytes.splice(at..at, text.bytes())),
            Change::Remove(count) => drop(bytes.drain(at..(at + count).min(bytes.len()))),
        }
        if bytes.is_empty() {
            bytes.push(b'\n');
        }
    }
    bytes
}

#[derive(Debug, Clone)]
enum Change {
    Set(u8),
    Insert(String),
    Remove(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<u8>().prop_map(Change::Set),
        "[0-9e.,\"{}\\[\\]:-]{1,4}".prop_map(Change::Insert),
        prop_oneof![
            Just("999999999999999999999"),
            Just("1e308"),
            Just("-0"),
            Just("null"),
            Just("\n"),
            Just("ß"),
        ]
        .prop_map(|text| Change::Insert(text.to_owned())),
        (1_usize..40).prop_map(Change::Remove),
    ]
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, Change)>> {
    proptest::collection::vec((any::<prop::sample::Index>(), change()), 1..5)
}

fn read(format: Format, bytes: &[u8]) {
    match import(format, bytes) {
        Ok(imported) => {
            check_accepted(&imported);
            let _ = imported.report.to_string();
        }
        Err(rejected) => assert!(!rejected.problems.is_empty()),
    }
}

proptest! {
    #[test]
    fn changed_pretix_files_never_panic(changes in changes()) {
        read(Format::Pretix, &changed(HALL, &changes));
    }

    #[test]
    fn changed_tables_never_panic(changes in changes()) {
        read(Format::Csv, &changed(TABLE, &changes));
    }

    #[test]
    fn changed_native_files_never_panic(changes in changes()) {
        let native = to_base64(&generate::theatre());
        let _ = import(Format::Native, &changed(&native, &changes));
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for format in [Format::Pretix, Format::Csv, Format::Native] {
            let _ = import(format, &bytes);
        }
        let _ = Format::detect(&bytes);
    }

    /// Any drawing of a table is accepted, and every seat keeps its name and category.
    #[test]
    fn every_seat_is_kept(
        seats in proptest::collection::btree_map((0..3_u8, 0..4_u8, 0..40_u16), 0..3_u8, 1..60),
        drawn in any::<bool>(),
    ) {
        let mut table = "section,row,seat,category,x,y\n".to_owned();
        for ((section, row, seat), category) in &seats {
            let (x, y) = (u16::from(*section) * 50 + seat, u16::from(*row));
            let point = if drawn { format!("{x},{y}") } else { ",".to_owned() };
            table += &format!("s{section},{row},{seat},c{category},{point}\n");
        }
        let imported = import(Format::Csv, table.as_bytes()).unwrap();
        check_accepted(&imported);
        let categories = &imported.plan.categories;
        let mut read: Vec<_> = imported
            .plan
            .seats()
            .map(|s| {
                let category = &categories[usize::from(s.category)].name;
                format!("{}/{}/{}/{category}", s.section, s.row, s.label)
            })
            .collect();
        let mut written: Vec<_> = seats
            .iter()
            .map(|((section, row, seat), category)| format!("s{section}/{row}/{seat}/c{category}"))
            .collect();
        read.sort();
        written.sort();
        prop_assert_eq!(read, written);
    }
}
