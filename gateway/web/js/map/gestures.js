// Owns fingers, mouse, wheel and keys on the map: turns them into pan, zoom and tap.

const TAP_PX = 9;
const DOUBLE_TAP_MS = 300;

/** `moves` gets pan(dx, dy), zoom(factor, x, y), tap(x, y, isTouch), hover(x, y), key(name). */
export function gestures(node, moves) {
  const fingers = new Map();
  let travelled = 0;
  let spread = 0;
  let lastTap = { at: 0, x: 0, y: 0 };

  const point = (domEvent) => {
    const box = node.getBoundingClientRect();
    return { x: domEvent.clientX - box.left, y: domEvent.clientY - box.top };
  };
  const between = () => {
    const [a, b] = [...fingers.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, far: Math.hypot(a.x - b.x, a.y - b.y) };
  };

  node.addEventListener('pointerdown', (domEvent) => {
    if (domEvent.button > 0) return;
    fingers.set(domEvent.pointerId, point(domEvent));
    if (fingers.size === 1) travelled = 0;
    if (fingers.size === 2) spread = between().far;
    node.setPointerCapture(domEvent.pointerId);
  });
  node.addEventListener('pointermove', (domEvent) => {
    const at = point(domEvent);
    const was = fingers.get(domEvent.pointerId);
    if (!was) {
      if (domEvent.pointerType === 'mouse') moves.hover(at.x, at.y);
      return;
    }
    travelled += Math.hypot(at.x - was.x, at.y - was.y);
    if (fingers.size === 1) {
      fingers.set(domEvent.pointerId, at);
      if (travelled > TAP_PX) moves.pan(at.x - was.x, at.y - was.y);
    } else if (fingers.size === 2) {
      const before = between();
      fingers.set(domEvent.pointerId, at);
      const after = between();
      moves.pan(after.x - before.x, after.y - before.y);
      if (spread > 0 && before.far > 0) moves.zoom(after.far / before.far, after.x, after.y);
      travelled = Infinity;
    }
  });
  node.addEventListener('pointerup', (domEvent) => {
    const at = point(domEvent);
    if (!fingers.delete(domEvent.pointerId) || travelled > TAP_PX) return;
    const isDouble = domEvent.timeStamp - lastTap.at < DOUBLE_TAP_MS
      && Math.hypot(at.x - lastTap.x, at.y - lastTap.y) < 24;
    lastTap = { at: isDouble ? 0 : domEvent.timeStamp, ...at };
    if (isDouble) moves.doubleTap(at.x, at.y);
    else moves.tap(at.x, at.y, domEvent.pointerType !== 'mouse');
  });
  for (const name of ['pointercancel', 'lostpointercapture']) {
    node.addEventListener(name, (domEvent) => fingers.delete(domEvent.pointerId));
  }
  node.addEventListener('pointerleave', () => moves.hover(-1, -1));
  node.addEventListener('wheel', (domEvent) => {
    domEvent.preventDefault();
    const { x, y } = point(domEvent);
    const lines = domEvent.deltaMode === 1 ? 16 : 1;
    moves.zoom(Math.exp(-Math.max(-240, Math.min(240, domEvent.deltaY * lines)) / 320), x, y);
  }, { passive: false });
  node.addEventListener('keydown', (domEvent) => {
    if (domEvent.ctrlKey || domEvent.metaKey || domEvent.altKey) return;
    const far = 60;
    const steps = {
      ArrowLeft: () => moves.pan(far, 0), ArrowRight: () => moves.pan(-far, 0),
      ArrowUp: () => moves.pan(0, far), ArrowDown: () => moves.pan(0, -far),
      '+': () => moves.zoom(1.5), '=': () => moves.zoom(1.5), '-': () => moves.zoom(1 / 1.5),
      0: () => moves.fit(), Home: () => moves.fit(),
    };
    if (!steps[domEvent.key]) return;
    domEvent.preventDefault();
    steps[domEvent.key]();
  });
}
