"use strict";

// What is heard. Each side is a channel, which Web Audio mutes once somebody asks for that.
class Sound {
  constructor(element, roles) {
    this.element = element;
    this.roles = roles;
    this.muted = new Set();
    this.solo = null;
    this.gains = null;
  }

  load(base64, type) {
    const binary = atob(base64);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
    this.element.src = URL.createObjectURL(new Blob([bytes], { type }));
  }

  get time() { return this.element.currentTime; }
  get playing() { return !this.element.paused && !this.element.ended; }

  toggle() { this.playing ? this.element.pause() : this.play(); }

  play(from) {
    if (from !== undefined) this.seek(from);
    this.context?.resume();
    // What was paused again before it played is no error; what cannot be played has an event.
    this.element.play().catch(() => {});
  }

  seek(to) {
    const end = this.element.duration || Infinity;
    this.element.currentTime = Math.max(0, Math.min(to, end));
  }

  mute(role) {
    this.muted.has(role) ? this.muted.delete(role) : this.muted.add(role);
    this.mix();
  }

  alone(role) {
    this.solo = this.solo === role ? null : role;
    this.mix();
  }

  audible(role) { return this.solo ? this.solo === role : !this.muted.has(role); }

  mix() {
    this.gains ??= this.patch();
    this.roles.forEach((role, i) => { this.gains[i].gain.value = this.audible(role) ? 1 : 0; });
  }

  // From element to loudspeakers, each side through a gain of its own, and on its side.
  patch() {
    this.context = new AudioContext();
    const source = this.context.createMediaElementSource(this.element);
    const split = this.context.createChannelSplitter(2);
    const merge = this.context.createChannelMerger(2);
    source.connect(split);
    merge.connect(this.context.destination);
    this.mixed = merge;
    this.context.resume();
    return this.roles.map((_, i) => {
      const gain = this.context.createGain();
      split.connect(gain, i);
      gain.connect(merge, 0, i);
      return gain;
    });
  }
}
