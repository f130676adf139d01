"use strict";

// A canvas as large as its place, in CSS pixels whatever the screen's are.
class Surface {
  constructor(place, onResize) {
    this.canvas = place.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    new ResizeObserver(([entry]) => {
      this.width = Math.max(1, entry.contentRect.width);
      this.height = Math.max(1, entry.contentRect.height);
      const scale = window.devicePixelRatio || 1;
      this.canvas.width = Math.round(this.width * scale);
      this.canvas.height = Math.round(this.height * scale);
      this.context.setTransform(scale, 0, 0, scale, 0, 0);
      onResize();
    }).observe(place);
    this.width = place.clientWidth;
    this.height = place.clientHeight;
  }
}

// The page's colours, which change with the scheme.
const colours = {
  read() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["ink", "soft", "line", "bad", "warn", "overlap",
      "customer", "customer-wave", "customer-tint", "customer-lit",
      "support", "support-wave", "support-tint", "support-lit"]) {
      this[name] = style.getPropertyValue(`--${name}`).trim();
    }
    this.font = style.getPropertyValue("--sans").trim();
  },
};

// A waveform between `top` and `bottom`, about `middle`.
function fillWave(context, columns, gain, x, middle, up, down) {
  context.beginPath();
  context.moveTo(x, middle);
  for (let i = 0; i < columns.length; i++) context.lineTo(x + i + 0.5, middle - Math.max(0.4, columns[i] * gain * up));
  context.lineTo(x + columns.length, middle);
  for (let i = columns.length - 1; i >= 0; i--) context.lineTo(x + i + 0.5, middle + Math.max(0.4, columns[i] * gain * down));
  context.closePath();
  context.fill();
}

function clock(seconds, digits = 0) {
  const whole = Math.max(0, digits ? seconds : Math.floor(seconds));
  const minutes = Math.floor(whole / 60);
  const rest = (digits ? (Math.floor((whole % 60) * 10) / 10).toFixed(1) : String(whole % 60)).padStart(digits ? 4 : 2, "0");
  return minutes >= 60
    ? `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`
    : `${minutes}:${rest}`;
}
