/** Uses the packed client with its types; compiled in strict mode, never run. */
import { type ClientOptions, type Message, type Pushes, RequestError, createClient } from "imsite-client";
import { ThreadList } from "imsite-client/thread-list.js";

const options: ClientOptions = { url: "https://im.example", token: "…", webSocket: WebSocket };
const client = createClient(options);
client.on("message", async (message: Message) => {
  if (message.fromId === client.me?.id) return;
  const { id, seq }: { id: string; seq: number } = await client.send(message.target, "pong", { replyTo: message });
  client.markRead(message.target, seq);
  console.log(id);
});
client.on("signed-out", ({ error }) => console.log(error.reason, error instanceof RequestError));
client.onPush("message.reacted", ({ emoji, by }) => console.log(emoji.length, by.name));
const edited = (edit: Pushes["message.edited"]): string => edit.msg;
client.onPush("message.edited", edited);

const { channels } = await client.request("channel.list");
const log = await client.follow(channels[0].target);
const texts: string[] = log.messages.map(({ msg }) => msg);
const { socket, store, session, threads } = client;
console.log(texts, new ThreadList({ socket, store, session, threads }));

// @ts-expect-error there is no such command
void client.request("no.such");
// @ts-expect-error a target is a text
void client.send(1, "text");
