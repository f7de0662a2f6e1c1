//! What every index must do, as a function to run against each. It takes a fresh index and panics
//! where a promise is broken.

use std::sync::Arc;

use floodgate_domain::plan::{Labels, SeatFlags};
use floodgate_domain::{EventDetails, EventId, LogTime, SalePhase};

use crate::document::{Document, EventDocument, RunDocument, RunPlace};
use crate::event::{Sale, event_document};
use crate::index::{Reached, SearchIndex};
use crate::query::{EventQuery, SeatOrder, SeatQuery};
use crate::words::plain_words;

const HALL: EventId = EventId(1);
const STADIUM: EventId = EventId(2);
const CLUB: EventId = EventId(3);

/// Everything an index promises.
pub fn keeps_the_contract(index: &dyn SearchIndex) {
    index.remove().expect("it may be made anew");
    index.open().expect("an index");
    assert_eq!(index.next(0).expect("a position"), 0, "nothing was written");
    assert_eq!(index.seats(&seats(HALL, 1)).expect("an answer"), None, "nobody has heard of it");
    put(index, &everything(), 7);
    words_are_found_with_mistakes(index);
    filters_and_facets(index);
    pages_follow_each_other(index);
    seats_together(index);
    older_documents_change_nothing(index);
    assert_eq!(index.next(0).expect("a position"), 9);
    assert_eq!(index.next(1).expect("a position"), 0, "of another partition");
    index.open().expect("it is there");
    assert_eq!(index.next(0).expect("a position"), 9, "opening it again changes nothing");
    index.rewind(0).expect("it may be set back");
    assert_eq!(index.next(0).expect("a position"), 0, "it is written again");
    assert_eq!(found(index, &asked("metallica")), [STADIUM], "what it has stays meanwhile");
    index.remove().expect("it may be removed");
    index.open().expect("a new one");
    assert_eq!(index.next(0).expect("a position"), 0, "it has nothing");
}

fn put(index: &dyn SearchIndex, documents: &[Document], next: u64) {
    let reached = Reached { partition: 0, next, at: LogTime(next * 1000) };
    assert_eq!(index.put(documents, reached).expect("it is there"), []);
    index.refresh().expect("it is there");
}

fn event(event_id: EventId, details: &EventDetails, version: u64, price: u32) -> EventDocument {
    let sale = Sale {
        phase: SalePhase::Open,
        capacity: 10,
        free: 5,
        held: 0,
        currency: "EUR",
        price_from: Some(price),
    };
    event_document((event_id, version, LogTime(version)), details, "A plan", sale)
}

fn details(name: &str, artist: &str, venue: &str, address: &str, day: u64) -> EventDetails {
    EventDetails {
        artist: artist.into(),
        venue_name: venue.into(),
        venue_address: address.into(),
        time_zone: "Europe/Berlin".into(),
        starts_at: Some(LogTime(1_811_806_200_000 + day * 86_400_000)),
        description: "Doors open early; bring a coat.".into(),
        ..EventDetails::named(name)
    }
}

fn everything() -> Vec<Document> {
    let hall = details("Winter songs", "Beyoncé Example", "Town Hall", "1 Square\n12345 Town", 0);
    let stadium =
        details("World tour", "Metallica Tribute", "Arena Nord", "Road 2\n22222 Kiel", 40);
    let club = details("Songs of the sea", "The Examples", "Harbour Club", "Pier 1\n22222 Kiel", 3);
    let mut all: Vec<Document> = runs(1).into_iter().map(Document::Run).collect();
    all.push(Document::Event(Box::new(event(HALL, &hall, 100, 3_900))));
    all.push(Document::Event(Box::new(event(STADIUM, &stadium, 200, 8_000))));
    all.push(Document::Event(Box::new(event(CLUB, &club, 300, 1_900))));
    all
}

