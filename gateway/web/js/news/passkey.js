// Owns passkeys in the browser: one is made, or signs in. Bytes travel as base64url. What the browser
// itself refuses or its person calls off is said in our words.
import { Problem } from '../api.js';
import { send } from '../command.js';
import { t } from '../further.js';
import { languageOf, zoneHere } from './words.js';

export const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')),
  (character) => character.charCodeAt(0));
export const toText = (buffer) => btoa(Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join(''))
  .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

/** Whether this browser can have any. */
export const hasPasskeys = () => Boolean(globalThis.PublicKeyCredential && navigator.credentials);

const FAILED = {
  NotAllowedError: t`Nothing was chosen. Press the button again, or take another way.`,
  InvalidStateError: t`This device has a passkey for this site already.`,
  SecurityError: t`This address is not the one passkeys are for. Open the site by its usual address.`,
};
/** Asks the browser; a no becomes a problem with words of ours. */
async function asked(work) {
  try {
    return await work();
  } catch (error) {
    throw new Problem(0, { code: 'passkey', retry: 'no',
      detail: FAILED[error?.name] || t`This browser could not use a passkey. Take another way.` });
  }
}

/** Makes a passkey for the person of this browser. */
export async function makePasskey() {
  const { challenge, host, user_handle: handle, known } = await send('POST', '/v1/me/passkeys/options', {});
  const made = await asked(() => navigator.credentials.create({ publicKey: {
    challenge: toBytes(challenge), rp: { id: host, name: 'Floodgate' },
    user: { id: toBytes(handle), name: `Tickets at ${host}`, displayName: t`Tickets at ${host}` },
    pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials: known.map((id) => ({ type: 'public-key', id: toBytes(id) })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    attestation: 'none', timeout: 240000,
  } }));
  await send('POST', '/v1/me/passkeys', { client_data: toText(made.response.clientDataJSON),
    attestation: toText(made.response.attestationObject), language: languageOf(), time_zone: zoneHere() });
}

/** Signs this browser in with a passkey of its person's choice. */
export async function usePasskey() {
  const { challenge, host } = await send('POST', '/v1/sign-in/passkey/options', {});
  const { rawId, response } = await asked(() => navigator.credentials.get({ publicKey: {
    challenge: toBytes(challenge), rpId: host, userVerification: 'required', timeout: 240000,
  } }));
  await send('POST', '/v1/sign-in/passkey', { credential: toText(rawId),
    client_data: toText(response.clientDataJSON), authenticator_data: toText(response.authenticatorData),
    signature: toText(response.signature) });
}
