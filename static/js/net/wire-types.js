/**
 * Types of the JSON protocol, for the type checker only: no module loads this file. The site's protocol
 * reference describes the fields. A `target` is a channel id; ids are decimal strings; times are Unix milliseconds.
 *
 * @typedef {"person" | "guest" | "service"} UserKind
 * @typedef {{userId: string, id: string, name: string, avatar: string, kind: UserKind, status?: string,
 *   active?: boolean}} User
 *   `userId`: the unique user name; `name`: the display name; `avatar`: an address, or ""; `active`: false if the
 *   account is not active, so that the user cannot be reached
 * @typedef {"owner" | "admin" | "member"} Role
 * @typedef {User & {role: Role, online: boolean}} Member
 * @typedef {User & {online: boolean}} Friend
 *
 * @typedef {"open" | "invite" | "closed"} JoinPolicy
 * @typedef {{until?: number}} Mute  without `until` for an unlimited time
 * @typedef {{level: "default" | "all" | "mentions" | "none", muted: boolean}} NotificationChoice  of a channel, for all devices
 * @typedef {{target: string, kind: "global" | "public" | "private", name: string, join: JoinPolicy, listed: boolean,
 *   closed: boolean, history: string, announcementsOnly: boolean, slowMode: number, linkPreviews: boolean, role: Role | null, topic?: string, description?: string, joinRequests?: number, picture?: string,
 *   appId?: number, peer?: User, peerReadSeq?: number | null, memberCount?: number, muted?: Mute, notifications?: NotificationChoice, starred?: boolean, lastSeq: number, readSeq: number,
 *   unread: number, mentions: number, activeAt: number}} Channel
 *   `mentions`: unread messages that mention the user; `slowMode`: seconds between two messages; `peer` and `peerReadSeq` of a private channel only
 * @typedef {Partial<Pick<Channel, "join" | "listed" | "announcementsOnly" | "slowMode" | "linkPreviews" | "history" | "topic" | "description">>} GroupPolicy
 * @typedef {{target: string, name: string, memberCount: number, join: JoinPolicy, picture?: string}} FoundGroup
 * @typedef {{id: string, target: string, by: User, time: number, uses: number, needsApproval: boolean, token?: string,
 *   expiresAt?: number, maxUses?: number}} Invite  a link to join a group
 * @typedef {{target: string, name: string, memberCount: number, by: User, topic?: string, description?: string, picture?: string,
 *   state: "open" | "approval" | "requested" | "member"}} Invitation  the group of a link, as an invited user sees it
 * @typedef {{id: string, who: User, time: number}} JoinRequest
 * @typedef {{size: number, path: string}} QrCode  the path of an SVG with this side
 * @typedef {"mute" | "ban"} RestrictionKind
 * @typedef {{kind: RestrictionKind, until?: number, reason?: string, who: User, by: User}} ListedRestriction  in a group
 * @typedef {{appId: number, name: string, target: string}} App  `target`: the app's global channel
 *
 * @typedef {{name: string, channels: string[]}} SidebarSection  of the user's own; targets in their order
 * @typedef {{revision: number, sort: "latest" | "name" | "unread", sections: SidebarSection[]}} SidebarArrangement  of the list of channels
 * @typedef {{id: string, count: number, lastSeq: number, lastAt: number, position: number, follows: boolean,
 *   readSeq: number, unread: number}} Thread  the answers to a message; `id` is the message's
 * @typedef {{name: string, url: string, width: number, height: number}} CustomEmoji  `name`: without colons; sizes in pixels
 * @typedef {{target: string, thread: Thread, root?: Message}} ThreadListEntry  `root`: absent if the user may not read it, or it is gone
 * @typedef {{emoji: string, count: number, mine: boolean, users: User[], position: number}} Reaction
 *   `users`: the first ten; `position`: that of the last event about this emoji
 * @typedef {{id: string, name: string, type: string, kind: "image" | "video" | "audio" | "file", size: number,
 *   sha256?: string, url: string, width?: number, height?: number, duration?: number, preview?: string,
 *   thumbnail?: string, removed?: boolean}} Attachment
 *   `type`: a MIME type; `duration` in ms; `preview`: a tiny WebP picture in Base64; `thumbnail`: an address
 * @typedef {{id: string, url: string, title: string, siteName?: string, description?: string, picture?: string,
 *   width?: number, height?: number}} LinkPreview  of a page that a message links to; `picture`: an address on the site
 * @typedef {{id?: string, name: string}} Mention  without `id` of all members; `name`: as it stands in the text
 * @typedef {{from: string, fromId: string, name: string, time: number, target?: string, id?: string, seq?: number}} ForwardOrigin
 *   the first sender of a forwarded message and its time; `target` and `seq`: its channel and number there, if they may be known
 * @typedef {{target: string, type: "text" | "file" | "picture" | "voice", msg: string, from: string, fromId: string,
 *   name: string, avatar: string, id: string, seq: number, time: number, position?: number, replyTo?: string,
 *   replySeq?: number, editedAt?: number, recalled?: boolean, content?: string, attachments?: Attachment[],
 *   mentions?: Mention[], reactions?: Reaction[], previews?: LinkPreview[], threadId?: string, threadOnly?: boolean, threadCount?: number,
 *   thread?: Thread, forwarded?: ForwardOrigin, action?: true}} Message
 *   `from`: the sender's user name; `content`: the text beside attachments or of a forwarded message, or Base64 of a picture or voice message;
 *   `msg`: the text, or in those messages what stands for them; `action`: by `/me`, with the text alone in `content`
 * @typedef {{id: string, target: string, msg: string, at: number, attachments: Attachment[], replyTo?: string,
 *   threadId?: string, threadOnly?: boolean, refusal?: {code: number, reason: string, data: ErrorData}}} ScheduledMessage
 *   `at`: when it is sent; `refusal`: why it could not be
 * @typedef {Message & {savedAt: number}} SavedMessage
 * @typedef {{target: string, note: string, by: User, who: User[], value: string, seq: number, time: number,
 *   position: number}} SystemNote  an event of a channel, shown after its message number `seq`
 *
 * @typedef {{error?: string, retryAfter?: number, limit?: number, until?: number | null}} ErrorData
 *   `retryAfter` in seconds; further members depend on the reason
 * @typedef {{code: number, codeMsg?: string, reason?: string, data?: unknown}} RawResponse
 * @typedef {{seq?: unknown, cmd?: unknown, response?: RawResponse}} RawEnvelope
 * @typedef {{seq: string, cmd: string, code: number, codeMsg: string, reason: string, data: unknown}} Envelope
 *   a reply or a push; `reason`: the key of an error, else ""
 */

