/**
 * The client: a connection to the site that restores itself, and the state of the chat that it keeps. No DOM.
 *
 * `createClient(options)` makes the parts and connects them. Programs use its methods and events; a page with more needs
 * uses the parts as well (`client.store`, `client.session`, …). It needs no more than EventTarget, fetch, timers and a
 * WebSocket class, so it runs in pages, workers and Node.js.
 *
 * `message`: a message has come, in any channel; of this client's own, only one whose reply was lost; `ready`: logged in,
 * and everything is loaded or, if resumed, caught up; `status`: the connection's state has changed; `signed-out`: the login
 * was refused or has ended, and the client has stopped.
 * @import { Attachment, Channel, Commands, HistoryPage, Message, Pushes, SendReply, User } from "./wire-types.js"
 * @import { SendRequest } from "./http-request.js"
 * @import { KeyStorage } from "./memory-storage.js"
 * @import { OutboxEntry } from "./outbox.js"
 * @import { ConnectionState, WebSocketClass } from "./socket.js"
 * @import { ChannelLog } from "./state/channel-log.js"
 * @typedef {object} ClientOptions
 * @property {string} url address of the site, such as "https://im.example"
 * @property {number} [appId] the app to be on; by default 101, the web
 * @property {string} [token] of the user or service; without it, the browser's session cookie
 * @property {string} [guestName] logs in as a new guest of this name, if there is no token and the site allows it
 * @property {number | null} [after] passes on what came after this position, the `position` of a former run
 * @property {WebSocketClass} [webSocket] for runtimes without a WebSocket of their own
 * @property {typeof globalThis.fetch} [fetch] by default the runtime's
 * @property {SendRequest} [sendRequest] sends HTTP requests in place of `fetch`
 * @property {() => string} [csrfToken] with a session cookie, the token that HTTP requests have to carry
 * @property {KeyStorage} [storage] keeps messages that are not sent yet; by default the memory
 * @property {KeyStorage} [tabStorage] keeps those whose files are being uploaded; by default the memory
 * @property {string | null} [userId] id of the only user that may log in; by default the first one who does
 * @property {boolean} [activity] asks for pushes of what others are doing, such as `typing`
 * @property {() => boolean} [isVisible] tells whether the user may see the contacts; by default always
 * @typedef {{message: Message, ready: {isResumed: boolean}, status: ConnectionState,
 *   "signed-out": {isExpired: boolean, error: RequestError}}} ClientEvents
 * @typedef {{replyTo?: {id: string, seq: number}, threadId?: string, alsoToChannel?: boolean, attachments?: Attachment[],
 *   clientMsgId?: string}} SendOptions
 *   `attachments`: from `upload`; `clientMsgId`: makes a repetition the same message, even by another program
 */
import { outboxFile } from "./attachment-sends.js";
import { ChatApi } from "./chat-api.js";
import { ContactsSync } from "./contacts-sync.js";
import { Conversation } from "./conversation.js";
import { Emitter } from "./events.js";
import { FileUpload } from "./file-upload.js";
import { GapFiller } from "./gap-filler.js";
import { fetchRequests } from "./http-request.js";
import { MemberLoader } from "./member-loader.js";
import { MemoryStorage } from "./memory-storage.js";
import { onNetworkChange } from "./network.js";
import { Outbox } from "./outbox.js";
import { PollingSocket } from "./polling-socket.js";
import { PresenceSync } from "./presence-sync.js";
import { Code, DisconnectedError, RequestError } from "./protocol.js";
import { PushHandlers } from "./push-handlers.js";
import { SendResults } from "./send-results.js";
import { Session } from "./session.js";
import { Socket } from "./socket.js";
import { Store } from "./state/store.js";
import { Threads } from "./state/threads.js";
import { UploadMemory } from "./state/upload-memory.js";

const WEB_APP = 101;

/** Return a client, which connects when it is started. @param {ClientOptions} options */
export function createClient(options) {
  return new Client(options);
}

