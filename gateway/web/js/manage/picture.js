// Owns the forms of an event's picture and of its organiser's logo: what it looks like now, a file for
// another, words for those who do not see it, and taking it away.
import { action } from '../action.js';
import { send, sendFile } from '../command.js';
import { announce, el, say } from '../dom.js';
import { picture } from '../picture.js';
import { faultsOf, field, markAll } from './fields.js';

const KINDS = ['image/jpeg', 'image/png', 'image/webp'];
/** As the server has it. */
const BYTES_MAX = 8 * 1024 * 1024;

/** What is wrong with a file, if anything. Pure. */
export function fileFault(file) {
  if (!file) return 'Choose a file first.';
  if (!KINDS.includes(file.type)) return 'Choose a JPEG, PNG or WebP picture.';
  return file.size > BYTES_MAX ? 'Choose a file of at most 8 MiB.' : '';
}

/** What each of the two is called, where it is uploaded, and where an event says it. */
const PICTURE = { path: 'picture', of: (event) => event.picture, patch: (picture) => ({ picture }), save: 'Save the picture', sizes: '(min-width: 40rem) 30rem, 90vw', name: 'picture-now',
  none: 'There is none yet: pages show a colour instead.', such: 'Read to those who do not see it, such as "The band on stage".', missing: 'Say in a few words what it shows.' };
export const LOGO = { path: 'logo', of: (event) => event.look?.logo, patch: (logo) => ({ look: { logo } }), save: 'Save the logo', sizes: '15rem', name: 'logo',
  none: 'There is none yet.', such: 'Whose it is, such as "The Town Hall".', missing: 'Say in a few words whose it is.' };

/** { node, update(event) }; `changed()` is called after a change, `guard` notices a session that ended. */
export function picturePart(base, changed, guard, what = PICTURE) {
  const file = field('File', { type: 'file', accept: KINDS.join(','), hint: 'JPEG, PNG or WebP, at most 8 MiB. Where a camera was is not kept.' });
  const alternative = field('What it shows', { maxlength: '512', autocomplete: 'off', hint: what.such });
  const fields = { body: file, alternative };
  const shown = el('div', { class: 'wide' });
  const status = el('p', { class: 'said', role: 'status' });
  let now = null;
  let revision = 0;

  async function done(words) {
    file.set('');
    say(status, words);
    announce(words);
    await changed();
  }
  async function attempted(work) {
    say(status, '');
    try {
      await guard(work);
    } catch (problem) {
      if (problem.status !== 401 && !markAll(fields, faultsOf(problem))) throw problem;
    }
  }
  const save = action(what.save, () => attempted(async () => {
    const words = alternative.value().trim();
    const chosen = file.input.files?.[0];
    // Without a file, only the words of the one there is change.
    const isNew = Boolean(chosen) || !now;
    const faults = { body: isNew ? fileFault(chosen) : '', alternative: words ? '' : what.missing };
    if (markAll(fields, faults)) return;
    if (isNew) await sendFile('PUT', `${base}/${what.path}?alternative=${encodeURIComponent(words)}`, chosen);
    else await send('PATCH', base, { revision, ...what.patch({ alternative: words }) });
    await done('Saved. Pages show it at once.');
  }));
  const remove = action('Take it away', () => attempted(async () => {
    await send('PATCH', base, { revision, ...what.patch(null) });
    alternative.set('');
    await done('Taken away.');
  }), 'secondary');
  return {
    node: el('div', { class: 'stack wide' }, shown, file.node, alternative.node, el('div', { class: 'with-button' }, save, remove), status),
    update(event) {
      revision = event.revision;
      const newest = what.of(event) || null;
      if (newest?.path !== now?.path || !shown.children.length) {
        shown.replaceChildren(newest ? picture(newest, what.sizes, { class: what.name })
          : el('p', { class: 'quiet' }, what.none));
      }
      if (newest?.alternative !== now?.alternative) alternative.set(newest?.alternative || '');
      now = newest;
      remove.hidden = !now;
    },
  };
}