/**
 * Replies.
 *
 * @typedef {{userId: string, id: string, name: string, avatar?: string, kind: UserKind, appId: number, appName: string,
 *   target: string, position: number, doNotDisturbUntil?: number, away?: boolean, serviceToken?: string, uploadMaxBytes?: number}} LoginReply
 * @typedef {{events?: RawEnvelope[], hasMore?: boolean, reset?: true, position: number}} SyncReply
 * @typedef {{target: string, id: string, seq: number, time: number, position: number, mentions?: Mention[]}} SendReply
 * @typedef {{target: string, id: string, emoji: string, count: number, position: number}} ReactionReply
 * @typedef {{name: string, hint: string, description: string, service?: User}} SlashCommand
 * @typedef {{command: string, text: string, note?: string, name?: string, until?: number, runId?: string}} SlashResult
 *   `text`: in English, for the user alone, or ""; `note`: its key
 * @typedef {{messages: Message[], notes?: SystemNote[], hasMore: boolean}} HistoryPage
 * @typedef {{messages: Message[], hasMore: boolean, root?: Message}} ThreadPage  `root`: unless it cannot be read
 * @typedef {{messages: Message[], next: string | null}} SearchPage
 * @typedef {{friends: Friend[], asking: User[], asked: User[], blocked: User[]}} ContactLists
 *   `asking`: incoming friend requests, `asked`: outgoing ones
 */

