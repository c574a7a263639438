/**
 * A program that uses the packed client: two users talk while their connections are cut. Prints what came as JSON.
 * Usage: node client_program.mjs URL TOKEN TOKEN USER_NAME_OF_THE_SECOND
 */
import { DisconnectedError, MemoryStorage, RequestError, createClient } from "imsite-client";

const [url, aliceToken, bobToken, bobName] = process.argv.slice(2);
const Native = globalThis.WebSocket;
// As in a runtime without one.
Reflect.deleteProperty(globalThis, "WebSocket");

/** A WebSocket whose connection can be lost, with the reply to the next send or at once. */
class Cuttable {
  static losesReply = false;
  /** @type {Cuttable[]} */ static all = [];

  constructor(address) {
    this.real = new Native(address);
    this.real.onopen = () => this.onopen?.();
    this.real.onmessage = (event) => this.isCut || this.onmessage?.(event);
    this.real.onclose = (event) => this.isCut || this.onclose?.(event);
    Cuttable.all.push(this);
  }

  get readyState() {
    return this.real.readyState;
  }

  send(frame) {
    this.real.send(frame);
    if (!Cuttable.losesReply || !frame.includes('"message.send"')) return;
    Cuttable.losesReply = false;
    this.cut();
  }

  cut() {
    this.isCut = true;
    this.real.close();
    queueMicrotask(() => this.onclose?.({ code: 1006, reason: "" }));
  }

  close() {
    this.real.close();
  }
}

const until = async (condition) => {
  while (!condition()) await new Promise((done) => setTimeout(done, 10));
};

let missing = "";
try {
  createClient({ url });
} catch (error) {
  missing = error.message;
}
const refused = await createClient({ url, token: "no such token", webSocket: Cuttable }).start().catch((error) => error);

const alice = createClient({ url, token: aliceToken, webSocket: Cuttable });
const bobStorage = new MemoryStorage();
const bob = createClient({ url, token: bobToken, webSocket: Cuttable, storage: bobStorage });
await alice.start();
const aliceSocket = Cuttable.all.at(-1);
await bob.start();
const received = [];
bob.on("message", ({ msg }) => received.push(msg));
const { target } = await alice.api.openPrivateChannel(bobName);
await alice.send(target, "one");
await until(() => received.length === 1);
const log = await bob.follow(target);

// What bob misses comes once, and what came before does not come again.
Cuttable.all.at(-1).cut();
await alice.send(target, "two");
const late = bob.send(target, "from bob");
await late;
await until(() => received.length === 2);

// A reply is lost, and the request is repeated.
Cuttable.losesReply = true;
await alice.send(target, "three");
await until(() => received.length === 3);

// A program that repeats a send makes no second message.
const [first, again] = [await alice.send(target, "four", { clientMsgId: "four" }), await alice.send(target, "four", { clientMsgId: "four" })];
const attachment = await alice.upload(new File(["a plan"], "plan.txt", { type: "text/plain" }));
await alice.send(target, "five", { attachments: [attachment] });
await until(() => received.length === 5);

// A refused send is rejected with the site's reason, and is not tried again.
const refusedSend = await alice.send("999999999", "nobody").catch((error) => error);

const guest = createClient({ url, guestName: `Gast ${bobName}`, webSocket: Cuttable });
const { kind } = await guest.start();
guest.stop();
const stopped = await guest.request("ping").catch((error) => error instanceof DisconnectedError);

const { messages } = await bob.history(target);
const result = {
  missing,
  refused: refused instanceof RequestError && refused.code,
  refusedSend: refusedSend instanceof RequestError && refusedSend.code,
  guest: kind,
  stopped,
  received,
  isOnce: first.id === again.id,
  stored: messages.map(({ msg }) => msg),
  log: log.messages.map(({ msg }) => msg),
  files: messages.at(-1).attachments?.map(({ name, size }) => [name, size]),
  unsent: Object.keys(bobStorage).length,
  wasCut: aliceSocket.isCut,
};

// A program that starts again continues at the position of its last run.
bob.stop();
await alice.send(target, "six");
const resumed = [];
const bobAgain = createClient({ url, token: bobToken, webSocket: Cuttable, after: bob.position });
bobAgain.on("message", ({ msg }) => resumed.push(msg));
await bobAgain.start();
result.resumed = resumed.slice(-1);
alice.stop();
bobAgain.stop();
// Without an open connection or timer, the program ends by itself.
console.log(JSON.stringify(result));
