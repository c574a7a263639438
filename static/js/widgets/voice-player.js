/**
 * Plays a voice message: its waveform shows where it is, and can be moved through. The sound is loaded when the message
 * comes near the visible part of the page. One voice message plays at a time.
 *
 * @import { Attachment } from "../net/wire-types.js"
 */
import { cloneTemplate, part, setText } from "../lib/dom.js";
import { formatDuration } from "../lib/files.js";
import { t } from "../lib/i18n.js";
import { waveform } from "../lib/waveform.js";

const BARS = 44;
const SPEEDS = [1, 1.5, 2];
/** Longer recordings are played, but not drawn. */
const MAX_DRAWN_BYTES = 20 * 1024 * 1024;
const DECODED_RATE = 16_000;
const NEAR = "400px";

/** Chosen last; later voice messages start with it. */
let speed = 1;
/** @type {HTMLAudioElement | null} */
let playing = null;

/** Frees the memory of sounds whose element is gone. */
const urls = new FinalizationRegistry((/** @type {string} */ url) => URL.revokeObjectURL(url));

/**
 * @param {Attachment} attachment
 * @param {File | string} source the file itself, or its address
 * @param {() => HTMLElement} fallback makes what takes its place if the browser cannot play it
 */
export function createVoicePlayer(attachment, source, fallback) {
  const player = cloneTemplate("template-voice-player");
  new VoicePlayer(player, attachment, source, fallback);
  return player;
}

class VoicePlayer {
  #audio = new Audio();
  #duration;
  /** @type {Promise<void> | null} */ #loading = null;
  /** @type {HTMLElement[]} */ #bars;

  /** @param {HTMLElement} player @param {Attachment} attachment @param {File | string} source @param {() => HTMLElement} fallback */
  constructor(player, attachment, source, fallback) {
    this.player = player;
    this.attachment = attachment;
    this.source = source;
    this.fallback = fallback;
    this.#duration = (attachment.duration ?? 0) / 1000;
    this.#bars = Array.from({ length: BARS }, () => document.createElement("i"));
    part(player, "waveform").append(...this.#bars);
    part(player, "play").addEventListener("click", () => this.#toggle());
    part(player, "position").addEventListener("input", () => this.#seek());
    part(player, "speed").addEventListener("click", () => this.#changeSpeed());
    for (const type of ["timeupdate", "play", "pause", "ended", "ratechange"]) this.#audio.addEventListener(type, () => this.render());
    this.#audio.addEventListener("play", () => this.#pauseOther());
    this.#audio.addEventListener("ended", () => (this.#audio.currentTime = 0));
    const observer = new IntersectionObserver(([{ isIntersecting }]) => {
      if (!isIntersecting) return;
      observer.disconnect();
      this.#load();
    }, { rootMargin: NEAR });
    observer.observe(player);
    this.render();
  }

  render() {
    const { player } = this;
    const { paused, currentTime } = this.#audio;
    const play = part(player, "play", HTMLButtonElement);
    play.dataset.state = paused ? "paused" : "playing";
    play.title = t(paused ? "voice.play" : "voice.pause");
    play.setAttribute("aria-label", play.title);
    const position = part(player, "position", HTMLInputElement);
    position.max = String(Math.max(0.1, this.#duration));
    position.value = String(currentTime);
    const time = formatDuration(currentTime > 0 || !paused ? currentTime : this.#duration);
    position.setAttribute("aria-valuetext", t("voice.position", { at: formatDuration(currentTime), of: formatDuration(this.#duration) }));
    setText(part(player, "time"), time);
    const played = this.#duration ? (currentTime / this.#duration) * BARS : 0;
    this.#bars.forEach((bar, i) => bar.classList.toggle("played", i < played));
    const speedButton = part(player, "speed", HTMLButtonElement);
    setText(speedButton, `${this.#audio.playbackRate}×`);
    speedButton.title = t("voice.speed");
    speedButton.setAttribute("aria-label", `${t("voice.speed")}: ${this.#audio.playbackRate}×`);
  }

  /** Load the sound once, and draw it. */
  #load() {
    this.#loading ??= this.#loadSound();
    return this.#loading;
  }

  async #loadSound() {
    const { size, type } = this.attachment;
    const { source } = this;
    if (size > MAX_DRAWN_BYTES && typeof source === "string") {
      this.#audio.src = source;
      return;
    }
    try {
      const bytes = await (typeof source === "string" ? fetchBytes(source) : source.arrayBuffer());
      // The server may take a WebM of sound alone for a video.
      const blob = new Blob([bytes], { type: type.replace(/^video/, "audio") });
      const url = URL.createObjectURL(blob);
      urls.register(this.player, url);
      this.#audio.src = url;
      await this.#draw(bytes);
    } catch {
      // Not loaded: playing tries again.
      this.#loading = null;
    }
    this.render();
  }

  /** @param {ArrayBuffer} bytes */
  async #draw(bytes) {
    try {
      const sound = await new OfflineAudioContext(1, 1, DECODED_RATE).decodeAudioData(bytes);
      this.#duration = sound.duration;
      waveform(sound.getChannelData(0), BARS).forEach((level, i) => this.#bars[i].style.setProperty("--level", level.toFixed(3)));
      this.player.dataset.drawn = "true";
    } catch {
      if (this.#audio.canPlayType(this.attachment.type.replace(/^video/, "audio")) === "") this.#replace();
    }
  }

  async #toggle() {
    if (!this.#audio.paused) {
      this.#audio.pause();
      return;
    }
    await this.#load();
    if (!this.#audio.src) {
      this.#replace();
      return;
    }
    this.#audio.playbackRate = speed;
    await this.#audio.play().catch(() => this.#replace());
  }

  /** Show what takes the player's place. */
  #replace() {
    this.player.classList.add("is-replaced");
    this.player.replaceChildren(this.fallback());
  }

  async #seek() {
    const at = Number(part(this.player, "position", HTMLInputElement).value);
    await this.#load();
    this.#audio.currentTime = at;
    this.render();
  }

  #changeSpeed() {
    const at = SPEEDS.indexOf(this.#audio.playbackRate);
    speed = SPEEDS[(at + 1) % SPEEDS.length];
    this.#audio.playbackRate = speed;
    this.render();
  }

  #pauseOther() {
    if (playing !== this.#audio) playing?.pause();
    playing = this.#audio;
  }
}

/** @param {string} url @returns {Promise<ArrayBuffer>} */
async function fetchBytes(url) {
  const response = await fetch(url);
  if (!response.ok) throw new TypeError(`Status ${response.status}`);
  return response.arrayBuffer();
}