/**
 * Data and reply of each command that the page uses.
 *
 * @typedef {{
 *   "login": {data: {appId: number, userId?: string, serviceToken?: string, after?: number}, reply: LoginReply},
 *   "push.active": {data: {active: boolean, idle: number}, reply: {active: boolean}},
 *   "heartbeat": {data: {}, reply: {position?: number}},
 *   "ping": {data: {}, reply: "pong"},
 *   "widget.renew": {data: {serviceToken: string}, reply: {expires: number}},
 *   "sync": {data: {after: number}, reply: SyncReply},
 *   "message.send": {data: {target: string, type?: "text", msg: string, clientMsgId: string, replyTo?: string,
 *     threadId?: string, alsoToChannel?: boolean, attachments?: string[]}, reply: SendReply},
 *   "message.forward": {data: {target: string, id: string, to: string, attachments: string[], clientMsgId: string},
 *     reply: SendReply},
 *   "message.schedule": {data: {target: string, msg: string, at: number, clientMsgId: string, replyTo?: string,
 *     threadId?: string, alsoToChannel?: boolean, attachments?: string[]}, reply: ScheduledMessage},
 *   "scheduled.list": {data: {skip?: number}, reply: {messages: ScheduledMessage[], hasMore: boolean}},
 *   "scheduled.edit": {data: {id: string, msg?: string, at?: number}, reply: ScheduledMessage},
 *   "scheduled.cancel": {data: {id: string}, reply: {id: string}},
 *   "scheduled.send": {data: {id: string}, reply: SendReply},
 *   "saved.add": {data: {target: string, id: string}, reply: Pushes["saved.changed"]},
 *   "saved.remove": {data: {id: string}, reply: {id: string}},
 *   "saved.list": {data: {before?: string, limit?: number}, reply: {messages: SavedMessage[], next: string | null}},
 *   "saved.ids": {data: {before?: string}, reply: {ids: string[], next: string | null}},
 *   "message.history": {data: {target: string, before?: number, after?: number, limit?: number}, reply: HistoryPage},
 *   "message.search": {data: {q: string, target?: string, before?: string, limit?: number}, reply: SearchPage},
 *   "mention.list": {data: {before?: string, limit?: number}, reply: SearchPage},
 *   "message.get": {data: {target: string, id: string}, reply: Message},
 *   "message.edit": {data: {target: string, id: string, msg: string}, reply: Pushes["message.edited"]},
 *   "message.recall": {data: {target: string, id: string}, reply: {position: number}},
 *   "thread.history": {data: {target: string, threadId: string, before?: number, limit?: number}, reply: ThreadPage},
 *   "thread.list": {data: {before?: number, limit?: number}, reply: {threads: ThreadListEntry[], hasMore: boolean}},
 *   "thread.follow": {data: {target: string, threadId: string}, reply: Pushes["thread.mark"]},
 *   "thread.unfollow": {data: {target: string, threadId: string}, reply: Pushes["thread.mark"]},
 *   "thread.mark": {data: {target: string, threadId: string, seq: number}, reply: Pushes["thread.mark"]},
 *   "message.react": {data: {target: string, id: string, emoji: string}, reply: ReactionReply},
 *   "message.unreact": {data: {target: string, id: string, emoji: string}, reply: ReactionReply},
 *   "emoji.list": {data: {}, reply: {emoji: CustomEmoji[]}},
 *   "message.remove_preview": {data: {target: string, id: string, previewId: string}, reply: {position: number}},
 *   "attachment.remove": {data: {target: string, id: string, attachment: string}, reply: {position: number}},
 *   "slash.list": {data: {target: string}, reply: {commands: SlashCommand[]}},
 *   "slash.run": {data: {target: string, text: string, threadId?: string, clientMsgId?: string}, reply: SlashResult},
 *   "dnd.set": {data: {seconds: number}, reply: {until?: number}},
 *   "mail.digest": {data: {hours: number}, reply: {hours: number}},
 *   "presence.set": {data: {presence: "auto" | "away"}, reply: {presence: "auto" | "away"}},
 *   "typing": {data: {target: string, threadId?: string}, reply: {target: string, shown: boolean}},
 *   "message.readers": {data: {target: string, id: string, after?: string},
 *     reply: {shown: boolean, readers: User[], count: number, hasMore: boolean}},
 *   "message.pin": {data: {target: string, id: string}, reply: {}},
 *   "message.unpin": {data: {target: string, id: string}, reply: {}},
 *   "message.pins": {data: {target: string}, reply: {messages: Message[]}},
 *   "message.report": {data: {target: string, id: string, reason: string}, reply: {}},
 *   "read.mark": {data: {target: string, seq: number}, reply: {}},
 *   "read.unmark": {data: {target: string, seq: number}, reply: {target: string, readSeq: number}},
 *   "channel.list": {data: {skip?: number}, reply: {channels: Channel[], hasMore: boolean}},
 *   "channel.get": {data: {target: string}, reply: Channel},
 *   "channel.create": {data: {kind: "public" | "private", members: string[], name?: string, join?: string,
 *     listed?: boolean}, reply: Channel},
 *   "channel.join": {data: {target: string}, reply: Channel},
 *   "channel.star": {data: {target: string, starred: boolean}, reply: {}},
 *   "sidebar.get": {data: {}, reply: SidebarArrangement},
 *   "sidebar.change": {data: {revision: number} & Partial<Pick<SidebarArrangement, "sort" | "sections">>, reply: SidebarArrangement},
 *   "invite.create": {data: {target: string, seconds?: number, maxUses?: number, needsApproval?: boolean}, reply: Invite},
 *   "invite.list": {data: {target: string}, reply: {invites: Invite[]}},
 *   "invite.revoke": {data: {target: string, id: string}, reply: {}},
 *   "invite.show": {data: {token: string}, reply: Invitation},
 *   "invite.accept": {data: {token: string}, reply: {state: "member" | "requested", channel?: Channel}},
 *   "invite.withdraw": {data: {target: string}, reply: {}},
 *   "invite.qr": {data: {text: string}, reply: QrCode},
 *   "invite.requests": {data: {target: string, after?: string, limit?: number}, reply: {requests: JoinRequest[], hasMore: boolean}},
 *   "invite.decide": {data: {target: string, member: string, approve: boolean}, reply: {}},
 *   "channel.picture": {data: {target: string, attachment?: string}, reply: Channel},
 *   "channel.close": {data: {target: string, closed: boolean}, reply: Channel},
 *   "channel.leave": {data: {target: string}, reply: {}},
 *   "channel.invite": {data: {target: string, members: string[]}, reply: {added: User[]}},
 *   "channel.remove": {data: {target: string, member: string}, reply: {}},
 *   "channel.rename": {data: {target: string, name: string}, reply: Channel},
 *   "channel.role": {data: {target: string, member: string, role: Role}, reply: {}},
 *   "channel.policy": {data: {target: string} & GroupPolicy, reply: Channel},
 *   "channel.members": {data: {target: string, after?: string, limit?: number},
 *     reply: {members: Member[], hasMore: boolean}},
 *   "channel.notifications": {data: {target: string} & Partial<NotificationChoice>, reply: Pushes["notifications.changed"]},
 *   "channel.search": {data: {q: string}, reply: {channels: FoundGroup[]}},
 *   "channel.restrict": {data: {target: string, member: string, kind: RestrictionKind, seconds?: number, reason?: string}, reply: {}},
 *   "channel.unrestrict": {data: {target: string, member: string, kind: RestrictionKind}, reply: {}},
 *   "channel.restrictions": {data: {target: string}, reply: {restrictions: ListedRestriction[]}},
 *   "channel.transfer": {data: {target: string, member: string}, reply: {}},
 *   "presence.list": {data: {}, reply: {online: (User & {away?: boolean})[], count: number}},
 *   "person.search": {data: {q: string}, reply: {persons: User[]}},
 *   "person.block": {data: {userId: string}, reply: {}},
 *   "person.unblock": {data: {userId: string}, reply: {}},
 *   "friend.list": {data: {}, reply: ContactLists},
 *   "friend.request": {data: {userId: string}, reply: {}},
 *   "friend.accept": {data: {userId: string}, reply: {}},
 *   "friend.decline": {data: {userId: string}, reply: {}},
 *   "friend.remove": {data: {userId: string}, reply: {}},
 *   "app.list": {data: {}, reply: {apps: App[]}},
 * }} Commands
 */

