/**
 * The channels and users to which a message can be forwarded. Pure.
 *
 * @import { Channel, User } from "../net/wire-types.js"
 * @import { Contacts } from "../net/state/contacts.js"
 * @typedef {{key: string, name: string, about: string, target: string, channel?: Channel, user?: User}} Destination
 *   `target`: "" for a user without a private channel
 */
import { sendPermission } from "./send-permission.js";

/**
 * Return the channels in which the user can send and whose names contain the text, the last active ones first.
 * @param {Iterable<Channel>} channels
 * @param {string} text
 * @param {Contacts} contacts
 * @param {number} now in ms
 * @returns {Destination[]}
 */
export function channelDestinations(channels, text, contacts, now) {
  const wanted = text.toLocaleLowerCase();
  const isWanted = (/** @type {Channel} */ { name, peer }) => [name, peer?.userId ?? ""].some((one) => one.toLocaleLowerCase().includes(wanted));
  return [...channels]
    .filter((channel) => isWanted(channel) && sendPermission(channel, contacts, now).canSend)
    .sort((a, b) => b.activeAt - a.activeAt)
    .map((channel) => ({ key: channel.target, name: channel.name, about: aboutUser(channel.peer), target: channel.target, channel }));
}

/**
 * Return the found users to whom no private channel of the list leads.
 * @param {User[]} users
 * @param {Iterable<Channel>} channels
 * @param {string} [myId]
 * @returns {Destination[]}
 */
export function userDestinations(users, channels, myId) {
  const known = new Set([...channels].flatMap(({ peer }) => peer?.id ?? []));
  return users
    .filter(({ id, active }) => id !== myId && active !== false && !known.has(id))
    .map((user) => ({ key: `user:${user.id}`, name: user.name, about: aboutUser(user), target: "", user }));
}

/** @param {User | undefined} user */
function aboutUser(user) {
  return user && user.userId !== user.name ? user.userId : "";
}
