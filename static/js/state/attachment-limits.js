/**
 * Decides which files a user may add to a message before any is uploaded. The server decides again. Pure.
 *
 * @import { UserKind } from "../net/wire-types.js"
 * @typedef {{maxBytes: number, perMessage: number, guests: boolean}} AttachmentLimits  `maxBytes`: 0: no files at all
 * @typedef {"empty" | "tooLarge" | "tooMany"} FileProblem
 */

/** @param {AttachmentLimits} limits @param {UserKind | undefined} userKind */
export function mayUpload({ maxBytes, guests }, userKind) {
  return maxBytes > 0 && (guests || userKind !== "guest");
}

/**
 * Return the files that can be added to those of a draft, and the first problem of the others.
 * @template {{name: string, size: number}} F
 * @param {F[]} files
 * @param {number} count of the draft's files
 * @param {AttachmentLimits} limits
 * @returns {{accepted: F[], problem: {kind: FileProblem, name: string, others: number} | null}}
 */
export function acceptFiles(files, count, { maxBytes, perMessage }) {
  /** @type {F[]} */
  const accepted = [];
  /** @type {{kind: FileProblem, name: string}[]} */
  const problems = [];
  for (const file of files) {
    const { name, size } = file;
    if (size === 0) problems.push({ kind: "empty", name });
    else if (size > maxBytes) problems.push({ kind: "tooLarge", name });
    else if (count + accepted.length >= perMessage) problems.push({ kind: "tooMany", name });
    else accepted.push(file);
  }
  const [first] = problems;
  return { accepted, problem: first ? { ...first, others: problems.length - 1 } : null };
}
