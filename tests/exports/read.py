"""Reads the exports of an event in four ways and compares their sums with the SQL tables."""
import csv
import glob
import sqlite3
import sys

import duckdb
import pyarrow.parquet

work, event, views = sys.argv[1:]
tables = sqlite3.connect(views)


def of_tables(query):
    return tables.execute(query, (event,)).fetchone()


def of_duckdb(what, query):
    return duckdb.sql(query.format(f"'{work}/{what}-parquet/*.parquet'")).fetchall()[0]


def of_arrow(what):
    files = sorted(glob.glob(f"{work}/{what}-parquet/*.parquet"))
    return pyarrow.concat_tables([pyarrow.parquet.read_table(file) for file in files])


def of_csv(what):
    rows = []
    for file in sorted(glob.glob(f"{work}/{what}-csv/*.csv")):
        with open(file, newline="", encoding="utf-8") as text:
            rows.extend(csv.DictReader(text))
    return rows


# Each row once, as it stands; a part from a later cursor would bring it again. The tables name an order
# by its hold: the same number.
orders = of_arrow("orders")
ids = [name.replace("ord_", "hld_") for name in orders["order_id"].to_pylist()]
held = "SELECT session_id FROM reservation_history WHERE event_id = ? AND session_id <> ''"
assert set(ids) == {row[0] for row in tables.execute(held, (event,))} and len(ids) == len(set(ids)) > 0
amounts = sum(orders["amount"].to_pylist())
assert of_duckdb("orders", "SELECT count(*), sum(amount)::BIGINT FROM {}") == (len(ids), amounts)
rows = of_csv("orders")
assert (len(rows), sum(int(row["amount"]) for row in rows)) == (len(ids), amounts)
assert orders.schema.field("changed_at").type == pyarrow.timestamp("ms", tz="UTC")

sold = of_tables("SELECT count(*) FROM reservations WHERE event_id = ? AND status = 'sold'")[0]
assert sold > 0
query = "SELECT count(*) FROM {} WHERE status = 'confirmed'"
assert of_duckdb("sales", query) == (sold,)
assert sum(row["status"] == "confirmed" for row in of_csv("sales")) == sold
assert of_duckdb("sales", "SELECT count(*) FROM {} WHERE section = ''") == (0,)

facts = of_arrow("facts")
assert of_duckdb("facts", "SELECT count(DISTINCT (\"offset\", \"index\")) FROM {}") == (facts.num_rows,)
assert len(of_csv("facts")) == facts.num_rows
# What was paid, by the facts and by the orders as they stand.
paid = of_duckdb("facts", "SELECT count(*), sum(amount)::BIGINT FROM {} WHERE fact = 'order_confirmed'")
states = "SELECT count(*), sum(amount)::BIGINT FROM {} WHERE status IN ('confirmed', 'refunded', 'cancelled')"
assert paid == of_duckdb("orders", states) and paid[1] > 0, paid
query = "SELECT count(DISTINCT session_id) FROM reservation_history WHERE event_id = ? AND fact = 'OrderConfirmed'"
assert of_tables(query)[0] == paid[0]
print(f"{facts.num_rows} facts, {len(ids)} orders, {sold} seats, {paid[1]} paid: the same in DuckDB, pyarrow, CSV, SQL")
