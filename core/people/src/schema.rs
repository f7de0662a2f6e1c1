//! The tables of the store, the same in both databases. One database may have them beside the
//! tables of a sink, so none is named as one of those.
//!
//! | table | a row is |
//! |---|---|
//! | `persons` | somebody who left an address, with the key that what is theirs is sealed under |
//! | `buyers` | a pseudonym of the log that belongs to a person: a device of theirs |
//! | `contacts` | an address of a person, sealed; `lookup` finds it |
//! | `wants` | what is to be consented to as soon as a contact is confirmed |
//! | `sign_ins` | a link that signs one device in, once |
//! | `identities` | that a provider knows a person, by a lookup of who they are there |
//! | `passkeys` | a passkey of a person, with its public key |
//! | `spent_challenges` | a question that a passkey has answered, so that the answer counts once |
//! | `device_uses` | when a device was last seen, to the hour |
//! | `share_links` | a link to the numbers of an event, until it ends |
//! | `staff_sessions` | a session of staff in a browser, until it ends |
//! | `look_ups` | that one of staff looked for whoever has an address |
//! | `forgotten_verdicts` | how many messages went to people who are forgotten, by announcement |
//! | `suppressions` | an address that must not be written to |
//! | `folded_positions` | where the followers go on that write what comes next |
//! | `event_artists`, `consents`, `audience` | who may be written to, folded from the facts |
//! | `products`, `product_orders`, `product_order_kinds` | products, and who bought them |
//! | `invoice_accounts`, `invoices` | to whom invoices are, sealed; and what was issued |
//! | `product_deliveries` | how an order is delivered by itself, and how far |
//! | `buyer_keys` | a further key of who buys products |
//! | `webhooks`, `webhook_positions` | programs that are called with facts, and how far each is |
//! | `webhook_deliveries`, `webhook_tries` | their calls, and what came of each |
//! | `code_batches`, `code_reservations` | how many codes of a batch are given out, to whom |
//! | `code_announcements` | which announcements give out codes of a batch |
//! | `codes_minted` | how many codes of a presale there are, folded from the facts |
//! | `message_failures` | why a message was given up, in codes and stages |
//! | `messages` | a message for one person: due, on its way, or done with its verdict |

/// What makes the tables that are missing; `bytes` is the database's type for bytes.
pub(crate) fn schema(bytes: &str) -> String {
    format!("{}{TAKE_OVER};", TABLES.replace("BYTES", bytes))
}

/// Every table, those that depend on others last.
pub(crate) const TABLES_OF_PERSONS: [&str; 8] =
    ["sign_ins", "identities", "passkeys", "wants", "contacts", "device_uses", "buyers", "persons"];