/** @extends {Emitter<ClientEvents>} */
export class Client extends Emitter {
  #forgetNetwork = () => {};

  /** @param {ClientOptions} options */
  constructor(options) {
    super();
    const { url, token, guestName, csrfToken, storage = new MemoryStorage(), tabStorage, isVisible } = options;
    const { userId, webSocket, fetch, appId = WEB_APP, after = null } = options;
    const path = `/acc?batch=1${options.activity ? "&activity=1" : ""}`;
    this.appId = appId;
    this.after = after;
    const address = new URL(path, url).href.replace(/^http/, "ws");
    const openPolling = () => new PollingSocket(address, { fetch });
    const socket = (this.socket = new Socket(address, { userId, webSocket, fetch, openPolling, tabStorage }));
    const store = (this.store = new Store());
    this.threads = new Threads(store);
    this.outbox = new Outbox(
      storage,
      (entry) => socket.request("message.send", sendData(entry)),
      (entry) => socket.isReady && (entry.appId === null || entry.appId === store.app.appId),
      tabStorage,
    );
    this.gapFiller = new GapFiller({ socket, store });
    this.memberLoader = new MemberLoader({ socket, store });
    this.presence = new PresenceSync({ socket, store });
    const { threads, outbox, gapFiller, memberLoader, presence } = this;
    this.pushHandlers = new PushHandlers({ socket, store, threads, gapFiller, memberLoader });
    const credentials = token ? { serviceToken: token } : guestName ? { userId: guestName } : {};
    this.session = new Session({ socket, store, outbox, presence, gapFiller, credentials });
    const { session } = this;
    this.contactsSync = new ContactsSync({ socket, store, session, presence, isVisible });
    this.conversation = new Conversation({ socket, store, outbox, session, gapFiller });
    this.api = new ChatApi(socket, store);
    this.uploadMemory = new UploadMemory(storage);
    this.results = new SendResults(outbox);
    this.sendRequest = options.sendRequest ?? fetchRequests({ url, token, csrfToken, fetch });
    this.#passEvents();
  }

  /** The logged-in user; null before the first login. @returns {User | null} */
  get me() {
    return this.store.me;
  }

  /** The handlers have been given everything up to this position; null before the first login. @returns {number | null} */
  get position() {
    return this.socket.position;
  }

  /** The user's channels, once `ready`. @returns {Channel[]} */
  get channels() {
    return [...this.store.channels.values()];
  }

  /**
   * Connect and log in. Resolves when everything is loaded, however long the site cannot be reached; rejects with
   * RequestError if the login is refused. From then on the client stays connected until `stop`.
   * @returns {Promise<User>}
   */
  async start() {
    this.#forgetNetwork();
    this.#forgetNetwork = onNetworkChange(() => this.socket.retryNow());
    this.session.start(this.appId, this.position ?? this.after);
    const over = new AbortController();
    const { signal } = over;
    try {
      await new Promise((resolve, reject) => {
        this.addEventListener("ready", resolve, { signal });
        this.addEventListener("signed-out", (event) => reject(/** @type {CustomEvent} */ (event).detail.error), { signal });
        this.addEventListener("status", () => this.socket.status === "idle" && reject(new DisconnectedError("stopped")), { signal });
      });
    } finally {
      over.abort();
    }
    return /** @type {User} */ (this.me);
  }

  /** Disconnect. Unsent messages stay in the storage. */
  stop() {
    this.#forgetNetwork();
    this.socket.stop();
    this.results.rejectAll(new DisconnectedError("the client was stopped"));
  }

  /** Call `handle` with the data of every push of this kind. @template {keyof Pushes} Kind @param {Kind} kind @param {(data: Pushes[Kind]) => void} handle */
  onPush(kind, handle) {
    this.socket.onPush(kind, handle);
  }

  /**
   * Make any request of the protocol. Rejects with RequestError, or with DisconnectedError when the outcome is unknown.
   * @template {keyof Commands} Command
   * @param {Command} cmd
   * @param {Commands[Command]["data"]} [data]
   * @returns {Promise<Commands[Command]["reply"]>}
   */
  request(cmd, data) {
    return this.socket.request(cmd, data);
  }

