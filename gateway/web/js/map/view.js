// Owns what part of the plan is on the screen: scale and shift, with their limits. Pure.
// Screen values are CSS pixels.

export class View {
  constructor(box, pitch) {
    this.box = box;
    this.pitch = pitch;
    this.width = 1;
    this.height = 1;
    /** Zero until the first size is known: then everything is shown. */
    this.scale = 0;
    this.shiftX = 0;
    this.shiftY = 0;
  }

  get scaleMin() {
    return Math.min(this.width / this.box.w, this.height / this.box.h) * 0.94;
  }

  /** A seat is at most about 44 px wide: a finger's width. */
  get scaleMax() {
    return Math.max(44 / this.pitch, this.scaleMin);
  }

  get isFitted() {
    return this.scale <= this.scaleMin * 1.01;
  }

  /** Width of a seat's mark in CSS pixels. */
  get seatPx() {
    return this.pitch * this.scale * 0.82;
  }

  resize(width, height) {
    const wasFitted = this.isFitted;
    const middle = this.toPlan(this.width / 2, this.height / 2);
    this.width = Math.max(1, width);
    this.height = Math.max(1, height);
    if (wasFitted) this.fit();
    else this.centre(middle, this.scale);
  }

  fit(box = this.box) {
    const scale = Math.min(this.width / box.w, this.height / box.h) * 0.94;
    this.centre([box.x + box.w / 2, box.y + box.h / 2], scale);
  }

  centre([x, y], scale = this.scale) {
    this.scale = Math.min(this.scaleMax, Math.max(this.scaleMin, scale));
    this.shiftX = this.width / 2 - x * this.scale;
    this.shiftY = this.height / 2 - y * this.scale;
    this.#keepInside();
  }

  toScreen(x, y) {
    return [x * this.scale + this.shiftX, y * this.scale + this.shiftY];
  }

  toPlan(x, y) {
    return [(x - this.shiftX) / this.scale, (y - this.shiftY) / this.scale];
  }

  /** The plan's part on the screen. */
  get visible() {
    const [x, y] = this.toPlan(0, 0);
    return { x, y, w: this.width / this.scale, h: this.height / this.scale };
  }

  zoomAt(factor, x = this.width / 2, y = this.height / 2) {
    const [planX, planY] = this.toPlan(x, y);
    this.scale = Math.min(this.scaleMax, Math.max(this.scaleMin, this.scale * factor));
    this.shiftX = x - planX * this.scale;
    this.shiftY = y - planY * this.scale;
    this.#keepInside();
  }

  pan(dx, dy) {
    this.shiftX += dx;
    this.shiftY += dy;
    this.#keepInside();
  }

  /** The middle of the screen stays over the plan; a plan that fits stays in the middle. */
  #keepInside() {
    const hold = (shift, size, start, length) => {
      const drawn = length * this.scale;
      if (drawn <= size) return (size - drawn) / 2 - start * this.scale;
      const low = size / 2 - (start + length) * this.scale;
      return Math.min(size / 2 - start * this.scale, Math.max(low, shift));
    };
    this.shiftX = hold(this.shiftX, this.width, this.box.x, this.box.w);
    this.shiftY = hold(this.shiftY, this.height, this.box.y, this.box.h);
  }
}
