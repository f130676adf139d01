"use strict";

// How values are spread: all of them in grey, those shown in colour. A click on a bar takes it as
// the range to show.
const BINS = 24, WIDE = 192, HIGH = 56, FOOT = 16;

class Histogram {
  constructor(place, values, { format, onRange }) {
    const known = values.filter((value) => value !== null).sort((a, b) => a - b);
    Object.assign(this, { place, format, onRange });
    this.low = known[0] ?? 0;
    // What lies far out goes into the last bar.
    const high = known[Math.floor(known.length * 0.99)] ?? 1;
    this.step = (high - this.low) / BINS || 1;
    this.highest = known.at(-1) ?? 1;
    this.all = this.counts(known);
    this.most = Math.max(1, ...this.all);
  }

  bin(value) { return Math.min(BINS - 1, Math.floor((value - this.low) / this.step + 1e-9)); }

  counts(values) {
    const counts = new Array(BINS).fill(0);
    for (const value of values) if (value !== null) counts[this.bin(value)]++;
    return counts;
  }

  draw(values) {
    const known = values.filter((value) => value !== null).sort((a, b) => a - b);
    const shown = this.counts(known);
    const middle = known[known.length >> 1];
    const wide = WIDE / BINS;
    const scale = (count) => (count ? Math.max(1.5, (count / this.most) * HIGH) : 0);
    const svg = element("svg", { viewBox: `0 0 ${WIDE} ${HIGH + FOOT}`, role: "img" });
    const median = known.length ? `median ${this.format(middle)}` : "no values";
    svg.append(element("title", {}, `${known.length} values, ${median}`));
    for (let i = 0; i < BINS; i++) {
      for (const [name, counts] of [["all", this.all], ["shown", shown]]) {
        const high = scale(counts[i]);
        svg.append(element("rect", { class: name, x: i * wide + 0.5, y: HIGH - high, width: wide - 1, height: high, rx: 1 }));
      }
      const from = this.low + i * this.step;
      const to = i === BINS - 1 ? this.highest : from + this.step;
      const reach = element("rect", { class: "reach", x: i * wide, y: 0, width: wide, height: HIGH });
      reach.append(element("title", {}, `${this.format(from)} to ${this.format(to)}: ${shown[i]} of ${this.all[i]}`));
      reach.addEventListener("click", () => this.onRange(from, to));
      svg.append(reach);
    }
    svg.append(element("line", { x1: 0, x2: WIDE, y1: HIGH + 0.5, y2: HIGH + 0.5 }));
    const foot = HIGH + FOOT - 3;
    svg.append(element("text", { x: 0, y: foot }, this.format(this.low)));
    svg.append(element("text", { x: WIDE / 2, y: foot, "text-anchor": "middle" }, median));
    svg.append(element("text", { x: WIDE, y: foot, "text-anchor": "end" }, this.format(this.highest)));
    this.place.replaceChildren(svg);
  }
}

function element(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
