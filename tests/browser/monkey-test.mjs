// Owns the proof that the monkey's properties find faults: each of three is planted in the scripts that the pages load,
// and the monkey has to end with the property that it violates. On the same ways without a fault it ends well.
//
//   node monkey-test.mjs --base http://127.0.0.1:8080 --key-file manager.key --out shots
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values } = parseArgs({ options: { base: text, 'key-file': text, out: text } });
const monkey = fileURLToPath(new URL('./monkey.mjs', import.meta.url));
/** [what is planted, the property that it violates]. */
const FAULTS = [['countdown', 'a countdown ends in a named state'], ['hidden-hold', 'a held seat is reachable'],
  ['no-way-on', 'no state without a way on'], ['nothing', null]];

function run(plant) {
  const given = ['--base', values.base, '--key-file', values['key-file'], '--out', `${values.out}/${plant}`, '--plant', plant];
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [monkey, ...given], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (part) => { said += part; });
    child.on('error', fail);
    child.on('exit', (code) => done({ code, said }));
  });
}

let isFound = true;
// Side by side: each mostly waits for the end of a countdown.
await Promise.all(FAULTS.map(async ([plant, property]) => {
  const { code, said } = await run(plant);
  const is = property ? code === 1 && said.includes(property) : code === 0;
  isFound &&= is;
  console.log(`${plant}: ${is ? (property ? 'found' : 'nothing is found') : `wrong (${code}: ${said.trim()})`}`);
}));
process.exit(isFound ? 0 : 1);
