#!/usr/bin/env python3
"""Compares what a Connect worker delivered with the SQL tables: compare.py FOLDER, as `check` leaves it."""
import collections
import json
import pathlib
import sqlite3
import sys

folder = pathlib.Path(sys.argv[1])
views = sqlite3.connect(f"file:{folder / 'data' / 'views.db'}?mode=ro", uri=True)
views.row_factory = sqlite3.Row


def table(name, version):
    """The newest row of each key, whatever the order of delivery, and how many lines and versions there were."""
    lines = [json.loads(line) for line in (folder / f"{name}.lines").read_text().splitlines()]
    newest, versions = {}, set()
    for line in lines:
        versions.add((line["key"], line[version]))
        if line["key"] not in newest or newest[line["key"]][version] < line[version]:
            newest[line["key"]] = line
    assert len(lines) >= 2 * len(versions), f"{name}: {len(lines)} lines of {len(versions)} rows came only once"
    return newest, len(lines)


def same(name, found, wanted, key, fields):
    rows = {key(row): row for row in map(dict, wanted)}
    assert found.keys() == rows.keys(), f"{name}: {len(found)} keys in Connect, {len(rows)} in SQL"
    for at, row in rows.items():
        for ours, theirs in fields.items():
            got = found[at][ours]
            assert got == row[theirs] or bool(got) == row[theirs] and isinstance(got, bool), (name, at, ours, got, row[theirs])


seats, seat_lines = table("reservations", "reservation_version")
fields = ("event_id", "user_id", "venue_id", "seat_id", "status", "lock_expiry", "session_id", "redeemed", "reservation_version")
same("reservations", seats, views.execute("select * from reservations"),
     lambda row: f"{row['event_id']}/{row['seat_id']}", dict(zip(fields, fields)))
places = {(row["venue_id"], row["seat_id"]): dict(row) for row in views.execute("select * from venues")}
for row in seats.values():
    place = places[row["venue_id"], row["seat_id"]]
    assert all(row[name] == place[name] for name in ("section", "row", "seat", "seat_type")), (row, place)

events, event_lines = table("events", "event_version")
same("events", events, views.execute("select * from events"), lambda row: row["event_id"],
     {name: name for name in ("event_name", "event_description", "venue_id", "phase", "artist", "time_zone")})

orders, order_lines = table("orders", "order_version")
status = collections.Counter()
for row in orders.values():
    numbers = [int(seat) for seat in row["seats"].split(",") if seat]
    assert len(numbers) == row["seat_count"] > 0 and row["amount"] > 0, row
    status[row["status"]] += 1
    for seat in numbers if row["status"] == "confirmed" else []:
        of_seat = seats[f"{row['event_id']}/{seat}"]
        assert of_seat["status"] == "sold", (row, of_seat)
sold = sum(row["status"] == "sold" for row in seats.values())
assert sold == sum(row["seat_count"] for row in orders.values() if row["status"] == "confirmed"), sold
print(f"connect: {len(seats)} seats ({sold} sold), {len(orders)} orders {dict(status)}, {len(events)} events; "
      f"{seat_lines + order_lines + event_lines} records delivered, each twice")
