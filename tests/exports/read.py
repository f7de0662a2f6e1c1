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
    return duckdb.sql(query.format(f"'{work}/{what}-parquet/*.parquet'")).fetchone()


def of_arrow(what):
    files = sorted(glob.glob(f"{work}/{what}-parquet/*.parquet"))
    return pyarrow.concat_tables([pyarrow.parquet.read_table(file) for file in files])


def of_csv(what):
    rows = []
    for file in sorted(glob.glob(f"{work}/{what}-csv/*.csv")):
        with open(file, newline="", encoding="utf-8") as text:
            rows.extend(csv.DictReader(text))
    return rows


# Each row once, as it stands; a part from a later cursor would bring it again.
expected = of_tables("SELECT count(*), coalesce(sum(amount), 0) FROM orders WHERE event_id = ?")
assert expected[0] > 0, "the crowd bought nothing"
assert of_duckdb("orders", "SELECT count(*), sum(amount)::BIGINT FROM {}") == expected
orders = of_arrow("orders")
assert (orders.num_rows, sum(orders["amount"].to_pylist())) == expected
rows = of_csv("orders")
assert (len(rows), sum(int(row["amount"]) for row in rows)) == expected
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
confirmed = facts["fact"].to_pylist().count("order_confirmed")
states = "SELECT count(*) FROM orders WHERE event_id = ? AND status IN ('confirmed', 'refunded', 'cancelled')"
assert confirmed == of_tables(states)[0], confirmed
print(f"{facts.num_rows} facts, {expected[0]} orders, {sold} seats: the same in DuckDB, pyarrow, CSV and SQL")
