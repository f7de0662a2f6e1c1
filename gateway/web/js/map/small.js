// Owns the small map of everything, with a frame around what the large one shows; a press on it goes there.
import { el } from '../dom.js';
import { css, mix } from './marks.js';

const HEIGHT = 60;
const WIDTH_MAX = 110;

/** { node, draw }: `onGo(x, y)` gets a point of the plan. */
export function smallMap(geometry, shapes, onGo) {
  const { box } = geometry;
  const scale = Math.min(HEIGHT / box.h, WIDTH_MAX / box.w);
  const [width, height] = [Math.max(24, Math.round(box.w * scale)), Math.max(24, Math.round(box.h * scale))];
  const canvas = el('canvas', { class: 'map-small', 'aria-hidden': 'true' });
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const pen = canvas.getContext('2d');
  // What does not change while the large map moves is drawn once.
  const under = el('canvas');
  let [drawn, frame] = [null, ''];

  function drawUnder(ratio, colors, looks) {
    for (const one of [canvas, under]) {
      one.width = Math.round(width * ratio);
      one.height = Math.round(height * ratio);
    }
    const below = under.getContext('2d');
    const size = scale * ratio;
    below.setTransform(size, 0, 0, size, -box.x * size, -box.y * size);
    shapes.draw(below, { scale, covered: 1, colors, looks });
    drawn = { ratio, colors, looks };
    frame = '';
  }

  const go = (domEvent) => {
    const at = canvas.getBoundingClientRect();
    onGo(box.x + ((domEvent.clientX - at.left) / at.width) * box.w, box.y + ((domEvent.clientY - at.top) / at.height) * box.h);
  };
  canvas.addEventListener('pointerdown', (domEvent) => {
    canvas.setPointerCapture(domEvent.pointerId);
    go(domEvent);
  });
  canvas.addEventListener('pointermove', (domEvent) => canvas.hasPointerCapture(domEvent.pointerId) && go(domEvent));

  return {
    node: canvas,
    draw(view, ratio, colors, looks) {
      if (drawn?.ratio !== ratio || drawn.colors !== colors || drawn.looks !== looks) drawUnder(ratio, colors, looks);
      const { x, y, w, h } = view.visible;
      const [left, top] = [Math.max(0, (x - box.x) * scale), Math.max(0, (y - box.y) * scale)];
      const rect = [left, top, Math.min(width, (x + w - box.x) * scale) - left, Math.min(height, (y + h - box.y) * scale) - top]
        .map((value) => Math.round(value));
      if (rect.join() === frame) return;
      frame = rect.join();
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(under, 0, 0);
      if (view.isFitted) return;
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.fillStyle = css(mix(colors.ground, colors.ring, 0.5), 0.16);
      pen.fillRect(...rect);
      pen.lineWidth = 2;
      pen.strokeStyle = css(colors.ring);
      pen.strokeRect(rect[0] + 1, rect[1] + 1, Math.max(4, rect[2] - 2), Math.max(4, rect[3] - 2));
    },
  };
}
