// What a chart over time needs of a run of any length: few points, and no extreme lost.

const POINTS_MAX = 300;
const BARS_MAX = 100;

// A small panel has room for fewer.
export const PANEL_POINTS_MAX = 140;

// One line: ticks and values, of which every so often half are left out, never a lowest or highest.
export class Series {
  constructor(most = POINTS_MAX) {
    this.most = most;
    this.ticks = [];
    this.values = [];
  }

  add(tick, value) {
    const last = this.ticks.length - 1;
    if (last >= 0 && this.ticks[last] >= tick) return;
    // A line that stays where it is needs no further point.
    if (last >= 1 && this.values[last] === value && this.values[last - 1] === value) {
      this.ticks[last] = tick;
      return;
    }
    this.ticks.push(tick);
    this.values.push(value);
    if (this.ticks.length >= this.most) this.#thin();
  }

  // Of every four points the lowest and the highest stay, in their order, and the very first.
  #thin() {
    const [ticks, values] = [[], []];
    for (let at = 0; at < this.ticks.length; at += 4) {
      const end = Math.min(at + 4, this.ticks.length);
      let [low, high] = [at, at];
      for (let i = at + 1; i < end; i += 1) {
        if (this.values[i] < this.values[low]) low = i;
        if (this.values[i] >= this.values[high]) high = i;
      }
      const kept = [Math.min(low, high), Math.max(low, high)];
      for (const i of new Set(at === 0 ? [0, ...kept] : kept)) {
        ticks.push(this.ticks[i]);
        values.push(this.values[i]);
      }
    }
    this.ticks = ticks;
    this.values = values;
  }

  // Puts what is known exactly, up to a tick, before what has come since.
  seed(points, end) {
    const later = this.ticks
      .map((tick, at) => [tick, this.values[at]])
      .filter(([tick]) => tick >= end);
    this.ticks = [];
    this.values = [];
    for (const [tick, value] of [...points, ...later]) this.add(tick, value);
  }

  get last() {
    return this.values.at(-1);
  }
}

// The range of many lines: the lowest and the highest of them at each tick.
export class Band {
  constructor() {
    this.points = []; // [tick, low, high]
  }

  add(tick, low, high) {
    if (this.points.length && this.points.at(-1)[0] >= tick) return;
    this.points.push([tick, low, high]);
    if (this.points.length < PANEL_POINTS_MAX) return;
    const kept = [];
    for (let at = 0; at < this.points.length; at += 2) {
      const [one, other = one] = this.points.slice(at, at + 2);
      kept.push([one[0], Math.min(one[1], other[1]), Math.max(one[2], other[2])]);
    }
    this.points = kept;
  }

  seed(points, end) {
    const later = this.points.filter(([tick]) => tick >= end);
    this.points = [];
    for (const point of [...points, ...later]) this.add(...point);
  }
}

// Amounts by cause in stretches of ticks, which grow by doubling so that there are never many.
export class Bars {
  constructor(count) {
    this.count = count;
    this.clear();
  }

  clear() {
    this.width = 1;
    this.bars = new Map();
    this.end = 0;
  }

  // Spreads amounts evenly over the ticks from `start` up to `end`, which is not among them.
  add(start, end, amounts) {
    this.end = Math.max(this.end, end);
    while (Math.ceil(this.end / this.width) - this.#first(start) > BARS_MAX) this.#double();
    if (!(end > start) || !amounts.some((amount) => amount > 0)) return;
    for (let at = Math.floor(start / this.width); at * this.width < end; at += 1) {
      const from = Math.max(start, at * this.width);
      const part = (Math.min(end, (at + 1) * this.width) - from) / (end - start);
      const bar = this.#bar(at);
      amounts.forEach((amount, cause) => {
        bar[cause] += amount * part;
      });
    }
  }

  // The bars in stretches of at least a width, in order: [start, end, amounts].
  rows(width = this.width) {
    const found = new Map();
    for (const [at, amounts] of this.bars) {
      const start = Math.floor((at * this.width) / width) * width;
      const row = found.get(start) ?? new Array(this.count).fill(0);
      amounts.forEach((amount, cause) => {
        row[cause] += amount;
      });
      found.set(start, row);
    }
    const rows = [...found].sort((a, b) => a[0] - b[0]);
    return rows.map(([start, amounts]) => [start, Math.min(start + width, this.end), amounts]);
  }

  #first(start) {
    let first = Math.floor(start / this.width);
    for (const at of this.bars.keys()) first = Math.min(first, at);
    return first;
  }

  #bar(at) {
    if (!this.bars.has(at)) this.bars.set(at, new Array(this.count).fill(0));
    return this.bars.get(at);
  }

  #double() {
    const old = this.bars;
    this.width *= 2;
    this.bars = new Map();
    for (const [at, amounts] of old) {
      const bar = this.#bar(Math.floor(at / 2));
      amounts.forEach((amount, cause) => {
        bar[cause] += amount;
      });
    }
  }
}
