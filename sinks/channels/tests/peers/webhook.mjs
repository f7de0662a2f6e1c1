// Checks one webhook with the library of Standard Webhooks (`v1`) and with Node's Ed25519 (`v1a`).
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const { secrets, public: publicKey, headers, body } = JSON.parse(readFileSync(0, 'utf8'));
const takes = (secret) => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
};
const raw = Buffer.from(publicKey.replace('whpk_', ''), 'base64');
const key = createPublicKey({
  key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk',
});
const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
const isSigned = headers['webhook-signature']
  .split(' ')
  .filter((each) => each.startsWith('v1a,'))
  .some((each) => verify(null, signed, key, Buffer.from(each.slice(4), 'base64')));
console.log(JSON.stringify({ v1: secrets.map(takes), v1a: isSigned }));
