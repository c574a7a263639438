/**
 * Records voice messages. A tap on the button begins, and the bar that then covers the composer sends or discards the
 * recording. Holding the button records until it is released, which sends; moving away from it first discards.
 *
 * @typedef {{file: File, duration: number}} Recording  `duration` in ms
 * @typedef {{refusal: () => string, place: () => string, send: (recording: Recording) => void,
 *   keep: (recording: Recording, place: string) => void}} RecordingReceiver
 *   `refusal`: why none can be sent, or ""; `place`: where it would be sent; `keep`: adds it to the draft of a place
 */
import { byId, part, setText } from "../lib/dom.js";
import { formatDuration, voiceMessageName } from "../lib/files.js";
import { t } from "../lib/i18n.js";
import { SoundRecorder, canRecord } from "../lib/sound-recorder.js";
import { showToast } from "./toast.js";

const MAX_LENGTH_MS = 300_000;
/** Shorter ones are slips of the finger. */
const MIN_LENGTH_MS = 700;
const HOLD_MS = 400;
/** The distance from the button at which a release discards, in px. */
const DISCARD_DISTANCE = 90;
const LEVEL_INTERVAL_MS = 90;
const LEVELS = 48;

export class VoiceRecorder {
  #button = byId("record-button", HTMLButtonElement);
  #bar = byId("recorder");
  /** @type {SoundRecorder | null} */ #recorder = null;
  /** True from the request for the microphone to the end. */ #isActive = false;
  #timer = 0;
  /** The channel in which the recording began. */ #place = "";
  /** @type {{x: number, y: number, at: number} | null} */ #press = null;
  /** The recording once it has reached its limit. @type {Promise<Blob> | null} */ #recorded = null;

  /** @param {RecordingReceiver} receiver */
  constructor(receiver) {
    this.receiver = receiver;
    if (!canRecord()) return;
    const button = this.#button;
    button.hidden = false;
    button.addEventListener("pointerdown", (event) => this.#onPress(event));
    button.addEventListener("pointermove", (event) => this.#onMove(event));
    button.addEventListener("pointerup", () => this.#onRelease());
    // The browser asks for the microphone, or shows something else: that is no release.
    for (const type of /** @type {const} */ (["pointercancel", "lostpointercapture"])) {
      button.addEventListener(type, () => {
        this.#press = null;
        this.#render();
      });
    }
    // By keyboard: a click without a pointer.
    button.addEventListener("click", ({ detail }) => detail === 0 && this.#start());
    button.addEventListener("contextmenu", (event) => event.preventDefault());
    part(this.#bar, "discard").addEventListener("click", () => this.discard());
    part(this.#bar, "send").addEventListener("click", () => this.#send());
    this.#bar.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.discard();
    });
    const levels = Array.from({ length: LEVELS }, () => document.createElement("i"));
    part(this.#bar, "levels").append(...levels);
  }

  /** Stop without sending. */
  discard() {
    this.#recorder?.stop();
    this.#end();
  }

  /** The user has gone elsewhere: the recording becomes a draft where it began. */
  async leave() {
    const place = this.#place;
    if (place === this.receiver.place()) return;
    const recording = await this.#finish();
    if (recording) this.receiver.keep(recording, place);
  }

  /** @param {PointerEvent} event */
  #onPress(event) {
    if (event.button !== 0) return;
    this.#press = { x: event.clientX, y: event.clientY, at: performance.now() };
    this.#button.setPointerCapture(event.pointerId);
    this.#start();
  }

  /** @param {PointerEvent} event */
  #onMove({ clientX, clientY }) {
    if (!this.#press || !this.#isActive) return;
    const distance = Math.hypot(clientX - this.#press.x, clientY - this.#press.y);
    this.#bar.dataset.discards = String(distance > DISCARD_DISTANCE);
  }

  #onRelease() {
    const press = this.#press;
    this.#press = null;
    if (!press || !this.#isActive) return;
    const isHeld = performance.now() - press.at > HOLD_MS && this.#recorder !== null;
    if (this.#bar.dataset.discards === "true") this.discard();
    else if (isHeld) this.#send();
    else this.#render();
  }

  async #start() {
    if (this.#isActive) return;
    const refusal = this.receiver.refusal();
    if (refusal) {
      showToast(refusal, { isError: true });
      return;
    }
    this.#isActive = true;
    this.#place = this.receiver.place();
    try {
      const recorder = await SoundRecorder.start();
      // The user has given up while the browser asked.
      if (!this.#isActive) {
        recorder.stop();
        return;
      }
      this.#recorder = recorder;
    } catch {
      this.#end();
      showToast(t("voice.noMicrophone"), { isError: true });
      return;
    }
    this.#showBar(true);
    this.#bar.dataset.discards = "false";
    for (const level of this.#levels) level.style.setProperty("--level", "0");
    this.#timer = setInterval(() => this.#tick(), LEVEL_INTERVAL_MS);
    if (!this.#press) part(this.#bar, "send").focus();
    this.#render();
  }

  /** @param {boolean} isShown */
  #showBar(isShown) {
    this.#bar.hidden = !isShown;
    this.#bar.parentElement?.classList.toggle("is-recording", isShown);
  }

  get #levels() {
    return /** @type {HTMLElement[]} */ ([...part(this.#bar, "levels").children]);
  }

  #tick() {
    const recorder = this.#recorder;
    if (!recorder) return;
    const levels = part(this.#bar, "levels");
    const [oldest] = this.#levels;
    oldest.style.setProperty("--level", recorder.level.toFixed(3));
    levels.append(oldest);
    if (recorder.length >= MAX_LENGTH_MS) {
      clearInterval(this.#timer);
      this.#recorded = recorder.stop();
    }
    this.#render();
  }

  #render() {
    setText(part(this.#bar, "time"), formatDuration((this.#recorder?.length ?? 0) / 1000));
    const hint = this.#recorded ? "voice.limit" : this.#press ? "voice.holdHint" : "voice.recording";
    setText(part(this.#bar, "hint"), t(hint));
  }

  async #send() {
    const isRecording = this.#recorder !== null;
    const recording = await this.#finish();
    if (recording) this.receiver.send(recording);
    else if (isRecording) showToast(t("voice.tooShort"));
  }

  /** End and return the recording; null if there is none, or hardly any. @returns {Promise<Recording | null>} */
  async #finish() {
    const recorder = this.#recorder;
    const recorded = this.#recorded ?? recorder?.stop();
    this.#end();
    if (!recorder || !recorded || recorder.length < MIN_LENGTH_MS) return null;
    const { type, length: duration } = recorder;
    const file = new File([await recorded], voiceMessageName(new Date(), type), { type });
    return { file, duration };
  }

  #end() {
    clearInterval(this.#timer);
    const hadFocus = this.#bar.contains(document.activeElement);
    this.#isActive = false;
    this.#recorder = null;
    this.#recorded = null;
    this.#press = null;
    this.#showBar(false);
    if (hadFocus) this.#button.focus();
  }
}
