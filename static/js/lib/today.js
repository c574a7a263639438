/** Reports that a new day has begun, so that "Today" and times without a date are shown anew. */
import { Emitter } from "../net/events.js";
import { dayNumber } from "./format.js";

/** Short, as a computer that wakes up runs its timers late and may report nothing else. */
const CHECK_INTERVAL_MS = 30_000;

/** @extends {Emitter<{change: null}>} */
class Today extends Emitter {
  #number = dayNumber(Date.now());

  constructor() {
    super();
    const check = () => this.#check();
    setInterval(check, CHECK_INTERVAL_MS);
    document.addEventListener("visibilitychange", check);
    for (const type of ["pageshow", "focus"]) addEventListener(type, check);
  }

  #check() {
    const number = dayNumber(Date.now());
    if (number === this.#number) return;
    this.#number = number;
    this.emit("change");
  }
}

/** Emits `change` when the day in the chosen time zone is another one, also after sleep and when the page is shown. */
export const today = new Today();
