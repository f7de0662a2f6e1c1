// Owns a document that is just large enough for the pages' own parts: elements, text, presses.
// It checks nothing of what a browser checks; the browser walk does that.

class FakeElement {
  constructor(tag) {
    Object.assign(this, { tag, attributes: {}, children: [], listeners: {}, hidden: false, value: '',
      checked: false, focused: 0, style: { setProperty() {} } });
    const classes = new Set();
    this.classList = { add: (name) => classes.add(name), remove: (name) => classes.delete(name),
      contains: (name) => classes.has(name) };
  }

  setAttribute(name, value) { this.attributes[name] = String(value); }

  getAttribute(name) { return this.attributes[name] ?? null; }

  removeAttribute(name) { delete this.attributes[name]; }

  append(...nodes) { this.children.push(...nodes); }

  querySelector() { return null; }

  prepend(...nodes) { this.children.unshift(...nodes); }

  replaceChildren(...nodes) { this.children = nodes; }

  addEventListener(name, listener) { this.listeners[name] = listener; }

  insertAdjacentElement(where, node) { this.after = node; }

  remove() {}

  focus() { this.focused += 1; }

  get nextElementSibling() { return null; }

  get textContent() {
    return this.children.map((child) => child?.textContent ?? String(child)).join('');
  }

  set textContent(text) { this.children = text ? [text] : []; }

  /** Every element in it, itself included. */
  all() {
    return [this, ...this.children.flatMap((child) => (child instanceof FakeElement ? child.all() : []))];
  }

  contains(node) { return this.all().includes(node); }

  find(wanted) { return this.all().find(wanted); }

  /** Presses it and lets everything that follows settle. */
  press() { return this.hears('click', {}); }

  /** Hands it an event and lets everything that follows settle. */
  async hears(name, happened = {}) {
    this.listeners[name]?.({ preventDefault() {}, ...happened });
    await settled();
  }
}

/** Lets what was begun come to its end. */
export async function settled() {
  for (let turn = 0; turn < 40; turn += 1) await new Promise((done) => { setImmediate(done); });
}

export const byId = (node, id) => node.find((one) => one.attributes.id === id);
export const button = (node, label) => node.find((one) => one.tag === 'button' && one.textContent === label);

/** Storage in memory; `fails` makes every use throw, as private windows may. */
function storage(fails) {
  const values = new Map();
  const guarded = (use) => (...given) => {
    if (fails) throw new Error('storage is closed');
    return use(...given);
  };
  return { getItem: guarded((name) => values.get(name) ?? null),
    setItem: guarded((name, value) => values.set(name, value)),
    removeItem: guarded((name) => values.delete(name)) };
}

const HOST = 'https://shop.example';

/**
 * Puts a fresh document and a server in place. `answers` maps `METHOD path` to a status and body;
 * returns what was asked of the server.
 */
export function stage(answers = {}, { closed = false } = {}) {
  const calls = [];
  globalThis.document = { createElement: (tag) => new FakeElement(tag), getElementById: () => null,
    querySelector: () => null, head: new FakeElement('head'), addEventListener() {} };
  globalThis.location = new URL(`${HOST}/`);
  globalThis.addEventListener = () => {};
  globalThis.scrollTo = () => {};
  globalThis.sessionStorage = storage(false);
  globalThis.localStorage = storage(closed);
  globalThis.fetch = async (path, { method, body }) => {
    calls.push({ method, path, body: body ? JSON.parse(body) : undefined });
    const [status, value] = answers[`${method} ${path}`] || [200, { status: 'done' }];
    return new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });
  };
  return calls;
}
