"""Reads what orders of products were given, in three ways, and compares it row by row with what the API, the webhook and
the topic said. `cargo test` bought and fetched it; see tests/http/market.rs."""
import csv
import datetime
import glob
import json
import sys

import duckdb
import pyarrow.parquet

folder = sys.argv[1]


def text(value):
    """A cell as text, whoever read it: times as the API writes them, what is not there as nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime):
        at = value.astimezone(datetime.timezone.utc) if value.tzinfo else value.replace(tzinfo=datetime.timezone.utc)
        return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
    return str(value)


def of_arrow(file):
    table = pyarrow.parquet.read_table(file)
    return table.column_names, [tuple(map(text, row.values())) for row in table.to_pylist()]


def of_duckdb(source):
    read = duckdb.sql(f"SELECT * FROM {source}")
    return read.columns, [tuple(map(text, row)) for row in read.fetchall()]


def of_csv(file):
    with open(file, newline="", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))
    # A text that a spreadsheet would take for a formula has an apostrophe before it.
    plain = [tuple(cell[1:] if cell[:2] in ("'=", "'+", "'-", "'@") else cell for cell in row) for row in rows[1:]]
    return rows[0], plain


orders, rows_read, said = 0, 0, 0
for parquet in sorted(glob.glob(f"{folder}/*.parquet")):
    stem = parquet.removesuffix(".parquet")
    names, rows = of_arrow(parquet)
    assert rows and len(rows) == len(set(rows)), stem
    assert of_duckdb(f"'{parquet}'") == (list(names), rows), stem
    assert of_csv(f"{stem}.csv") == (list(names), rows), stem
    in_csv = of_duckdb(f"read_csv('{stem}.csv', all_varchar = true, header = true)")
    plain = [tuple(cell[1:] if cell[:2] in ("'=", "'+", "'-", "'@") else cell for cell in row) for row in in_csv[1]]
    assert (in_csv[0], plain) == (list(names), rows), stem
    for way in ("api", "webhook", "topic"):
        try:
            with open(f"{stem}.{way}.json", encoding="utf-8") as file:
                records = json.load(file)
        except FileNotFoundError:
            continue
        assert [tuple(text(record.get(name)) for name in names) for record in records] == rows, (stem, way)
        said += 1
    orders, rows_read = orders + 1, rows_read + len(rows)
assert orders >= 4 and said >= 5, (orders, said)
print(f"{orders} orders of products, {rows_read} rows: the same in pyarrow, DuckDB, CSV, the API, the webhook and the topic")
