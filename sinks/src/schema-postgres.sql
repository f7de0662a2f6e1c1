-- The tables of a sale. Times are milliseconds since 1970 in UTC.
CREATE TABLE IF NOT EXISTS events (
    event_id TEXT PRIMARY KEY, event_name TEXT NOT NULL, event_description TEXT NOT NULL,
    venue_id TEXT NOT NULL, starts_at BIGINT NOT NULL, phase TEXT NOT NULL
);

-- One row a seat; seat_id is its number in the plan.
CREATE TABLE IF NOT EXISTS venues (
    venue_id TEXT NOT NULL, seat_id BIGINT NOT NULL, seat_location TEXT NOT NULL,
    seat_type TEXT NOT NULL, section TEXT NOT NULL, "row" TEXT NOT NULL, seat TEXT NOT NULL,
    for_sale BOOLEAN NOT NULL, PRIMARY KEY (venue_id, seat_id)
);

-- The current state of every seat that was ever touched: held, sold, or free again.
-- reservation_version is the fact's place in the log; a row only ever gets a greater one.
CREATE TABLE IF NOT EXISTS reservations (
    event_id TEXT NOT NULL, user_id TEXT, venue_id TEXT, seat_id BIGINT NOT NULL,
    status TEXT NOT NULL, lock_expiry BIGINT, session_id TEXT NOT NULL,
    reservation_version BIGINT NOT NULL, PRIMARY KEY (event_id, seat_id)
);
CREATE INDEX IF NOT EXISTS reservations_by_session ON reservations (event_id, session_id);

-- Everything that ever happened to a seat.
CREATE TABLE IF NOT EXISTS reservation_history (
    event_id TEXT NOT NULL, user_id TEXT, venue_id TEXT, seat_id BIGINT NOT NULL,
    status TEXT NOT NULL, lock_expiry BIGINT, session_id TEXT NOT NULL,
    reservation_version BIGINT NOT NULL, fact TEXT NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (event_id, seat_id, reservation_version)
);

-- How far each partition of the facts has been carried here.
CREATE TABLE IF NOT EXISTS positions (partition BIGINT PRIMARY KEY, next BIGINT NOT NULL);

CREATE OR REPLACE VIEW free_seats AS
    SELECT e.event_id, v.venue_id, v.seat_id, v.seat_location, v.seat_type
    FROM events e
    JOIN venues v ON v.venue_id = e.venue_id AND v.for_sale
    LEFT JOIN reservations r ON r.event_id = e.event_id AND r.seat_id = v.seat_id
    WHERE r.status IS NULL OR r.status = 'free';

CREATE OR REPLACE VIEW event_status AS
    SELECT e.event_id, e.event_name, e.phase,
        (SELECT count(*) FROM venues v WHERE v.venue_id = e.venue_id AND v.for_sale) AS capacity,
        (SELECT count(*) FROM reservations r
          WHERE r.event_id = e.event_id AND r.status = 'held') AS held,
        (SELECT count(*) FROM reservations r
          WHERE r.event_id = e.event_id AND r.status = 'sold') AS sold
    FROM events e;