/// Two rows of the hall, of ten seats each: the better one has a pillar before seats 4 and 5.
fn runs(version: u64) -> Vec<RunDocument> {
    let run = |row: &str, rank, first_seat, category, flags: &[(u16, SeatFlags)], free: &[u16]| {
        let place = RunPlace {
            section: Arc::from("Stalls"),
            section_index: 0,
            row: row.into(),
            rank,
            first_seat,
            category,
            labels: Labels::Numbers { first: 1, step: 1, count: 10 },
            flags: flags.to_vec(),
            is_general: false,
        };
        let (place, free) = (Arc::new(place), free.to_vec());
        RunDocument { event_id: HALL, version, place, free }
    };
    let pillar = [
        (2, SeatFlags::SHADED),
        (3, SeatFlags::RESTRICTED_VIEW.with(SeatFlags::SHADED)),
        (4, SeatFlags::RESTRICTED_VIEW.with(SeatFlags::SHADED)),
    ];
    let spaces = [(8, SeatFlags::ACCESSIBLE), (9, SeatFlags::COMPANION)];
    vec![
        run("A", 1, 0, 0, &pillar, &[2, 3, 4, 5]),
        run("B", 2, 10, 1, &spaces, &[0, 1, 2, 5, 6, 8, 9]),
    ]
}

fn asked(text: &str) -> EventQuery {
    EventQuery { words: plain_words(text), is_typing: true, limit: 10, ..EventQuery::default() }
}

fn found(index: &dyn SearchIndex, query: &EventQuery) -> Vec<EventId> {
    let hits = index.events(query).expect("an answer");
    hits.hits.iter().map(|hit| hit.event_id).collect()
}

fn words_are_found_with_mistakes(index: &dyn SearchIndex) {
    let rows: [(&str, &[EventId]); 16] = [
        ("metallica", &[STADIUM]),
        ("Metalica", &[STADIUM]),
        ("mtealica", &[STADIUM]),
        ("mtelca", &[]),
        ("beyonce", &[HALL]),
        ("BEYONSÉ", &[HALL]),
        ("metal", &[STADIUM]),
        ("metlal", &[STADIUM]),
        ("mtl", &[]),
        ("arena nord metal", &[STADIUM]),
        ("arena harbour", &[]),
        ("kiel tour", &[STADIUM]),
        ("coat", &[HALL, CLUB, STADIUM]),
        ("songs", &[HALL, CLUB]),
        // A word as it is counts for more than one like it.
        ("examples", &[CLUB, HALL]),
        ("", &[HALL, CLUB, STADIUM]),
    ];
    for (text, events) in rows {
        assert_eq!(found(index, &asked(text)), events, "{text:?}");
    }
    let complete = EventQuery { is_typing: false, ..asked("metal") };
    assert_eq!(found(index, &complete), [], "a word that is complete is not begun");
}

fn filters_and_facets(index: &dyn SearchIndex) {
    let rows: [(EventQuery, &[EventId]); 7] = [
        (EventQuery { venue: Some("Town Hall".into()), ..asked("") }, &[HALL]),
        (EventQuery { artist: Some("The Examples".into()), ..asked("") }, &[CLUB]),
        (EventQuery { month: Some("2027-06".into()), ..asked("") }, &[HALL, CLUB]),
        (EventQuery { towns: Some(vec!["Kiel".into()]), ..asked("") }, &[CLUB, STADIUM]),
        (EventQuery { towns: Some(Vec::new()), ..asked("") }, &[]),
        (EventQuery { phases: vec!["sold_out".into()], ..asked("") }, &[]),
        (EventQuery { price_band: Some("EUR 50-100".into()), ..asked("") }, &[STADIUM]),
    ];
    for (query, events) in rows {
        assert_eq!(found(index, &query), events, "{query:?}");
    }
    let day = |day: u64| Some(LogTime(1_811_806_200_000 + day * 86_400_000));
    let between = EventQuery { starts_from: day(1), starts_before: day(40), ..asked("") };
    assert_eq!(found(index, &between), [CLUB], "from the first instant to before the last");
    let hits = index.events(&asked("songs")).expect("an answer");
    let of = |values: &[crate::FacetCount]| -> Vec<(String, usize)> {
        values.iter().map(|one| (one.value.clone(), one.count)).collect()
    };
    assert_eq!(hits.count, 2);
    assert_eq!(hits.at, LogTime(7_000), "the newest fact it has");
    assert_eq!(of(&hits.facets.months), [("2027-06".to_owned(), 2)]);
    assert_eq!(of(&hits.facets.phases), [("open".to_owned(), 2)]);
    assert_eq!(of(&hits.facets.towns), [("Kiel".to_owned(), 1), ("Town".to_owned(), 1)]);
}

