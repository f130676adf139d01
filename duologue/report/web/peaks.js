"use strict";

// The peaks of one side, at ever coarser resolutions, so that any stretch is drawn from a few
// values per pixel.
class Peaks {
  constructor(base64, frame) {
    const finest = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    this.frame = frame;
    this.levels = [finest];
    while (this.levels.at(-1).length > 2) this.levels.push(halved(this.levels.at(-1)));
    this.highest = Math.max(1, this.levels.at(-1).reduce((a, b) => Math.max(a, b), 0));
  }

  // The highest peak of each of `width` columns from second `start` on, 0 to 255.
  columns(start, perColumn, width) {
    const wanted = perColumn / this.frame;
    const depth = Math.max(0, Math.min(this.levels.length - 1, Math.floor(Math.log2(wanted))));
    const level = this.levels[depth];
    const frame = this.frame * 2 ** depth;
    const columns = new Uint8Array(width);
    for (let x = 0; x < width; x++) {
      const from = Math.max(0, Math.floor((start + x * perColumn) / frame));
      const to = Math.min(level.length, Math.max(from + 1, Math.ceil((start + (x + 1) * perColumn) / frame)));
      let highest = 0;
      for (let i = from; i < to; i++) if (level[i] > highest) highest = level[i];
      columns[x] = highest;
    }
    return columns;
  }
}

function halved(values) {
  const half = new Uint8Array(Math.ceil(values.length / 2));
  for (let i = 0; i < half.length; i++) half[i] = Math.max(values[2 * i], values[2 * i + 1] ?? 0);
  return half;
}
