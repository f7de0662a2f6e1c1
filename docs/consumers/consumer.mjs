// Reads a public topic, checks every record against its schema, and sees each position once.
//
//   npm ci --prefix docs/consumers
//   node docs/consumers/consumer.mjs --brokers 127.0.0.1:19092 --topic floodgate.facts.v1
//
// Ends at the end of the topic, and prints one JSON line with what it saw. --twice reads everything
// a second time, as after a lost commit: nothing may be new then.
import Ajv2020 from 'ajv/dist/2020.js';
import kafkajs from 'kafkajs';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: {
  brokers: { type: 'string', default: '127.0.0.1:19092' },
  topic: { type: 'string', default: 'floodgate.facts.v1' },
  prefix: { type: 'string', default: '' },
  twice: { type: 'boolean', default: false },
} });
const schema = JSON.parse(readFileSync(new URL(`../schemas/${values.topic}.json`, import.meta.url)));
// The formats are those of Rust's numbers; JSON Schema needs none of them.
const validate = new Ajv2020({ validateFormats: false, strict: false }).compile(schema);
const kafka = new kafkajs.Kafka({ brokers: values.brokers.split(','), logLevel: kafkajs.logLevel.ERROR });
const topic = values.prefix + values.topic;
const last = new Map();
const seen = { delivered: 0, new: 0, types: {} };

/** The position of a record, as comparable numbers. Cells only have a name, and a record without a
 * value has its position only in its id. */
function positionOf(body, id) {
  const [partition, offset, index] = body ? [0, 0, 0] : id.split('-').map(Number);
  const place = body?.position || body?.as_of || { partition, offset, index };
  return [place.partition, place.offset * 65536 + place.index];
}

/** The partition of a key: Kafka's own function, of what comes before the first slash. */
const partitioner = kafkajs.Partitioners.DefaultPartitioner();
function partitionOf(key, partitions) {
  const event = key.split('/')[0];
  return partitioner({ topic, partitionMetadata: partitions, message: { key: event } });
}

function take(message) {
  // No value: the key is to be forgotten. Whoever keeps counts drops them here.
  const body = message.value === null ? null : JSON.parse(message.value.toString());
  if (body && !validate(body)) throw new Error(`offset ${message.offset}: ${JSON.stringify(validate.errors)}`);
  seen.delivered += 1;
  const [partition, position] = positionOf(body, message.headers.ce_id.toString());
  const name = body?.fact ? '' : `${message.headers.ce_id}${message.key}`;
  const key = `${partition} ${name}`;
  if (position <= (last.get(key) ?? -1)) return;
  last.set(key, position);
  seen.new += 1;
  const type = message.headers.ce_type.toString();
  seen.types[type] = (seen.types[type] || 0) + 1;
}

async function read() {
  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map((one) => [one.partition, Number(one.high)]));
  const partitions = [...ends.keys()].map((partitionId) => ({ partitionId, leader: 0 }));
  await admin.disconnect();
  const left = new Set([...ends].filter(([, end]) => end > 0).map(([partition]) => partition));
  if (left.size === 0) return;
  const consumer = kafka.consumer({ groupId: `example-${Math.random()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise((resolve, reject) => {
    consumer.run({ autoCommit: false, eachMessage: async ({ partition, message }) => {
      try {
        const own = partitionOf(message.key.toString(), partitions);
        if (own !== partition) throw new Error(`${message.key} is in ${partition}, and not in ${own}`);
        if (Number(message.offset) < ends.get(partition)) take(message);
      } catch (error) { reject(error); }
      if (Number(message.offset) + 1 >= ends.get(partition)) left.delete(partition);
      if (left.size === 0) resolve();
    } }).catch(reject);
  });
  await consumer.disconnect();
}

await read();
if (values.twice) {
  const before = seen.new;
  await read();
  if (seen.new !== before) throw new Error('something was new in the second delivery');
}
console.log(JSON.stringify({ client: 'javascript', topic: values.topic, ...seen }));
