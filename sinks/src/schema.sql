-- The tables of a sale. Times are milliseconds since 1970 in UTC.
CREATE TABLE IF NOT EXISTS events (
    event_id TEXT PRIMARY KEY, event_name TEXT NOT NULL, event_description TEXT NOT NULL,
    venue_id TEXT NOT NULL, starts_at INTEGER NOT NULL, phase TEXT NOT NULL
) WITHOUT ROWID;

-- One row a seat; seat_id is its number in the plan.
CREATE TABLE IF NOT EXISTS venues (
    venue_id TEXT NOT NULL, seat_id INTEGER NOT NULL, seat_location TEXT NOT NULL,
    seat_type TEXT NOT NULL, section TEXT NOT NULL, row TEXT NOT NULL, seat TEXT NOT NULL,
    for_sale INTEGER NOT NULL, PRIMARY KEY (venue_id, seat_id)
) WITHOUT ROWID;

-- The current state of every seat that was ever touched: held, sold, or free again.
-- reservation_version is the fact's place in the log; a row only ever gets a greater one.
CREATE TABLE IF NOT EXISTS reservations (
    event_id TEXT NOT NULL, user_id TEXT, venue_id TEXT, seat_id INTEGER NOT NULL,
    status TEXT NOT NULL, lock_expiry INTEGER, session_id TEXT NOT NULL,
    reservation_version INTEGER NOT NULL, PRIMARY KEY (event_id, seat_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS reservations_by_session ON reservations (event_id, session_id);

-- Everything that ever happened to a seat.
CREATE TABLE IF NOT EXISTS reservation_history (
    event_id TEXT NOT NULL, user_id TEXT, venue_id TEXT, seat_id INTEGER NOT NULL,
    status TEXT NOT NULL, lock_expiry INTEGER, session_id TEXT NOT NULL,
    reservation_version INTEGER NOT NULL, fact TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (event_id, seat_id, reservation_version)
) WITHOUT ROWID;

-- How far each partition of the facts has been carried here.
CREATE TABLE IF NOT EXISTS positions (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL);

CREATE VIEW IF NOT EXISTS free_seats AS
    SELECT e.event_id, v.venue_id, v.seat_id, v.seat_location, v.seat_type
    FROM events e
    JOIN venues v ON v.venue_id = e.venue_id AND v.for_sale
    LEFT JOIN reservations r ON r.event_id = e.event_id AND r.seat_id = v.seat_id
    WHERE r.status IS NULL OR r.status = 'free';

CREATE VIEW IF NOT EXISTS event_status AS
    SELECT e.event_id, e.event_name, e.phase,
        (SELECT count(*) FROM venues v WHERE v.venue_id = e.venue_id AND v.for_sale) AS capacity,
        (SELECT count(*) FROM reservations r
          WHERE r.event_id = e.event_id AND r.status = 'held') AS held,
        (SELECT count(*) FROM reservations r
          WHERE r.event_id = e.event_id AND r.status = 'sold') AS sold
    FROM events e;