  /**
   * Send a message. Resolves when the site has stored it, after a reconnect if need be; it is stored once. Rejects with
   * RequestError if it is refused. The client must have been started.
   * @param {string} target
   * @param {string} text
   * @param {SendOptions} [options]
   * @returns {Promise<SendReply>}
   */
  async send(target, text, { replyTo, threadId, alsoToChannel = false, attachments = [], clientMsgId } = {}) {
    if (!this.me) throw new DisconnectedError("not logged in");
    const { kind, lastSeq: since = 0 } = this.store.channels.get(target) ?? {};
    const appId = kind === "global" ? this.store.app.appId : null;
    const files = attachments.map((attachment) => outboxFile({ ...attachment, attachment }));
    return this.results.of(
      this.outbox.add({
        target, appId, text, since, clientMsgId,
        ...(files.length ? { files } : {}),
        ...(replyTo ? { replyTo: replyTo.id, replySeq: replyTo.seq } : {}),
        ...(threadId ? { threadId, alsoToChannel } : {}),
      }),
    );
  }

  /**
   * Upload a file, to be sent within a day. An interrupted upload continues. Rejects with RequestError if it is refused.
   * @param {File} file
   * @param {{signal?: AbortSignal, onProgress?: (bytes: number) => void}} [options]
   * @returns {Promise<Attachment>}
   */
  upload(file, { signal = new AbortController().signal, onProgress = () => {} } = {}) {
    const { sendRequest, uploadMemory: memory } = this;
    return new FileUpload(file, { memory, sendRequest, signal, onProgress, onWaiting: () => {} }).run();
  }

  /** Return messages before or after a number, by default the newest ones. @param {string} target @param {{before?: number, after?: number, limit?: number}} [range] @returns {Promise<HistoryPage>} */
  history(target, range = {}) {
    return this.socket.request("message.history", { target, ...range });
  }

  /**
   * Load a channel's newest messages and keep them up to date: new ones, edits, recalls and reactions, without gaps. The
   * store's event `log` tells of each change.
   * @param {string} target
   * @returns {Promise<ChannelLog>}
   */
  async follow(target) {
    if (!this.store.logs.get(target)?.isLoaded) await this.conversation.loadNewest(target);
    const error = this.conversation.loadOf(target)?.error;
    if (error) throw error;
    return this.store.openLog(target);
  }

  /** Mark the messages up to this number as read. @param {string} target @param {number} seq */
  markRead(target, seq) {
    this.conversation.markRead(target, seq);
  }

  #passEvents() {
    const { outbox, session, socket, store } = this;
    let userId = "";
    store.on("me", () => {
      const { id = "" } = this.me ?? {};
      if (id && id !== userId) this.uploadMemory.load((userId = id));
    });
    outbox.on("sent", ({ reply }) => socket.markPassed(reply.position));
    socket.onPush("msg", (message) => this.emit("message", message));
    socket.on("status", (state) => this.emit("status", state));
    session.on("loaded", () => this.emit("ready", { isResumed: false }));
    session.on("resumed", () => this.emit("ready", { isResumed: true }));
    session.on("signed-out", (end) => this.emit("signed-out", end));
    socket.on("user-changed", () => {
      this.emit("signed-out", { isExpired: false, error: new RequestError(Code.NOT_AUTHORISED, "another user has logged in", {}) });
    });
  }
}

/** Return the data of the request that sends a message. @param {OutboxEntry} entry @returns {Commands["message.send"]["data"]} */
function sendData({ target, text, files, clientMsgId, replyTo, threadId, alsoToChannel }) {
  const reply = { ...(replyTo ? { replyTo } : {}), ...(threadId ? { threadId, alsoToChannel } : {}) };
  const attachments = files ? { attachments: files.flatMap(({ attachment }) => attachment?.id ?? []) } : {};
  return { target, type: "text", msg: text, clientMsgId, ...attachments, ...reply };
}
