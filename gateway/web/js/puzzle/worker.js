// Owns the search beside the page: solves the parts it is given, one message a part.
import { digest, firstFit } from './hash.js';

self.onmessage = ({ data: { challenge, bits, parts } }) => {
  const seed = digest(challenge);
  for (const part of parts) self.postMessage({ part, number: firstFit(seed, part, bits) });
};
