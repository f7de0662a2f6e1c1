// Owns what a tab, and a browser, remember over reloads. A browser that keeps nothing for this site, as with
// cookies off, throws at the first touch; then it is remembered until the page goes.

function inMemory() {
  const values = new Map();
  return {
    getItem: (name) => values.get(name) ?? null,
    setItem: (name, value) => values.set(name, value),
    removeItem: (name) => values.delete(name),
  };
}

function usable(storage) {
  try {
    storage().removeItem('fg-probe');
    return storage();
  } catch {
    return inMemory();
  }
}

export const session = usable(() => sessionStorage);
export const local = usable(() => localStorage);
