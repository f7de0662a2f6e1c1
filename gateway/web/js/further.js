// Owns the words of all that comes after the waiting: they are not needed to wait, so they come later.
import { learn, t } from './language.js';

await learn('further');
export { t };
