"""Reads a public topic, checks every record against its schema, and sees each position once.

    python3 -m venv venv && venv/bin/pip install confluent-kafka==2.16.1 jsonschema==4.26.0
    venv/bin/python docs/consumers/consumer.py --brokers 127.0.0.1:19092 --topic floodgate.facts.v1

Ends at the end of the topic, and prints one JSON line with what it saw. `--twice` reads everything a
second time, as after a lost commit: nothing may be new then.
"""
import argparse
import json
import pathlib
import sys

from confluent_kafka import Consumer, KafkaError, TopicPartition
from jsonschema import Draft202012Validator

SCHEMAS = pathlib.Path(__file__).resolve().parents[1] / "schemas"


def position_of(body, headers):
    """The position of a record; counts carry theirs as as_of, one for many records, audience
    cells only have a name, and a record without a value has its position only in its id."""
    if body is None:
        partition, offset, index = map(int, headers["ce_id"].split("-")[:3])
        return partition, (offset, index)
    nowhere = {"partition": 0, "offset": 0, "index": 0}
    place = body.get("position") or body.get("as_of") or nowhere
    return place["partition"], (place["offset"], place["index"])


def read(arguments, validator, last, seen):
    """Reads every partition to its end; `last` keeps the greatest position of each."""
    consumer = Consumer({
        "bootstrap.servers": arguments.brokers, "group.id": "example-reader",
        "enable.auto.commit": False, "enable.partition.eof": True, "auto.offset.reset": "earliest",
    })
    topic = arguments.prefix + arguments.topic
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    left = set(partitions)
    while left:
        message = consumer.poll(10)
        if message is None:
            sys.exit("the broker said nothing for ten seconds")
        if message.error():
            if message.error().code() != KafkaError._PARTITION_EOF:
                sys.exit(str(message.error()))
            left.discard(message.partition())
            continue
        headers = {name: value.decode() for name, value in message.headers()}
        # No value: the key is to be forgotten. Whoever keeps counts drops them here.
        body = None if message.value() is None else json.loads(message.value())
        if body is not None:
            validator.validate(body)
        seen["delivered"] += 1
        # A fact has a place of its own; of the same place there may be several counts or messages.
        partition, position = position_of(body, headers)
        is_fact = body is not None and "fact" in body
        key = (partition, "" if is_fact else headers["ce_id"] + message.key().decode())
        if position > last.get(key, (-1, -1)):
            last[key] = position
            seen["new"] += 1
            kind = headers["ce_type"]
            seen["types"][kind] = seen["types"].get(kind, 0) + 1
    consumer.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--brokers", default="127.0.0.1:19092")
    parser.add_argument("--topic", default="floodgate.facts.v1")
    parser.add_argument("--prefix", default="", help="kafka.prefix of the installation")
    parser.add_argument("--twice", action="store_true")
    arguments = parser.parse_args()
    schema = json.loads((SCHEMAS / f"{arguments.topic}.json").read_text())
    validator = Draft202012Validator(schema)
    last, seen = {}, {"delivered": 0, "new": 0, "types": {}}
    read(arguments, validator, last, seen)
    if arguments.twice:
        before = seen["new"]
        read(arguments, validator, last, seen)
        if seen["new"] != before:
            sys.exit("something was new in the second delivery")
    print(json.dumps({"client": "python", "topic": arguments.topic, **seen}))


main()
