"use strict";

// A call's page: one clock, the sound's; everything else shows where it is.
const data = JSON.parse(document.getElementById("data").textContent);
const one = (selector) => document.querySelector(selector);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

colours.read();
const peaks = Object.fromEntries(data.roles.map((role) => [role, new Peaks(data.peaks[role], data.frame)]));
const sound = new Sound(one("#sound"), data.roles);
const transcript = new TranscriptView(one("#turns"), data, sound);
const seek = (to) => { sound.seek(to); timeline.followed = true; show(); };
const overview = new Overview(one("#overview"), data, peaks, { onSeek: seek, onResize: () => show() });
const timeline = new Timeline(one("#timeline"), data, peaks, {
  audible: (role) => sound.audible(role), onSeek: seek, onResize: () => show(),
});
let following = true;
let spoken = null;

function show() {
  const time = sound.time;
  timeline.follow(time, calm.matches);
  timeline.draw(time);
  overview.draw(time, timeline);
  one("#now").textContent = clock(time, 1);
  const turn = transcript.light(time);
  if (turn && turn !== spoken && following && sound.playing) reveal(turn);
  spoken = turn;
}

// Scrolls only to what has left the comfortable part of the window.
function reveal(turn) {
  const { top, bottom } = turn.getBoundingClientRect();
  if (top > one(".bar").getBoundingClientRect().bottom && bottom < innerHeight * 0.85) return;
  turn.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
}

function tick() {
  show();
  if (sound.playing) requestAnimationFrame(tick);
}

function follow(on) {
  following = on;
  one("#follow").setAttribute("aria-pressed", on);
}

for (const name of ["play", "pause", "ended"]) {
  sound.element.addEventListener(name, () => {
    document.body.classList.toggle("playing", sound.playing);
    one("#play").setAttribute("aria-label", sound.playing ? "Pause" : "Play");
    timeline.followed = true;
    tick();
  });
}
sound.element.addEventListener("seeked", () => show());
sound.element.addEventListener("error", () => {
  one("#play").disabled = true;
  one("#trouble").hidden = false;
});

one("#play").addEventListener("click", () => sound.toggle());
one("#speed").addEventListener("change", (event) => { sound.element.playbackRate = Number(event.target.value); });
one("#follow").addEventListener("click", () => follow(!following));
for (const name of ["wheel", "touchmove"]) {
  addEventListener(name, () => { if (sound.playing) follow(false); }, { passive: true });
}
for (const button of document.querySelectorAll("[data-mute], [data-solo]")) {
  button.addEventListener("click", () => {
    button.dataset.mute ? sound.mute(button.dataset.mute) : sound.alone(button.dataset.solo);
    for (const each of document.querySelectorAll("[data-mute], [data-solo]")) {
      each.setAttribute("aria-pressed", each.dataset.mute ? sound.muted.has(each.dataset.mute) : sound.solo === each.dataset.solo);
    }
    show();
  });
}
for (const button of document.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => zoom({ in: 1 / 1.6, out: 1.6, all: Infinity }[button.dataset.zoom]));
}

function zoom(factor) {
  timeline.zoom(factor, sound.time);
  timeline.followed = true;
  show();
}

addEventListener("keydown", (event) => {
  const element = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || element.matches("select")) return;
  if (event.key === " " && element.matches("button, summary")) return;
  const does = {
    " ": () => sound.toggle(),
    ArrowLeft: () => seek(sound.time - 5),
    ArrowRight: () => seek(sound.time + 5),
    "+": () => zoom(1 / 1.6),
    "-": () => zoom(1.6),
  }[event.key];
  if (!does || event.defaultPrevented) return;
  event.preventDefault();
  does();
});
dark.addEventListener("change", () => { colours.read(); overview.picture = null; show(); });

show();
// The sound comes last in the file, and is what takes long to read in a long call.
addEventListener("DOMContentLoaded", () => {
  const opus = document.getElementById("opus");
  sound.load(opus.textContent, data.mime);
  opus.remove();
  one("#play").disabled = false;
});
