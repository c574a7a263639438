/**
 * The slash commands of each channel: lists them, runs them, and passes on what they say to the user alone.
 *
 * `note`: something to tell the user; `ended`: a note is no longer true; `listed`: the commands of a channel are known.
 * @import { Session } from "../net/session.js"
 * @import { Socket } from "../net/socket.js"
 * @import { SlashCommand, SlashResult } from "../net/wire-types.js"
 * @typedef {{id: string, target: string, command: string, text: string, by?: string, isFailure?: boolean}} SlashNote
 *   `by`: the name of the service
 * @typedef {{note: SlashNote, ended: string, listed: null}} SlashEvents
 */
import { Emitter } from "../net/events.js";
import { formatDateTime } from "../lib/format.js";
import { hasText, t } from "../lib/i18n.js";
import { isRequestFailure } from "../net/protocol.js";

/** The time in which a service answers, and a little more. */
const PENDING_MS = 5000;
/** The age from which a list of commands is loaded again. */
const REFRESH_MS = 30_000;

/** @extends {Emitter<SlashEvents>} */
export class SlashCommands extends Emitter {
  /** @type {Map<string, SlashCommand[]>} */ #lists = new Map();
  /** When each list was loaded. @type {Map<string, number>} */ #loadedAt = new Map();
  /** @type {Set<string>} */ #loading = new Set();
  /** A call whose reply has not come. @type {{target: string, text: string, id: string} | null} */ #unanswered = null;
  #notes = 0;

  /** @param {{socket: Socket, session: Session}} deps */
  constructor({ socket, session }) {
    super();
    this.socket = socket;
    session.on("loaded", () => {
      this.#lists.clear();
      this.#loadedAt.clear();
    });
    socket.onPush("slash.answer", ({ runId, target, command, text, by, failure }) => {
      const key = `slash.failure.${failure}`;
      const shown = failure && hasText(key) ? t(key, { name: command }) : text;
      this.emit("note", { id: `run-${runId}`, target, command, text: shown, by: by.name, isFailure: Boolean(failure) });
    });
  }

  /** Return the known commands of a channel, and load them if they are old. @param {string} target */
  list(target) {
    if (performance.now() - (this.#loadedAt.get(target) ?? -Infinity) > REFRESH_MS) this.#load(target);
    return this.#lists.get(target) ?? [];
  }

  /** Run a command. Rejects with RequestError or DisconnectedError. @param {string} target @param {string} text @param {string} [threadId] */
  async run(target, text, threadId) {
    const { target: lastTarget, text: lastText } = this.#unanswered ?? {};
    // The same call again after a lost connection is not run twice.
    if (lastTarget !== target || lastText !== text || !this.#unanswered) this.#unanswered = { target, text, id: newId() };
    const thread = threadId ? { threadId } : {};
    const result = await this.socket.request("slash.run", { target, text, clientMsgId: this.#unanswered.id, ...thread });
    this.#unanswered = null;
    this.#show(target, result);
  }

  /** @param {string} target @param {SlashResult} result */
  #show(target, result) {
    const { command, runId } = result;
    if (runId) {
      const id = `run-${runId}`;
      this.emit("note", { id, target, command, text: t("slash.pending", { name: command }) });
      setTimeout(() => this.emit("ended", id), PENDING_MS);
      return;
    }
    const text = result.note === "help" ? this.#help(target, result.text) : noteText(result);
    if (text) this.emit("note", { id: `note-${(this.#notes += 1)}`, target, command, text });
  }

  /** @param {string} target @param {string} english */
  #help(target, english) {
    const lines = this.list(target).map(({ name, hint, description }) => {
      return `- \`/${[name, hint].filter(Boolean).join(" ")}\` ${aboutText(name, description)}`;
    });
    return lines.join("\n") || english;
  }

  /** @param {string} target */
  async #load(target) {
    if (this.#loading.has(target)) return;
    this.#loading.add(target);
    try {
      const { commands } = await this.socket.request("slash.list", { target });
      this.#lists.set(target, commands);
      this.#loadedAt.set(target, performance.now());
      this.emit("listed");
    } catch (error) {
      // The next key tries again.
      if (!isRequestFailure(error)) throw error;
    } finally {
      this.#loading.delete(target);
    }
  }
}

/** Return what a command does, in the user's language if it is one of the site's. @param {string} name @param {string} description */
export function aboutText(name, description) {
  const key = `slash.about.${name}`;
  return hasText(key) ? t(key) : description;
}

/** @param {SlashResult} result */
function noteText({ note, text, name = "", until }) {
  const key = `slash.note.${note}`;
  return hasText(key) ? t(key, { name, until: until ? formatDateTime(until) : "" }) : text;
}

function newId() {
  return `slash-${Date.now()}-${Math.random().toString(36).slice(2)}`;
}
