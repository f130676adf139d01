"use strict";

// Two recordings of each scenario; one of all plays at a time.
const data = JSON.parse(document.getElementById("data").textContent);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

class Take {
  constructor(place, number, take) {
    this.place = place;
    this.number = number;
    this.turns = take.turns;
    this.whole = { start: 0, span: take.duration };
    this.sound = new Sound(new Audio(), data.roles);
    this.elements = [...place.querySelectorAll("[data-turn]")];
    const peaks = Object.fromEntries(data.roles.map((role) => [role, new Peaks(take.peaks[role], data.frame)]));
    this.overview = new Overview(place.querySelector(".overview"), take, peaks, {
      onSeek: (to) => this.seek(to), onResize: () => this.show(),
    });
    for (const name of ["play", "pause", "ended"]) {
      this.sound.element.addEventListener(name, () => {
        place.classList.toggle("playing", this.sound.playing);
        place.querySelector(".play").setAttribute("aria-label", this.sound.playing ? "Pause" : "Play");
        this.tick();
      });
    }
    this.sound.element.addEventListener("seeked", () => this.show());
    this.sound.element.addEventListener("error", () => { place.querySelector(".trouble").hidden = false; });
    place.querySelector(".play").addEventListener("click", () => (this.sound.playing ? this.sound.toggle() : this.play()));
    for (const element of this.elements) {
      element.querySelector(".at").addEventListener("click", () => this.play(this.turns[element.dataset.turn][0]));
    }
  }

  // The sound is read from the page once somebody wants it.
  load() {
    const opus = document.getElementById(`opus-${this.number}`);
    if (!opus) return;
    this.sound.load(opus.textContent, data.mime);
    opus.remove();
  }

  play(from) {
    this.load();
    for (const other of takes) if (other !== this && other.sound.playing) other.sound.toggle();
    this.sound.play(from);
  }

  seek(to) {
    this.load();
    this.sound.seek(to);
    this.show();
  }

  tick() {
    this.show();
    if (this.sound.playing) requestAnimationFrame(() => this.tick());
  }

  show() {
    const time = this.sound.time;
    this.overview.draw(time, this.whole);
    this.place.querySelector(".now").textContent = clock(time);
    for (const element of this.elements) {
      const [start, end] = this.turns[element.dataset.turn];
      const now = start <= time && time < end;
      if (now && !element.classList.contains("now") && this.sound.playing) this.reveal(element);
      element.classList.toggle("now", now);
    }
  }

  // Within its own list; the page stays where it is.
  reveal(element) {
    const list = element.parentElement;
    const to = element.offsetTop - list.clientHeight / 3;
    list.scrollTo({ top: to, behavior: calm.matches ? "auto" : "smooth" });
  }
}

colours.read();
const takes = [...document.querySelectorAll("[data-take]")].map((place, i) => new Take(place, i, data.takes[i]));
for (const take of takes) take.show();
dark.addEventListener("change", () => {
  colours.read();
  for (const take of takes) { take.overview.picture = null; take.show(); }
});
