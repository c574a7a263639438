/** The settings that the server writes into the page. */

/** @import { AttachmentLimits } from "./state/attachment-limits.js" */
/** @import { MailDigest } from "./widgets/mail-digest-setting.js" */
import { byId } from "./lib/dom.js";

/**
 * `isShell`: the page was opened without a connection, and its user is not known yet (chat/views/offline_shell.py);
 * `version`: of the page and its files
 * @typedef {{appId: number, signedIn: boolean, userId: string | null, registration: boolean, staff: boolean,
 *   messageLimit: number, sectionNameLimit: number, mentionAll: "managers" | "members" | "nobody", attachments: AttachmentLimits, pushKey: string, invites: {days: number, maxDays: number},
 *   timeZone: string, mailDigest: MailDigest | null, isShell: boolean, version: string}} Boot
 */

/** @type {Boot} */
export const boot = JSON.parse(byId("boot").textContent ?? "");
