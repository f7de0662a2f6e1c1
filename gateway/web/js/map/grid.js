// Owns finding the seat under a finger: a uniform grid over the plan, built once. Pure.

export class Grid {
  /** About two seats a cell; compact arrays, so that 200,000 seats take 2 MB and 50 ms. */
  constructor({ x, y, count, box, pitch }) {
    this.x = x;
    this.y = y;
    this.box = box;
    this.cell = Math.max(pitch * 1.5, Math.sqrt((box.w * box.h) / 400000));
    this.columns = Math.max(1, Math.ceil(box.w / this.cell));
    this.rows = Math.max(1, Math.ceil(box.h / this.cell));
    this.starts = new Uint32Array(this.columns * this.rows + 1);
    const cells = new Uint32Array(count);
    for (let seat = 0; seat < count; seat += 1) {
      cells[seat] = this.#cellAt(x[seat], y[seat]);
      this.starts[cells[seat] + 1] += 1;
    }
    for (let at = 1; at < this.starts.length; at += 1) this.starts[at] += this.starts[at - 1];
    const fill = this.starts.slice();
    this.items = new Uint32Array(count);
    for (let seat = 0; seat < count; seat += 1) this.items[fill[cells[seat]]++] = seat;
  }

  #column(x) {
    return Math.min(this.columns - 1, Math.max(0, Math.floor((x - this.box.x) / this.cell)));
  }

  #row(y) {
    return Math.min(this.rows - 1, Math.max(0, Math.floor((y - this.box.y) / this.cell)));
  }

  #cellAt(x, y) {
    return this.#row(y) * this.columns + this.#column(x);
  }

  /** Calls `visit` for each seat in the cells that touch the box. */
  within({ x, y, w, h }, visit) {
    const [left, right] = [this.#column(x), this.#column(x + w)];
    for (let row = this.#row(y); row <= this.#row(y + h); row += 1) {
      const end = this.starts[row * this.columns + right + 1];
      for (let at = this.starts[row * this.columns + left]; at < end; at += 1) {
        visit(this.items[at]);
      }
    }
  }

  /** The seat nearest to a point within `radius` that `accept`s, or -1. */
  nearest(x, y, radius, accept = () => true) {
    let [best, bestSquare] = [-1, radius * radius];
    this.within({ x: x - radius, y: y - radius, w: 2 * radius, h: 2 * radius }, (seat) => {
      const square = (this.x[seat] - x) ** 2 + (this.y[seat] - y) ** 2;
      if (square <= bestSquare && accept(seat)) [best, bestSquare] = [seat, square];
    });
    return best;
  }
}
