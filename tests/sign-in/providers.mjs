// Owns two providers of identities that are not ours: panva's oidc-provider, certified by the OpenID
// Foundation. They differ in what they may differ in: the way tokens are signed, where claims are, how
// a client shows who it is.
import { generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import { Provider } from 'oidc-provider';

const key = (kind, options, kid, alg) => ({ ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' });

/** Who there is: a name is what somebody types; a password is not looked at. */
const PEOPLE = {
  olga: { groups: ['everybody', 'tickets-operators'] },
  adam: { groups: ['everybody'] },
  ada: { email: 'ada@example.org', email_verified: true },
  eve: { email: 'eve@example.org', email_verified: false },
};

/** A provider on a free port; { issuer, close }. `redirect` is where it may send people back. */
export async function provider({ redirect, alg, method, claimsInToken }) {
  const server = http.createServer();
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  const issuer = `http://localhost:${server.address().port}`;
  const made = new Provider(issuer, {
    clients: [{ client_id: 'floodgate', redirect_uris: [redirect], id_token_signed_response_alg: alg,
      token_endpoint_auth_method: method, ...(method === 'none' ? {} : { client_secret: 'a secret: with % + & =' }) }],
    jwks: { keys: [key('rsa', { modulusLength: 2048 }, 'r', 'RS256'), key('ec', { namedCurve: 'P-256' }, 'e', 'ES256')] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups'] },
    scopes: ['openid', 'email', 'groups'],
    conformIdTokenClaims: !claimsInToken,
    findAccount: (_, name) => ({ accountId: name, claims: () => ({ sub: name, ...PEOPLE[name] }) }),
    cookies: { keys: ['a test'] },
    pkce: { required: () => true },
  });
  server.on('request', made.callback());
  return { issuer, close: () => new Promise((done) => { server.closeAllConnections(); server.close(done); }) };
}
