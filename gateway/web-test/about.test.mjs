// What the page says of an event: zones, doors, and what is left out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage } from './dom.mjs';

const { about, inZones } = await import('../web/js/about.js');
const { choices, picture } = await import('../web/js/picture.js');
const { fileFault } = await import('../web/js/manage/picture.js');

const words = (nodes) => nodes.map((node) => node.textContent);

test('an instant is said on both clocks only where they differ', () => {
  const at = '2037-06-01T18:00:00Z';
  const { there, here } = inZones(at, 'Europe/Berlin', 'America/New_York');
  assert.match(there, /8:00/u);
  assert.match(here, /2:00/u);
  // Another name of the same time says nothing new.
  assert.equal(inZones(at, 'Europe/Berlin', 'Europe/Madrid').here, '');
  // On the night the clocks change, each zone has its own.
  const winter = inZones('2026-10-25T00:30:00Z', 'Europe/Berlin', 'UTC');
  assert.match(winter.there, /0?2:30/u);
  assert.match(winter.here, /12:30|00:30/u);
  assert.match(inZones(at, 'Mars/Olympus', 'UTC').there, /UTC/u, 'an unknown zone is said to be UTC');
});

test('only what is known is said', () => {
  stage();
  assert.deepEqual(about({ event_id: 'evt_1', name: 'An evening', venue_name: '' }), []);
  const all = about({
    event_id: 'evt_1', name: 'An evening', artist: 'The Examples', time_zone: 'Europe/Berlin',
    starts_at: '2037-06-01T18:00:00Z', doors_at: '2037-06-01T17:00:00Z', venue_name: 'Town Hall',
    venue_address: '1 Market Square\n12345 Town', age_min: 6, description: 'Two lines\nof words',
  });
  const [artist, when, where, age, what, calendar] = words(all);
  assert.equal(artist, 'The Examples');
  assert.match(when, /doors.*7:00/u);
  assert.equal(where, 'Town Hall, 1 Market Square, 12345 Town');
  assert.equal(age, 'From 6 years');
  assert.equal(what, 'Two lines\nof words');
  assert.equal(calendar, 'Add to your calendar');
});

test('a browser chooses among the widths there are, and keeps room for a picture before it comes', () => {
  stage();
  const large = { path: '/pictures/0a-1920', width: 1920, height: 1080, alternative: 'The band' };
  assert.deepEqual(choices(large), { src: '/pictures/0a-960',
    srcset: '/pictures/0a-480 480w, /pictures/0a-960 960w, /pictures/0a-1920 1920w' });
  assert.equal(choices({ ...large, width: 700 }).srcset, '/pictures/0a-480 480w, /pictures/0a-960 700w');
  assert.deepEqual(choices({ ...large, width: 300 }), { src: '/pictures/0a-480', srcset: '/pictures/0a-480 300w' });
  const { attributes } = picture(large, '100vw');
  assert.deepEqual([attributes.alt, attributes.width, attributes.height], ['The band', '1920', '1080']);
});

test('a file that no server would take is not sent', () => {
  assert.match(fileFault(undefined), /Choose a file/u);
  assert.match(fileFault({ type: 'image/svg+xml', size: 9 }), /JPEG, PNG or WebP/u);
  assert.match(fileFault({ type: 'image/png', size: 9 * 1024 * 1024 }), /8 MiB/u);
  assert.equal(fileFault({ type: 'image/png', size: 9 }), '');
});
