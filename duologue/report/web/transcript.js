"use strict";

// The transcript: lights what is spoken, and is walked through by keyboard. One word at a time is
// in the tab order, so that Tab does not stop at thousands.
class TranscriptView {
  constructor(place, data, sound) {
    Object.assign(this, { place, data, sound });
    this.turns = [...place.querySelectorAll(".turn")];
    this.byRole = data.roles.map((role) => data.turns.map((turn, i) => [turn, i]).filter(([turn]) => turn.role === role));
    this.now = [];
    this.lit = [];
    data.turns.forEach((turn, i) => Object.defineProperties(turn, {
      spans: { get: once(() => [...this.turns[i].querySelectorAll(".w")]) },
      texts: { get: once(() => turn.spans.map((span) => span.textContent)) },
      wrong: { get: once(() => new Set(turn.spans.flatMap((span, n) => (span.classList.contains("wrong") ? [n] : [])))) },
    }));
    place.addEventListener("click", (event) => this.clicked(event));
    place.addEventListener("keydown", (event) => this.pressed(event));
    this.rove(place.querySelector(".turn .w"));
  }

  // Marks what is spoken at a time; says which turn that is.
  light(time) {
    const now = [], lit = [];
    for (const turns of this.byRole) {
      const found = last(turns, ([turn]) => turn.start <= time);
      if (!found || time >= found[0].end) continue;
      const [turn, index] = found;
      now.push(this.turns[index]);
      const word = turn.words.findIndex((each) => each && each[0] <= time && time < each[1]);
      if (word >= 0) lit.push(turn.spans[word]);
    }
    this.now = swapped("now", this.now, now);
    this.lit = swapped("lit", this.lit, lit);
    return now.at(-1);
  }

  startOf(element) {
    const turn = this.data.turns[element.closest(".turn").dataset.turn];
    const word = turn.spans.indexOf(element);
    return turn.words[word]?.[0] ?? turn.start;
  }

  clicked(event) {
    if (event.target.closest(".at")) this.playTurn(event.target.closest(".turn"));
    const word = event.target.closest(".w");
    if (!word || String(getSelection())) return;
    this.rove(word);
    this.sound.play(this.startOf(word));
  }

  // The button of the turn that is being played stops it.
  playTurn(element) {
    const turn = this.data.turns[element.dataset.turn];
    const inside = turn.start <= this.sound.time && this.sound.time < turn.end;
    inside && this.sound.time > 0 ? this.sound.toggle() : this.sound.play(turn.start);
  }

  pressed(event) {
    const element = event.target;
    const turn = element.closest(".turn");
    if (!turn || event.ctrlKey || event.metaKey || event.altKey) return;
    const isWord = element.classList.contains("w");
    const words = isWord ? [...turn.querySelectorAll(".w")] : [];
    let to;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = this.turns[this.turns.indexOf(turn) + (event.key === "ArrowDown" ? 1 : -1)];
      to = next?.querySelector(isWord ? ".w" : ".at") ?? next?.querySelector(".at");
    } else if (isWord && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      to = words[words.indexOf(element) + (event.key === "ArrowRight" ? 1 : -1)]
        ?? (event.key === "ArrowRight"
          ? this.turns[this.turns.indexOf(turn) + 1]?.querySelector(".w")
          : [...(this.turns[this.turns.indexOf(turn) - 1]?.querySelectorAll(".w") ?? [])].at(-1));
    } else if (isWord && event.key === "Enter") {
      this.sound.play(this.startOf(element));
    } else return;
    event.preventDefault();
    if (to) { this.rove(to); to.focus(); }
  }

  rove(word) {
    if (!word?.classList.contains("w")) return;
    if (this.roved) this.roved.tabIndex = -1;
    this.roved = word;
    word.tabIndex = 0;
  }
}

function once(make) {
  let made;
  return () => (made ??= make());
}

// The last of sorted values that holds.
function last(values, holds) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(values[middle])) low = middle + 1; else high = middle;
  }
  return values[low - 1];
}

function swapped(name, before, after) {
  for (const each of before) if (!after.includes(each)) each.classList.remove(name);
  for (const each of after) if (!before.includes(each)) each.classList.add(name);
  return after;
}