/// `product_offers` was the table of offers while there was one kind.
pub(crate) const TAKE_OVER: &str = "
INSERT INTO products (event, kind, amount, currency, manager, artist)
    SELECT event, 0, amount, currency, manager, artist FROM product_offers WHERE true
    ON CONFLICT (event, kind) DO NOTHING";

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS persons (
    person BIGINT PRIMARY KEY, sealing_key BYTES NOT NULL, language TEXT NOT NULL,
    time_zone TEXT NOT NULL, made_at BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS buyers (
    buyer BIGINT PRIMARY KEY, person BIGINT NOT NULL, label TEXT NOT NULL, since BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS buyers_of_person ON buyers (person);
CREATE TABLE IF NOT EXISTS contacts (
    contact BIGINT PRIMARY KEY, person BIGINT NOT NULL, buyer BIGINT NOT NULL,
    channel BIGINT NOT NULL, lookup BYTES NOT NULL, address BYTES NOT NULL,
    asked_at BIGINT NOT NULL, confirmed_at BIGINT, same_device BIGINT NOT NULL,
    UNIQUE (person, channel, lookup));
CREATE INDEX IF NOT EXISTS contacts_by_lookup ON contacts (channel, lookup);
CREATE TABLE IF NOT EXISTS wants (
    contact BIGINT NOT NULL, event BIGINT NOT NULL, scope BIGINT NOT NULL, wording BIGINT NOT NULL,
    PRIMARY KEY (contact, event, scope));
CREATE TABLE IF NOT EXISTS sign_ins (
    link BIGINT PRIMARY KEY, person BIGINT NOT NULL, contact BIGINT NOT NULL,
    ends_at BIGINT NOT NULL, used_at BIGINT);
CREATE INDEX IF NOT EXISTS sign_ins_of_person ON sign_ins (person);
CREATE TABLE IF NOT EXISTS identities (
    lookup BYTES PRIMARY KEY, person BIGINT NOT NULL, since BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS identities_of_person ON identities (person);
CREATE TABLE IF NOT EXISTS passkeys (
    passkey BIGINT PRIMARY KEY, credential BYTES NOT NULL UNIQUE, person BIGINT NOT NULL,
    public_key BYTES NOT NULL, uses BIGINT NOT NULL, label TEXT NOT NULL, since BIGINT NOT NULL,
    used_at BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS passkeys_of_person ON passkeys (person);
CREATE TABLE IF NOT EXISTS spent_challenges (
    challenge BYTES PRIMARY KEY, ends_at BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS spent_challenges_end ON spent_challenges (ends_at);
CREATE TABLE IF NOT EXISTS device_uses (
    buyer BIGINT PRIMARY KEY, at BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS staff_sessions (
    session BIGINT PRIMARY KEY, staff BIGINT NOT NULL, role TEXT NOT NULL, label TEXT NOT NULL,
    since BIGINT NOT NULL, used_at BIGINT NOT NULL, ends_at BIGINT NOT NULL,
    generation BIGINT NOT NULL, rotated_at BIGINT NOT NULL, ended_at BIGINT);
CREATE INDEX IF NOT EXISTS staff_sessions_end ON staff_sessions (ends_at);
CREATE INDEX IF NOT EXISTS staff_sessions_of ON staff_sessions (staff, since);
CREATE TABLE IF NOT EXISTS share_links (
    link BIGINT PRIMARY KEY, event BIGINT NOT NULL, staff BIGINT NOT NULL, label TEXT NOT NULL,
    since BIGINT NOT NULL, ends_at BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS share_links_of ON share_links (event, ends_at);
CREATE TABLE IF NOT EXISTS look_ups (
    staff BIGINT NOT NULL, at BIGINT NOT NULL, lookup BYTES NOT NULL);
CREATE INDEX IF NOT EXISTS look_ups_of ON look_ups (staff, at);
CREATE INDEX IF NOT EXISTS look_ups_by_time ON look_ups (at);
CREATE TABLE IF NOT EXISTS forgotten_verdicts (
    event BIGINT NOT NULL, announcement BIGINT NOT NULL, verdict TEXT NOT NULL,
    channel BIGINT NOT NULL, count BIGINT NOT NULL,
    PRIMARY KEY (event, announcement, verdict, channel));
CREATE TABLE IF NOT EXISTS suppressions (
    channel BIGINT NOT NULL, lookup BYTES NOT NULL, reason TEXT NOT NULL, at BIGINT NOT NULL,
    PRIMARY KEY (channel, lookup));
CREATE TABLE IF NOT EXISTS folded_positions (
    topic TEXT NOT NULL, partition BIGINT NOT NULL, next BIGINT NOT NULL, mark TEXT,
    PRIMARY KEY (topic, partition));
CREATE TABLE IF NOT EXISTS event_artists (
    event BIGINT PRIMARY KEY, artist TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_artist ON event_artists (artist);
CREATE TABLE IF NOT EXISTS consents (
    event BIGINT NOT NULL, buyer BIGINT NOT NULL, scope BIGINT NOT NULL, channel BIGINT NOT NULL,
    wording BIGINT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (event, buyer, scope, channel));
CREATE INDEX IF NOT EXISTS consents_of_buyer ON consents (buyer);
CREATE TABLE IF NOT EXISTS audience (
    event BIGINT NOT NULL, buyer BIGINT NOT NULL, who BIGINT NOT NULL, category BIGINT NOT NULL,
    section BIGINT NOT NULL, seats BIGINT NOT NULL,
    PRIMARY KEY (event, buyer, who, category, section));
CREATE TABLE IF NOT EXISTS code_batches (
    event BIGINT NOT NULL, batch BIGINT NOT NULL, given BIGINT NOT NULL,
    PRIMARY KEY (event, batch));
CREATE TABLE IF NOT EXISTS code_reservations (
    event BIGINT NOT NULL, name TEXT NOT NULL, batch BIGINT NOT NULL, first BIGINT NOT NULL,
    count BIGINT NOT NULL, PRIMARY KEY (event, name));
CREATE TABLE IF NOT EXISTS code_announcements (
    event BIGINT NOT NULL, batch BIGINT NOT NULL, announcement BIGINT NOT NULL,
    PRIMARY KEY (event, batch, announcement));
CREATE TABLE IF NOT EXISTS codes_minted (
    event BIGINT NOT NULL, batch BIGINT NOT NULL, minted BIGINT NOT NULL,
    PRIMARY KEY (event, batch));
CREATE TABLE IF NOT EXISTS messages (
    message TEXT PRIMARY KEY, occasion TEXT NOT NULL, event BIGINT, announcement BIGINT,
    buyer BIGINT NOT NULL, person BIGINT, contact BIGINT, channel BIGINT, lookup BYTES,
    variables TEXT NOT NULL, state BIGINT NOT NULL, verdict TEXT, due_at BIGINT NOT NULL,
    tries BIGINT NOT NULL, made_at BIGINT NOT NULL, done_at BIGINT, reference TEXT,
    read_at BIGINT);
CREATE INDEX IF NOT EXISTS messages_waiting ON messages (due_at) WHERE state IN (0, 1);
CREATE INDEX IF NOT EXISTS messages_of_address ON messages (lookup, announcement);
CREATE INDEX IF NOT EXISTS messages_of_reference ON messages (reference);
CREATE INDEX IF NOT EXISTS messages_failed ON messages (done_at, message)
    WHERE verdict = 'failed';
CREATE INDEX IF NOT EXISTS messages_of_announcement ON messages (announcement, event, verdict);
CREATE INDEX IF NOT EXISTS messages_of_buyer ON messages (buyer, made_at);
CREATE INDEX IF NOT EXISTS messages_of_person ON messages (person, done_at);
CREATE TABLE IF NOT EXISTS message_failures (
    message TEXT PRIMARY KEY, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS product_offers (
    event BIGINT PRIMARY KEY, amount BIGINT NOT NULL, currency TEXT NOT NULL, manager BIGINT,
    artist BIGINT);
CREATE TABLE IF NOT EXISTS products (
    event BIGINT NOT NULL, kind BIGINT NOT NULL, amount BIGINT NOT NULL, currency TEXT NOT NULL,
    manager BIGINT, artist BIGINT, PRIMARY KEY (event, kind));
CREATE TABLE IF NOT EXISTS product_orders (
    number BIGINT PRIMARY KEY, name TEXT NOT NULL, staff BIGINT NOT NULL, event BIGINT NOT NULL,
    amount BIGINT NOT NULL, currency TEXT NOT NULL, method TEXT NOT NULL, state BIGINT NOT NULL,
    reference TEXT, invoice BIGINT, made_at BIGINT NOT NULL, paid_at BIGINT, ended_at BIGINT);
CREATE TABLE IF NOT EXISTS product_order_kinds (number BIGINT PRIMARY KEY, kind BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS invoice_accounts (staff BIGINT PRIMARY KEY, sealed BYTES NOT NULL);
CREATE TABLE IF NOT EXISTS invoices (
    number BIGINT PRIMARY KEY, sealed BYTES, vat BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS product_deliveries (
    number BIGINT PRIMARY KEY, webhook BIGINT, to_topic BIGINT NOT NULL, next BIGINT, mark TEXT);
CREATE TABLE IF NOT EXISTS buyer_keys (
    key BIGINT PRIMARY KEY, staff BIGINT NOT NULL, label TEXT NOT NULL, made_at BIGINT NOT NULL,
    ended_at BIGINT);
CREATE INDEX IF NOT EXISTS buyer_keys_of ON buyer_keys (staff, made_at);
CREATE UNIQUE INDEX IF NOT EXISTS product_orders_named ON product_orders (name);
CREATE UNIQUE INDEX IF NOT EXISTS product_orders_invoiced ON product_orders (invoice);
CREATE TABLE IF NOT EXISTS webhooks (
    webhook BIGINT PRIMARY KEY, url BYTES NOT NULL, secret BYTES NOT NULL, old_secret BYTES,
    old_until BIGINT NOT NULL, kinds TEXT NOT NULL, event BIGINT, description TEXT NOT NULL,
    enabled BIGINT NOT NULL, reason TEXT NOT NULL, made_at BIGINT NOT NULL,
    start_at BIGINT NOT NULL, failures BIGINT NOT NULL, rest_until BIGINT NOT NULL,
    taken_at BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS webhook_positions (
    webhook BIGINT NOT NULL, partition BIGINT NOT NULL, next BIGINT NOT NULL, mark TEXT,
    PRIMARY KEY (webhook, partition));
CREATE TABLE IF NOT EXISTS webhook_deliveries (
    delivery TEXT PRIMARY KEY, webhook BIGINT NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
    place BIGINT NOT NULL, state BIGINT NOT NULL, due_at BIGINT NOT NULL, tries BIGINT NOT NULL,
    made_at BIGINT NOT NULL, done_at BIGINT);
CREATE INDEX IF NOT EXISTS deliveries_waiting ON webhook_deliveries (webhook, due_at)
    WHERE state IN (0, 1);
CREATE INDEX IF NOT EXISTS deliveries_of_webhook ON webhook_deliveries (webhook, made_at, delivery);
CREATE INDEX IF NOT EXISTS deliveries_left ON webhook_deliveries (webhook, state);
CREATE TABLE IF NOT EXISTS webhook_tries (
    delivery TEXT NOT NULL, number BIGINT NOT NULL, at BIGINT NOT NULL, status BIGINT,
    reason TEXT NOT NULL, ms BIGINT NOT NULL, answer TEXT NOT NULL,
    PRIMARY KEY (delivery, number));
";
