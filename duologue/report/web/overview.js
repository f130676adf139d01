"use strict";

// The whole call in a strip: what has been played is in colour. Drawn once, shown many times.
class Overview {
  constructor(place, data, peaks, { onSeek, onResize }) {
    Object.assign(this, { place, data, peaks });
    this.surface = new Surface(place, () => { this.picture = null; onResize(); });
    const seek = (event) => {
      const box = place.getBoundingClientRect();
      onSeek(data.duration * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
    };
    place.addEventListener("pointerdown", (event) => { place.setPointerCapture(event.pointerId); seek(event); });
    place.addEventListener("pointermove", (event) => { if (event.buttons) seek(event); });
    place.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 10, PageDown: -10 }[event.key];
      const to = { Home: 0, End: data.duration }[event.key] ?? (step && this.time + step);
      if (to === undefined) return;
      event.preventDefault();
      onSeek(to);
    });
  }

  draw(time, view) {
    this.time = time;
    const { context, width, height } = this.surface;
    this.picture ??= this.painted();
    const played = Math.round((time / this.data.duration) * width);
    context.clearRect(0, 0, width, height);
    context.globalAlpha = 0.42;
    context.drawImage(this.picture, 0, 0, width, height);
    context.globalAlpha = 1;
    context.save();
    context.beginPath();
    context.rect(0, 0, played, height);
    context.clip();
    context.drawImage(this.picture, 0, 0, width, height);
    context.restore();
    if (view.span < this.data.duration) {
      const left = (view.start / this.data.duration) * width;
      context.strokeStyle = colours.soft;
      context.lineWidth = 1;
      context.beginPath();
      context.roundRect(left + 0.5, 0.5, Math.max(3, (view.span / this.data.duration) * width - 1), height - 1, 4);
      context.stroke();
    }
    context.fillStyle = colours.ink;
    context.fillRect(played - 0.75, 0, 1.5, height);
    const told = clock(time);
    if (told === this.told) return;
    this.told = told;
    this.place.setAttribute("aria-valuenow", time.toFixed(1));
    this.place.setAttribute("aria-valuetext", `${told} of ${clock(this.data.duration)}`);
  }

  painted() {
    const { width, height, canvas } = this.surface;
    const picture = document.createElement("canvas");
    picture.width = canvas.width;
    picture.height = canvas.height;
    const context = picture.getContext("2d");
    context.scale(canvas.width / width, canvas.height / height);
    const middle = height / 2;
    const columns = Math.ceil(width);
    for (const [role, up] of [["customer", 1], ["support", 0]]) {
      context.fillStyle = colours[`${role}-wave`];
      const gain = (middle - 2) / this.peaks[role].highest;
      fillWave(context, this.peaks[role].columns(0, this.data.duration / width, columns), gain, 0, middle + (up ? -0.5 : 0.5), up, 1 - up);
    }
    return picture;
  }
}
