"use strict";

// A stretch of the call over one time axis: per side its waveform, turns and words; between them
// gaps and overlaps; below what was done. Only what is visible is looked at.
const AXIS = 22, BAND = 26, LABELS = 24, MOMENTS = 26;
const SHORTEST_S = 1, WORDS_FROM = 45, COMFORTABLE = 165;

class Timeline {
  constructor(place, data, peaks, { audible, onSeek, onResize }) {
    Object.assign(this, { place, data, peaks, audible });
    this.surface = new Surface(place, () => { this.clamp(); onResize(); });
    this.start = 0;
    this.span = Math.min(data.duration, Math.max(3, this.surface.width / COMFORTABLE));
    this.highest = Math.max(...data.roles.map((role) => peaks[role].highest));
    this.byRole = Object.fromEntries(data.roles.map((role) => [role, data.turns.filter((turn) => turn.role === role)]));
    this.followed = true;
    this.listen(onSeek, onResize);
  }

  listen(onSeek, onChange) {
    let grabbed = null;
    this.place.addEventListener("pointerdown", (event) => {
      grabbed = { x: event.clientX, start: this.start, moved: false };
      this.place.setPointerCapture(event.pointerId);
    });
    this.place.addEventListener("pointermove", (event) => {
      if (!grabbed) return;
      const by = event.clientX - grabbed.x;
      grabbed.moved ||= Math.abs(by) > 4;
      if (!grabbed.moved) return;
      this.followed = false;
      this.start = grabbed.start - by / this.scale;
      this.clamp();
      onChange();
    });
    this.place.addEventListener("pointerup", (event) => {
      if (grabbed && !grabbed.moved) onSeek(this.hit(event));
      grabbed = null;
    });
    this.place.addEventListener("pointercancel", () => { grabbed = null; });
    this.place.addEventListener("wheel", (event) => {
      if (event.ctrlKey) {
        event.preventDefault();
        this.zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, this.at(event));
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        this.followed = false;
        this.start += event.deltaX / this.scale;
        this.clamp();
      } else return;
      onChange();
    }, { passive: false });
  }

  get scale() { return this.surface.width / this.span; }

  at(event) { return this.start + (event.clientX - this.place.getBoundingClientRect().left) / this.scale; }

  // A click on a word is its start; elsewhere it is the moment itself.
  hit(event) {
    const at = this.at(event);
    const y = event.clientY - this.place.getBoundingClientRect().top;
    const lanes = this.lanes();
    for (const role of this.data.roles) {
      const { labels } = lanes[role];
      if (y < labels || y >= labels + LABELS) continue;
      const turn = this.byRole[role].find((each) => each.start <= at && at < each.end);
      const word = turn?.words.find((each) => each && each[0] <= at && at < each[1]);
      return word ? word[0] : turn ? turn.start : at;
    }
    return at;
  }

  zoom(factor, around) {
    const span = Math.min(this.data.duration, Math.max(Math.min(SHORTEST_S, this.data.duration), this.span * factor));
    this.start = around - (around - this.start) * (span / this.span);
    this.span = span;
    this.clamp();
  }

  clamp() {
    this.span = Math.min(this.span, this.data.duration);
    this.start = Math.max(0, Math.min(this.start, this.data.duration - this.span));
  }

  // Keeps the moment in sight: as on a tape, or page by page for who wants less motion.
  follow(time, calm) {
    if (!this.followed) return;
    const where = (time - this.start) / this.span;
    if (calm ? where < 0 || where > 0.95 : true) this.start = time - this.span * (calm ? 0.05 : 0.38);
    this.clamp();
  }

  lanes() {
    const wave = (this.surface.height - AXIS - BAND - 2 * LABELS - MOMENTS) / 2;
    const band = AXIS + wave + LABELS;
    return {
      wave, band,
      customer: { top: AXIS, labels: AXIS + wave, end: band },
      support: { top: band + BAND + LABELS, labels: band + BAND, end: band + BAND + LABELS + wave },
      moments: this.surface.height - MOMENTS,
    };
  }

  draw(time) {
    const { context, width, height } = this.surface;
    const lanes = this.lanes();
    context.clearRect(0, 0, width, height);
    context.textBaseline = "middle";
    this.drawAxis(context, width);
    for (const role of this.data.roles) this.drawSide(context, role, lanes, time);
    this.drawBetween(context, lanes);
    this.drawMoments(context, lanes, width);
    context.fillStyle = colours.ink;
    context.fillRect((time - this.start) * this.scale - 0.75, AXIS - 4, 1.5, lanes.moments - AXIS + 4);
  }

  x(seconds) { return (seconds - this.start) * this.scale; }

  seen(from, to) { return from < this.start + this.span && to > this.start; }

  drawAxis(context, width) {
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200].find((each) => each * this.scale >= 64) ?? 3600;
    context.font = `11px ${colours.font}`;
    context.textAlign = "left";
    for (let tick = Math.floor(this.start / step); tick * step <= this.start + this.span; tick++) {
      const x = Math.round(this.x(tick * step));
      context.fillStyle = colours.line;
      context.fillRect(x, 0, 1, AXIS - 4);
      context.fillStyle = colours.soft;
      context.fillText(clock(tick * step + 1e-6, step < 1 ? 1 : 0), x + 5, AXIS / 2 - 1);
    }
    context.fillStyle = colours.line;
    context.fillRect(0, AXIS - 4, width, 1);
  }

  drawSide(context, role, lanes, time) {
    const { top, labels, end } = lanes[role];
    const from = Math.min(top, labels);
    const turns = within(this.byRole[role], this.start, this.start + this.span);
    for (const turn of turns) {
      context.fillStyle = colours[`${role}-tint`];
      context.beginPath();
      context.roundRect(this.x(turn.start), from + 3, Math.max(2, (turn.end - turn.start) * this.scale), end - from - 6, 6);
      context.fill();
    }
    const middle = top + lanes.wave / 2;
    const columns = this.peaks[role].columns(this.start, 1 / this.scale, Math.ceil(this.surface.width));
    context.globalAlpha = this.audible(role) ? 1 : 0.3;
    context.fillStyle = colours[`${role}-wave`];
    fillWave(context, columns, (lanes.wave / 2 - 7) / this.highest, 0, middle, 1, 1);
    context.globalAlpha = 1;
    context.font = `600 11px ${colours.font}`;
    context.fillStyle = colours[role];
    context.textAlign = "left";
    context.fillText(this.data.names[role], 8, top < labels ? top + 13 : end - 12);
    if (this.scale >= WORDS_FROM) for (const turn of turns) this.drawWords(context, role, turn, labels, time);
  }

  drawWords(context, role, turn, top, time) {
    const middle = top + LABELS / 2;
    context.font = `12px ${colours.font}`;
    context.textAlign = "left";
    if (!turn.words.length) {
      this.drawText(context, turn.texts.join(" "), this.x(turn.start) + 4, middle, (turn.end - turn.start) * this.scale - 8, colours.ink);
      return;
    }
    turn.words.forEach((word, i) => {
      if (!word || !this.seen(word[0], word[1])) return;
      const x = this.x(word[0]);
      const until = Math.max(word[1], turn.words[i + 1]?.[0] ?? word[1]);
      if (word[0] <= time && time < word[1]) {
        context.fillStyle = colours[`${role}-lit`];
        context.beginPath();
        context.roundRect(x, top + 3, Math.max(3, (word[1] - word[0]) * this.scale), LABELS - 6, 4);
        context.fill();
      }
      context.fillStyle = colours.soft;
      context.globalAlpha = 0.35;
      context.fillRect(x, top + 5, 1, LABELS - 10);
      context.globalAlpha = 1;
      this.drawText(context, turn.texts[i], x + 3, middle, (until - word[0]) * this.scale - 4, turn.wrong.has(i) ? colours.bad : colours.ink);
    });
  }

  // Text in the room it has: condensed by up to a third, else cut off.
  drawText(context, text, x, y, room, colour) {
    let letters = text.length;
    const shown = () => (letters < text.length ? `${text.slice(0, letters)}…` : text);
    while (letters && context.measureText(shown()).width > room * 1.5) letters--;
    if (!letters) return;
    context.fillStyle = colour;
    context.fillText(shown(), x, y, room);
  }

  drawBetween(context, lanes) {
    const middle = lanes.band + BAND / 2;
    context.font = `11px ${colours.font}`;
    context.textAlign = "center";
    for (const [from, to] of within(this.data.overlaps, this.start, this.start + this.span)) {
      const x = this.x(from), wide = Math.max(2, (to - from) * this.scale);
      context.fillStyle = colours.overlap;
      context.globalAlpha = 0.16;
      context.fillRect(x, AXIS, wide, lanes.support.end - AXIS);
      context.globalAlpha = 1;
      this.drawSpan(context, x, wide, middle, `${(to - from).toFixed(2)} s`, colours.overlap);
    }
    for (const [from, to] of within(this.data.gaps, this.start, this.start + this.span)) {
      const x = this.x(from), wide = (to - from) * this.scale;
      this.drawSpan(context, x, wide, middle, `${(to - from).toFixed(2)} s`, to - from > 2 ? colours.warn : colours.soft);
    }
  }

  drawSpan(context, x, wide, y, label, colour) {
    const room = context.measureText(label).width + 8;
    context.fillStyle = colour;
    context.fillRect(x, y - 5, 1, 10);
    context.fillRect(x + wide - 1, y - 5, 1, 10);
    if (room < wide) {
      context.fillRect(x, y, (wide - room) / 2, 1);
      context.fillRect(x + (wide + room) / 2, y, (wide - room) / 2, 1);
    } else if (this.scale < WORDS_FROM) {
      context.fillRect(x, y, wide, 1);
      return;
    }
    context.fillText(label, x + wide / 2, y + 0.5);
  }

  drawMoments(context, lanes, width) {
    context.font = `11px ${colours.font}`;
    context.textAlign = "left";
    let free = -Infinity;
    for (const { at, role, what, failed } of this.data.moments) {
      if (!this.seen(at - 20, at + 0.01)) continue;
      const x = this.x(at), y = lanes.moments + MOMENTS / 2;
      context.fillStyle = failed ? colours.bad : colours[role] ?? colours.soft;
      context.globalAlpha = 0.5;
      context.fillRect(x - 0.5, AXIS, 1, lanes.moments - AXIS + 8);
      context.globalAlpha = 1;
      context.beginPath();
      context.moveTo(x, y - 4.5); context.lineTo(x + 4.5, y); context.lineTo(x, y + 4.5); context.lineTo(x - 4.5, y);
      context.fill();
      if (x < free || x > width) continue;
      context.fillText(what, x + 8, y);
      free = x + 16 + context.measureText(what).width;
    }
  }
}

// Of turns or stretches, those that touch a time.
function within(stretches, from, to) {
  return stretches.filter((each) => (each.start ?? each[0]) < to && (each.end ?? each[1]) > from);
}
