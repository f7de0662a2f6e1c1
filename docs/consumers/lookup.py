"""Finds the last record of one key, reading one partition alone, with another client: kafka-python.

    python3 -m venv venv && venv/bin/pip install kafka-python==3.0.12
    venv/bin/python docs/consumers/lookup.py --topic floodgate.counts.v1 --key evt_…/section/0

The partition is the one Kafka's default partitioner gives for the key up to its first slash: what
concerns an event lies together. Without `--key` every key of the topic is looked up so, and each must
be found where it is said to be. Prints one JSON line.
"""
import argparse
import json
import sys

from kafka import KafkaConsumer, TopicPartition
from kafka.partitioner.default import murmur2


def partition_of(key, partitions):
    """Where a key of any public topic lies."""
    return (murmur2(key.split("/")[0].encode()) & 0x7FFFFFFF) % partitions


def records(consumer, topic, partitions):
    """Every record of these partitions."""
    for number in partitions:
        partition = TopicPartition(topic, number)
        consumer.assign([partition])
        consumer.seek_to_beginning(partition)
        end = consumer.end_offsets([partition])[partition]
        while consumer.position(partition) < end:
            batches = consumer.poll(timeout_ms=10_000)
            if not batches and consumer.position(partition) < end:
                sys.exit("the broker said nothing for ten seconds")
            for batch in batches.values():
                yield from (record for record in batch if record.offset < end)


def look_up(consumer, topic, key, partitions):
    """The last record of a key, or None."""
    own = records(consumer, topic, [partition_of(key, partitions)])
    found = [record for record in own if record.key.decode() == key]
    return found[-1] if found else None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--brokers", default="127.0.0.1:19092")
    parser.add_argument("--topic", default="floodgate.counts.v1")
    parser.add_argument("--prefix", default="", help="kafka.prefix of the installation")
    parser.add_argument("--key")
    arguments = parser.parse_args()
    topic = arguments.prefix + arguments.topic
    consumer = KafkaConsumer(bootstrap_servers=arguments.brokers, enable_auto_commit=False)
    partitions = len(consumer.partitions_for_topic(topic))
    if arguments.key:
        found = look_up(consumer, topic, arguments.key, partitions)
        if found is None:
            sys.exit(f"no record of {arguments.key}")
        value = None if found.value is None else json.loads(found.value)
        print(json.dumps({"partition": found.partition, "offset": found.offset, "value": value}))
        return
    last = {}
    for record in records(consumer, topic, range(partitions)):
        key, headers = record.key.decode(), dict(record.headers)
        if "ce_partitionkey" in headers and headers["ce_partitionkey"].decode() != key.split("/")[0]:
            sys.exit(f"{key}: ce_partitionkey is {headers['ce_partitionkey']}")
        last[key] = record.partition, record.offset
    for key, place in last.items():
        found = look_up(consumer, topic, key, partitions)
        if found is None or (found.partition, found.offset) != place:
            sys.exit(f"{key} is in {place}, and not where it is said to be")
    keys = sorted(last)
    inner = [key for key in keys if "/" in key]
    print(json.dumps({"topic": arguments.topic, "keys": len(keys), "longer": len(inner),
                      "one": (inner or keys or [None])[0]}))


main()