/**
 * Data of each kind of push.
 *
 * @typedef {{target: string, from: string, fromId: string, name?: string, avatar?: string, kind?: UserKind}} PresenceChange
 * @typedef {{by: User, who: User, position: number}} ContactChange
 * @typedef {{target: string, id: string, emoji: string, count: number, by: User, position: number}} ReactionPush
 * @typedef {ReactionPush & {isAdded: boolean}} ReactionChange
 * @typedef {{
 *   "msg": Message,
 *   "message.edited": {target: string, id: string, seq: number, msg: string, content?: string, mentions?: Mention[],
 *     editedAt: number},
 *   "message.recalled": {target: string, id: string, seq: number, position: number, threadId?: string,
 *     threadCount?: number},
 *   "message.previewed": {target: string, id: string, previews: LinkPreview[]},
 *   "message.expired": {target: string, seq: number},
 *   "attachment.removed": {target: string, id: string, seq: number, attachments: string[]},
 *   "attachment.expired": {target: string, seq: number},
 *   "message.pinned": {target: string, id: string},
 *   "message.reacted": ReactionPush,
 *   "message.unreacted": ReactionPush,
 *   "message.unpinned": {target: string, id: string},
 *   "emoji.changed": {name: string, emoji?: CustomEmoji},
 *   "slash.answer": {target: string, runId: string, command: string, text: string, by: User, failure?: string},
 *   "dnd.changed": {until?: number},
 *   "presence.changed": {target: string, by: User, away: boolean},
 *   "presence.mode": {presence: "auto" | "away"},
 *   "channel.note": SystemNote,
 *   "join.requested": {target: string, who: User, position: number},
 *   "join.decided": {target: string, name: string, who: User, by: User, approved: boolean, position: number},
 *   "restriction": {kind: "mute" | "unmute" | "ban" | "unban", target?: string, until?: number},
 *   "friend.requested": ContactChange,
 *   "friend.accepted": ContactChange,
 *   "friend.removed": ContactChange,
 *   "person.blocked": ContactChange,
 *   "person.unblocked": ContactChange,
 *   "person.changed": {who: User, status: string},
 *   "read.mark": {target: string, readSeq: number},
 *   "read.unmark": {target: string, readSeq: number},
 *   "sidebar.changed": SidebarArrangement,
 *   "channel.starred": {target: string, starred: boolean},
 *   "thread.mark": {target: string, threadId: string, follows: boolean, readSeq: number},
 *   "typing": {target: string, threadId?: string, by: User},
 *   "notifications.changed": {target: string, notifications: NotificationChoice},
 *   "scheduled.changed": {id: string, message?: ScheduledMessage},
 *   "saved.changed": {target: string, id: string, savedAt?: number},
 *   "read.seen": {target: string, readSeq: number},
 *   "enter": PresenceChange,
 *   "exit": PresenceChange,
 * }} Pushes
 */

export {};
