"""The windows of a sale, counted a second time by Apache Flink from the public facts alone.

usage: count.py FACTS WINDOWS
FACTS and WINDOWS are files with one value of floodgate.facts.v1 and floodgate.windows.v1 a line, as kcat
prints them. Flink reads the facts as a stream, puts them into tumbling windows of ten seconds by their
time in the log, and counts. Each window must be what the topic says of it, last. Prints JSON; ends with 1
where a number differs.
"""
import json
import sys
import time

from pyflink.table import EnvironmentSettings, TableEnvironment

facts, windows = sys.argv[1:]
said = {}
for line in open(windows, encoding="utf-8"):
    if line.strip():
        record = json.loads(line)
        said[record["event_id"], record["begins_at"][:19]] = record["window"]

flink = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
flink.get_config().set("parallelism.default", "1")
flink.get_config().set("table.local-time-zone", "UTC")
flink.execute_sql(f"""
    CREATE TABLE facts (
        event_id STRING, fact STRING, seats ARRAY<INT>, amount BIGINT,
        `at` TIMESTAMP_LTZ(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
    ) WITH ('connector' = 'filesystem', 'path' = '{facts}', 'format' = 'json',
            'json.timestamp-format.standard' = 'ISO-8601')""")
COUNTS = {
    "entered": "COUNT(*) FILTER (WHERE fact = 'entered')",
    "left": "COUNT(*) FILTER (WHERE fact = 'shopper_left')",
    "holds": "COUNT(*) FILTER (WHERE fact = 'seats_held')",
    "released": "COUNT(*) FILTER (WHERE fact = 'hold_released')",
    "attempts": "COUNT(*) FILTER (WHERE fact = 'purchase_started')",
    "declined": "COUNT(*) FILTER (WHERE fact = 'order_declined')",
    "confirmed": "COUNT(*) FILTER (WHERE fact = 'order_confirmed')",
    "settled": "COUNT(*) FILTER (WHERE fact = 'order_settled')",
    "seats_held": "COALESCE(SUM(CARDINALITY(seats)) FILTER (WHERE fact = 'seats_held'), 0)",
    "seats_sold": "COALESCE(SUM(CARDINALITY(seats)) FILTER (WHERE fact = 'order_confirmed'), 0)",
    "gross": "COALESCE(SUM(amount) FILTER (WHERE fact = 'order_confirmed'), 0)",
}
numbers = ", ".join(f"{how} AS `{name}`" for name, how in COUNTS.items())
started = time.monotonic()
rows = flink.execute_sql(f"""
    SELECT event_id, DATE_FORMAT(window_start, 'yyyy-MM-dd''T''HH:mm:ss') AS begins_at, {numbers}
    FROM TABLE(TUMBLE(TABLE facts, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
    GROUP BY event_id, window_start, window_end""").collect()
counted = {(row[0], row[1]): dict(zip(COUNTS, row[2:])) for row in rows}
took = time.monotonic() - started

differences = []
for key in sorted(said.keys() | counted.keys()):
    for name in COUNTS:
        ours, theirs = said.get(key, {}).get(name, 0), counted.get(key, {}).get(name, 0)
        if ours != theirs:
            differences.append({"event_id": key[0], "begins_at": key[1], "number": name, "topic": ours, "flink": theirs})
print(json.dumps({"windows": len(said), "windows_in_flink": len(counted), "numbers": list(COUNTS),
                  "differences": differences, "flink_seconds": round(took, 1)}))
sys.exit(1 if differences or not said else 0)
