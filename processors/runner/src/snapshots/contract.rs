//! What every snapshot store must do, as a function to run against each. It panics where a promise
//! is broken.

use std::io::ErrorKind;

use super::SnapshotStore;

/// Everything a store promises. `put` lays raw bytes where the snapshots of a partition are, as
/// damage and strangers do. Both start empty.
pub fn keeps_the_contract(store: &dyn SnapshotStore, put: &dyn Fn(u32, &str, &[u8])) {
    keeps_the_newest_two(store);
    notices_damage(store, put);
    leaves_strangers_alone(store, put);
    leaves_a_successor_its_own(store);
}

fn listed(store: &dyn SnapshotStore, partition: u32) -> Vec<u64> {
    store.list(partition).expect("a listing")
}

fn keeps_the_newest_two(store: &dyn SnapshotStore) {
    assert!(listed(store, 3).is_empty());
    for next in [5, 9, 70] {
        store.save(3, next, format!("state {next}").as_bytes()).expect("room");
    }
    assert_eq!(listed(store, 3), [70, 9]);
    assert_eq!(store.load(3, 70).expect("what was stored"), b"state 70");
    assert_eq!(store.load(3, 5).expect_err("removed").kind(), ErrorKind::NotFound);
    // The same again, as after a crash before the next one.
    store.save(3, 70, b"state 70 again").expect("room");
    assert_eq!(store.load(3, 70).expect("what was stored"), b"state 70 again");
    assert!(listed(store, 4).is_empty(), "partitions are apart");
    assert!(listed(store, 30).is_empty(), "and so are those whose numbers begin alike");
    let large = vec![7; 12 << 20];
    store.save(30, 1, &large).expect("room");
    assert!(store.load(30, 1).expect("what was stored") == large, "a large state comes back");
}

fn notices_damage(store: &dyn SnapshotStore, put: &dyn Fn(u32, &str, &[u8])) {
    let rows: [&[u8]; 4] = [b"", b"short", b"FGSNAP1\n\0\0\0\0state", b"FGSNAP9\n\0\0\0\0"];
    for bytes in rows {
        put(5, "00000000000000000080.snap", bytes);
        let error = store.load(5, 80).expect_err("damaged");
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{bytes:?}");
    }
    store.save(5, 80, b"good").expect("room");
    assert_eq!(store.load(5, 80).expect("what was stored"), b"good");
}

fn leaves_strangers_alone(store: &dyn SnapshotStore, put: &dyn Fn(u32, &str, &[u8])) {
    for name in ["notes.txt", "9.snap", "0000000000000000000x.snap", "99999999999999999999.snap"] {
        put(6, name, b"not ours");
    }
    assert!(listed(store, 6).is_empty());
    for next in [1, 2, 3] {
        store.save(6, next, b"ours").expect("room");
    }
    assert_eq!(listed(store, 6), [3, 2]);
}

fn leaves_a_successor_its_own(store: &dyn SnapshotStore) {
    for next in [100, 200, 50, 60, 70] {
        store.save(7, next, b"state").expect("room");
    }
    assert_eq!(listed(store, 7), [200, 100, 70, 60], "an owner that was replaced saved 50 to 70");
    store.save(7, 300, b"state").expect("room");
    assert_eq!(listed(store, 7), [300, 200]);
}
