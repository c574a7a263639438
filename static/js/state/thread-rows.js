/**
 * Builds the rows of the thread panel: the first message, the number of answers, and the loaded answers with those that
 * wait to be sent. Pure.
 *
 * @import { ChannelLog, LoggedMessage } from "../net/state/channel-log.js"
 * @import { User } from "../net/wire-types.js"
 * @import { OutboxEntry } from "../net/outbox.js"
 * @import { EdgeRow, Row } from "./timeline-rows.js"
 * @typedef {{kind: "missing", key: string}} MissingRow  in place of a first message that cannot be read
 * @typedef {{kind: "answers", key: string}} AnswersRow  between the first message and the answers
 * @typedef {Row | MissingRow | AnswersRow} ThreadRow
 */
import { RowBuilder, messageOf, unsentEntries } from "./timeline-rows.js";

/**
 * @param {{root: LoggedMessage | undefined, answers: ChannelLog, entries: OutboxEntry[], me: User,
 *   dividerSeq: number | null, manages?: boolean}} state  `entries`: those of the thread; `manages`: as in `RowBuilder`
 * @returns {ThreadRow[]}
 */
export function threadRows({ root, answers, entries, me, dividerSeq, manages }) {
  const builder = new RowBuilder({ me, manages });
  if (root) builder.addMessage(root, "sent");
  const first = builder.rows.splice(0);
  builder.endGroup();
  builder.dividerSeq = dividerSeq;
  for (const message of answers.messages) builder.addMessage(message, "sent");
  for (const entry of unsentEntries(entries, answers, me)) {
    builder.addMessage(messageOf(entry, me), entry.state, entry.refusal);
  }
  /** @type {EdgeRow[]} */
  const edge = !answers.isLoaded || answers.hasOlder ? [{ kind: "older", key: answers.isLoaded ? "older" : "initial" }] : [];
  const isMissing = !root && answers.isLoaded;
  return [
    ...(isMissing ? [/** @type {MissingRow} */ ({ kind: "missing", key: "missing" })] : first),
    ...(answers.isLoaded ? [/** @type {AnswersRow} */ ({ kind: "answers", key: "answers" })] : []),
    ...edge,
    ...builder.rows,
  ];
}