fn pages_follow_each_other(index: &dyn SearchIndex) {
    for text in ["", "coat", "songs", "examples"] {
        let whole = found(index, &asked(text));
        let (mut paged, mut after) = (Vec::new(), None);
        loop {
            let page = EventQuery { limit: 1, after, ..asked(text) };
            let page = index.events(&page).expect("an answer");
            let Some(hit) = page.hits.first() else { break };
            let again = hit.cursor.to_string().parse();
            after = Some(again.expect("a cursor as text"));
            paged.push(hit.event_id);
        }
        assert_eq!(paged, whole, "{text:?}");
    }
}

fn seats(event_id: EventId, count: u16) -> SeatQuery {
    SeatQuery {
        event_id,
        count,
        categories: vec![0, 1],
        section: None,
        is_accessible: false,
        with_restricted_view: true,
        in_shade: false,
        order: SeatOrder::Best,
        limit: 10,
    }
}

fn together(index: &dyn SearchIndex, query: &SeatQuery) -> Vec<(String, Vec<u16>)> {
    let found = index.seats(query).expect("an answer").expect("an event");
    assert_eq!((found.version, found.at), (100, LogTime(100)));
    found.groups.iter().map(|one| (one.run.place.row.clone(), one.places.clone())).collect()
}

fn seats_together(index: &dyn SearchIndex) {
    let group = |row: &str, places: &[u16]| (row.to_owned(), places.to_vec());
    let three = seats(HALL, 3);
    assert_eq!(together(index, &three), [group("A", &[2, 3, 4]), group("B", &[0, 1, 2])]);
    let clear = SeatQuery { with_restricted_view: false, ..three.clone() };
    assert_eq!(together(index, &clear), [group("B", &[0, 1, 2])], "not behind a pillar");
    let shaded = SeatQuery { in_shade: true, ..three.clone() };
    assert_eq!(together(index, &shaded), [group("A", &[2, 3, 4])], "in the shade");
    let both = SeatQuery { with_restricted_view: false, ..shaded };
    assert_eq!(together(index, &both), [], "in the shade, not behind a pillar");
    let cheap_first =
        SeatQuery { categories: vec![1, 0], order: SeatOrder::Categories, ..three.clone() };
    assert_eq!(together(index, &cheap_first), [group("B", &[0, 1, 2]), group("A", &[2, 3, 4])]);
    let dear = SeatQuery { categories: vec![1], ..three.clone() };
    assert_eq!(together(index, &dear), [group("B", &[0, 1, 2])]);
    let elsewhere = SeatQuery { section: Some("Balcony".into()), ..three.clone() };
    assert_eq!(together(index, &elsewhere), []);
    let space = SeatQuery { is_accessible: true, ..seats(HALL, 2) };
    assert_eq!(together(index, &space), [group("B", &[8, 9])]);
    assert_eq!(together(index, &SeatQuery { limit: 1, ..three }), [group("A", &[2, 3, 4])]);
    assert_eq!(together(index, &seats(HALL, 5)), []);
    let none = index.seats(&seats(CLUB, 1)).expect("an answer").expect("an event");
    assert_eq!(none.groups, [], "its seats have not come yet");
}

/// Disorder, repetition: whatever comes late is passed over, and what is newer stays.
fn older_documents_change_nothing(index: &dyn SearchIndex) {
    let taken = |version, free: &[u16]| {
        let mut run = runs(version).remove(0);
        run.free = free.to_vec();
        Document::Run(run)
    };
    let renamed = |version, name: &str| {
        let details = details(name, "The Examples", "Harbour Club", "Pier 1\n22222 Kiel", 3);
        Document::Event(Box::new(event(CLUB, &details, version, 1_900)))
    };
    put(index, &[taken(9, &[]), renamed(400, "Farewell")], 8);
    put(index, &[taken(5, &[0, 1, 2, 3]), taken(9, &[7, 8, 9]), renamed(350, "Nothing")], 9);
    put(index, &everything(), 9);
    let group = ("B".to_owned(), vec![0, 1, 2]);
    assert_eq!(together(index, &seats(HALL, 3)), [group]);
    assert_eq!(found(index, &asked("farewell")), [CLUB]);
    assert_eq!(found(index, &asked("nothing")), []);
    assert_eq!(found(index, &asked("sea")), [], "words of before are gone");
}
