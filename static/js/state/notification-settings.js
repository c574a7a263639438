/**
 * The new messages that this browser notifies a user of, in localStorage. No DOM.
 *
 * @import { Message, Channel } from "../net/wire-types.js"
 * @typedef {"all" | "direct" | "none"} NotificationLevel
 *   `direct`: the chosen ones of direct messages, mentions, and answers in threads that the user follows
 * @typedef {{level: NotificationLevel, direct: boolean, mentions: boolean, threads: boolean, sound: boolean, showsText: boolean}} StoredSettings
 *   stored as it is, so its names must stay
 */
import { wantsNotification } from "./channel-notifications.js";
import { JsonStorage } from "../net/state/json-storage.js";
import { mentionsUser } from "../net/state/message-mentions.js";

/** @type {StoredSettings} */
const DEFAULTS = { level: "none", direct: true, mentions: true, threads: true, sound: true, showsText: true };

export class NotificationSettings {
  #userId = "";

  /** @param {Storage} storage */
  constructor(storage) {
    this.storage = new JsonStorage(storage);
  }

  /** Use the settings of this user. @param {string} id */
  load(id) {
    this.#userId = id;
  }

  /** @returns {StoredSettings} */
  get current() {
    return { ...DEFAULTS, .../** @type {Partial<StoredSettings>} */ (this.storage.get(this.#key)) };
  }

  /** @param {StoredSettings} settings */
  set(settings) {
    this.storage.set(this.#key, settings);
  }

  /** Delete the settings of the user, who will not return. */
  clear() {
    this.storage.set(this.#key, null);
  }

  /**
   * Tell whether the user wants to be notified of a new message of others.
   * @param {Message} message
   * @param {{channel: Channel | undefined, followsThread: boolean}} about
   */
  includes(message, { channel, followsThread }) {
    const { level } = this.current;
    if (level === "none" || !channel) return false;
    const { everything, direct, mentions, threads } = this.kinds;
    const isMention = (mentions && mentionsUser(message, this.#userId)) || (threads && followsThread);
    // Others show only in their thread.
    if (message.threadOnly && !isMention) return false;
    return wantsNotification(channel, isMention) ?? (isMention || everything || (direct && channel.kind === "private"));
  }

  /** The kinds of messages that the user wants to be notified of. */
  get kinds() {
    const { level, direct, mentions, threads } = this.current;
    const everything = level === "all";
    return { everything, direct: everything || direct, mentions: everything || mentions, threads: everything || threads };
  }

  get #key() {
    return `im.notifications.${this.#userId}`;
  }
}
