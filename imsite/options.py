"""Every environment variable that the site reads. `manage.py options` prints the list.

A Rate is the sustained number per second, unless its description says per hour; a Burst is how many may come at once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import environ
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Option:
    """One variable. `development` is the default of a development start, if it differs from `production`."""

    name: str
    production: object
    description: str
    development: object = None

    def default(self, *, development: bool) -> object:
        """Return the default of a development or production start."""
        if development and self.development is not None:
            return self.development
        return self.production


LOOPBACK = ("127.0.0.0/8", "::1/128")

OPTIONS = (
    # Site
    Option("IM_ENV", "development", "`development` (relaxed defaults, for one machine) or `production`."),
    Option("IM_LOG_LEVEL", "WARNING", "Lowest level that is logged: DEBUG, INFO, WARNING or ERROR."),
    Option(
        "IM_LOG_RATE_LIMIT",
        20,
        "Different warnings or errors of one log event logged per 10 seconds; repeated ones are logged at growing "
        "intervals. 0 logs all.",
    ),
    Option("IM_DATA_DIR", "data", "Directory of the SQLite database, the generated secret key and uploads."),
    Option("SECRET_KEY", "", "Django's secret key. Required in production; otherwise generated in IM_DATA_DIR."),
    Option("DATABASE_URL", "", "postgres://user:password@host/name. Empty: SQLite in IM_DATA_DIR."),
    Option("REDIS_URL", "", "redis://:password@host:6379/0. Makes the site a cluster. Empty: a single node."),
    Option("ALLOWED_HOSTS", (), "Comma-separated host names of the site.", ("localhost", "127.0.0.1", "[::1]")),
    Option("HOST", "127.0.0.1", "Address that `serve` listens on."),
    Option("PORT", 8000, "Port that `serve` listens on."),
    Option("IM_WORKERS", 1, "Processes of `serve`, each a node. The nth also listens alone on PORT + n."),
    Option(
        "IM_STATIC_BUNDLES",
        True,
        "Pages load their modules and style sheets as one file each; False: one by one.",
    ),
    Option("IM_TRUSTED_PROXIES", "", "Comma-separated proxies whose X-Forwarded-For and -Proto headers are trusted."),
    Option("IM_ALLOWED_ORIGINS", (), "Comma-separated origins of other sites whose pages may connect."),
    # Access by network
    Option("IM_OPEN_GATEWAY", (), "Networks that may use the legacy HTTP calls without a token.", LOOPBACK),
    Option(
        "IM_MONITORING_NETWORKS",
        (),
        "Networks that may read /metrics, /healthz, /readyz and /debug. Others need staff status and `view_state`.",
        LOOPBACK,
    ),
    Option(
        "IM_API_DOCS_NETWORKS",
        (),
        "Networks that may read /api/schema/, /api/docs/ and /api/protocol/. Others need staff status or an API token.",
        ("0.0.0.0/0", "::/0"),
    ),
    # Accounts
    Option("IM_GUESTS", False, "Users may log in as guests, without an account.", True),
    Option("IM_REGISTRATION", True, "Users may create accounts."),
    Option("IM_PASSWORD_MIN_LENGTH", 10, "Minimum characters of a password.", 3),
    Option(
        "IM_LOGIN_MAX_FAILURES",
        10,
        "Wrong passwords for one name from one address that lock it for IM_LOGIN_LOCK_SECONDS.",
        100,
    ),
    Option("IM_LOGIN_LOCK_SECONDS", 900, "Seconds for which a name stays locked after its last failure."),
    Option("IM_SIGN_IN_RATE", 1000, "Password attempts per hour and address, for any names; 0 is unlimited.", 0),
    Option("SOCIAL_AUTH_GITHUB_KEY", "", "GitHub client ID. With its secret, it enables sign-in with GitHub."),
    Option("SOCIAL_AUTH_GITHUB_SECRET", "", "GitHub client secret."),
    Option("SOCIAL_AUTH_GOOGLE_OAUTH2_KEY", "", "Google client ID. With its secret, it enables sign-in with Google."),
    Option("SOCIAL_AUTH_GOOGLE_OAUTH2_SECRET", "", "Google client secret."),
    Option("SOCIAL_AUTH_WEIXIN_KEY", "", "WeChat AppID. With its secret, it enables sign-in with WeChat."),
    Option("SOCIAL_AUTH_WEIXIN_SECRET", "", "WeChat AppSecret."),
    Option(
        "EMAIL_URL",
        "",
        "Mail server, smtp+tls://user:password@host:587. Empty: mail is printed in development, else not sent.",
    ),
    Option("DEFAULT_FROM_EMAIL", "imsite@localhost", "Sender address of mail."),
    Option("IM_REGISTRATION_RATE", 20, "New accounts and guests per hour and address; 0 is unlimited.", 0),
    Option("IM_OAUTH_RATE", 200, "Sign-ins with other sites started per hour and address; 0 is unlimited.", 0),
    Option("IM_MAIL_RATE", 10, "Mails per hour and address that forms may send; 0 is unlimited.", 0),
    Option("IM_EXPORT_RATE", 6, "Data exports per hour and user; 0 is unlimited."),
    Option("IM_PROFILE_RATE", 60, "Profile and picture changes per hour and user; 0 is unlimited.", 0),
    Option("IM_AVATAR_MAX_BYTES", 5_000_000, "Maximum bytes of an uploaded avatar."),
    Option("IM_TOKEN_DAYS", 90, "Days until a token expires, unless its creator sets another time."),
    Option("IM_SERVICE_TOKEN_DAYS_MAX", 730, "Maximum days that a service's token can be valid."),
    Option("IM_EXTERNAL_TOKEN_SECONDS", 3600, "Seconds until a token expires that a service creates for its user."),
    Option("IM_EXTERNAL_TOKEN_SECONDS_MAX", 2_592_000, "Maximum seconds that such a token can be valid."),
    # Connections
    Option("IM_MAX_CONNECTIONS", 15000, "WebSocket connections per process. Further handshakes get a 503."),
    Option("IM_MAX_CONNECTIONS_PER_USER", 20, "Connections per user and node.", 1000),
    Option("IM_MAX_CONNECTIONS_PER_ADDRESS", 500, "Connections per client address and node.", 15000),
    Option("IM_REQUEST_TIMEOUT", 30.0, "Seconds in which an HTTP request or handshake must arrive completely."),
    Option("IM_LOGIN_TIMEOUT", 30.0, "Seconds until a connection that has not logged in is closed."),
    Option("IM_HEARTBEAT_TIMEOUT", 360.0, "Seconds without a frame from the client until a connection is closed."),
    Option("IM_PING_INTERVAL", 25.0, "Seconds between WebSocket pings, and until a ping must be answered."),
    Option(
        "IM_LEAN_WEBSOCKETS", True, "WebSockets of a class that keeps little while idle; False: of uvicorn's class."
    ),
    Option("IM_DRAIN_TIMEOUT", 4.0, "Seconds from SIGTERM until the server exits, with or without open requests."),
    Option("IM_RECONNECT_SPREAD_SECONDS", 10.0, "Seconds over which a draining node spreads its clients' reconnects."),
    Option("IM_MAX_FRAME_BYTES", 65536, "Maximum bytes of a frame. A larger one closes the connection with 1009."),
    Option("IM_MAX_BODY_BYTES", 16_777_216, "Maximum bytes of an HTTP body. A longer one closes the connection."),
    Option("IM_OUTBOX_MAX_BYTES", 1_048_576, "Bytes queued for a connection above which it is closed with 4008."),
    Option("IM_OUTBOX_WINDOW_SECONDS", 0.03, "Seconds for which writes to a busy connection are collected."),
    Option("IM_OUTBOX_MAX_WINDOW_SECONDS", 0.1, "The same while a node writes to hundreds of busy connections."),
    # Limits of users
    Option("IM_MESSAGE_MAX_LENGTH", 8000, "Maximum characters of a message."),
    Option(
        "IM_SITE_URL", "", "Address of the site, such as https://chat.example, in links for clients that are no page."
    ),
    Option("IM_ATTACHMENTS_PER_MESSAGE", 10, "Files that one message can carry."),
    Option(
        "IM_MENTION_ALL",
        "managers",
        "Members of a group who can mention all by @all: `managers` (owners and admins), `members` or `nobody`.",
    ),
    Option("IM_MENTIONS_PER_MESSAGE", 50, "Different mentions that count in one message."),
    # Link previews
    Option("IM_LINK_PREVIEWS", True, "The site loads pages that messages link to, and shows what they are about."),
    Option("IM_LINK_PREVIEWS_PER_MESSAGE", 3, "Links of one message that get a preview."),
    Option("IM_LINK_PREVIEW_RATE", 0.5, "Pages per second and user that are loaded for previews."),
    Option("IM_LINK_PREVIEW_BURST", 20, "Pages per user that are loaded at once."),
    Option("IM_LINK_PREVIEW_HOST_INTERVAL", 0.5, "Seconds between two requests of a node to the same host."),
    Option("IM_LINK_PREVIEW_TIMEOUT", 8.0, "Seconds in which a page, or its picture, must arrive with all redirects."),
    Option("IM_LINK_PREVIEW_MAX_REDIRECTS", 5, "Redirects that are followed to a page."),
    Option("IM_LINK_PREVIEW_MAX_BYTES", 1_048_576, "Bytes of a page that are read."),
    Option("IM_LINK_PREVIEW_PICTURE_MAX_BYTES", 5_242_880, "Maximum bytes of a page's picture."),
    Option("IM_LINK_PREVIEW_HOURS", 24, "Hours for which a loaded page, and one that could not be read, is shared."),
    Option("IM_LINK_PREVIEW_PORTS", ("80", "443"), "Comma-separated ports that pages are loaded from."),
    Option(
        "IM_LINK_PREVIEW_PRIVATE_NETWORKS",
        (),
        "Comma-separated private networks that pages are loaded from, such as 10.0.0.0/8. Everyone who sends a "
        "message can then make the site call them.",
    ),
    Option(
        "IM_LINK_PREVIEW_USER_AGENT",
        "imsite-link-preview/1.0 (bot)",
        "The name by which the site calls other sites.",
    ),
    # Uploads
    Option("IM_ATTACHMENT_STORAGE", "", "Directory of uploaded files. Empty: `attachments` in IM_DATA_DIR."),
    Option(
        "IM_S3_BUCKET", "", "Bucket of an S3-compatible storage for uploaded files. Empty: they are in a directory."
    ),
    Option("IM_S3_ENDPOINT", "", "Address of that storage, such as https://s3.example.org. Empty: Amazon's."),
    Option("IM_S3_REGION", "us-east-1", "Region of the bucket."),
    Option(
        "IM_S3_KEY",
        "",
        "Access key of the storage. Empty: keys are looked up as Amazon's tools do, such as in AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, the file AWS_SHARED_CREDENTIALS_FILE, or the role of the machine.",
    ),
    Option("IM_S3_SECRET", "", "Secret of that access key."),
    Option(
        "IM_S3_ADDRESSING",
        "auto",
        "`path` for storages with the bucket in the path, `virtual` with the bucket in the host name, or `auto`.",
    ),
    Option("IM_S3_PREFIX", "", "Start of the names of all objects, such as imsite, if others use the bucket too."),
    Option("IM_S3_TIMEOUT", 10.0, "Seconds in which the storage must connect, and then must send something."),
    Option(
        "IM_S3_REDIRECT",
        True,
        "Browsers load pictures and downloads from the storage, by addresses that are valid for a minute. False: the "
        "node sends them as it sends video and sound, for a storage that browsers cannot reach.",
    ),
    Option("IM_ATTACHMENT_MAX_BYTES", 2_147_483_648, "Maximum bytes of an uploaded file."),
    Option(
        "IM_ATTACHMENT_TYPES",
        (),
        "MIME types that can be uploaded, such as image/*,application/pdf, found in the content. Empty: all.",
    ),
    Option(
        "IM_UPLOAD_BYTES_PER_DAY", 4_294_967_296, "Bytes that a user may upload within 24 hours; 0 is unlimited.", 0
    ),
    Option("IM_STORAGE_BYTES_PER_USER", 21_474_836_480, "Bytes of a user's files; 0 is unlimited.", 0),
    Option(
        "IM_SCANNER",
        "",
        "ClamAV's daemon, which checks uploaded files for viruses: host:port, or the path of its socket. Empty: none.",
    ),
    Option(
        "IM_SCANNER_MAX_BYTES",
        26_214_400,
        "Bytes up to which files are checked, at most its StreamMaxLength. Larger ones are accepted unchecked.",
    ),
    Option("IM_SCANNER_TIMEOUT", 60.0, "Seconds in which the daemon must connect, take a piece of a file, and answer."),
    Option(
        "IM_SCANNER_FAILURE",
        "hold",
        "If the daemon does not answer: `hold` uploads until it does, or `accept` them unchecked.",
    ),
    Option("IM_GUEST_UPLOADS", False, "Guests may upload files."),
    Option("IM_PICTURE_MAX_PIXELS", 50_000_000, "Maximum pixels of an uploaded picture."),
    Option("IM_PICTURE_MAX_BYTES", 67_108_864, "Maximum bytes of an uploaded picture."),
    Option(
        "IM_UPLOAD_SECONDS_WITHOUT_PROGRESS",
        30.0,
        "Seconds in which an upload must bring 16 KiB, a reader of a file must take 256 KiB, and a reader of another "
        "response must take anything.",
    ),
    Option(
        "IM_UPLOAD_MAX_PARTS",
        2000,
        "Parts in which a resumable upload can be stored. A whole one has 8 MiB; a request that ends cuts one.",
    ),
    Option("IM_UPLOAD_HOURS", 24, "Hours after which unfinished uploads, and files that were never sent, are deleted."),
    Option(
        "IM_ACCEL_REDIRECT",
        "",
        "Path of an internal location of nginx, such as /stored-files/, from which nginx sends files. Empty: the node "
        "sends them.",
    ),
    Option(
        "IM_TYPING_MAX_MEMBERS",
        100,
        "Members of a group, or users online in an app, up to which others see who is typing, because each notice goes "
        "to all of them. 0: never.",
    ),
    Option(
        "IM_READERS_MAX_MEMBERS",
        100,
        "Members of a group up to which the sender of a message sees who has read it. Their read positions are read "
        "for each look. 0: never.",
    ),
    Option("IM_TYPING_RATE", 1.0, "Notices per second and user that they are typing."),
    Option("IM_TYPING_BURST", 10, "Notices per user at once that they are typing."),
    Option("IM_SEND_RATE", 20.0, "Messages per second and user, and as many other changes.", 20000.0),
    Option("IM_SEND_BURST", 60, "Messages per user at once, and as many other changes.", 20000),
    Option("IM_SEARCH_RATE", 2.0, "Message searches per second and user.", 2000.0),
    Option("IM_SEARCH_BURST", 20, "Message searches per user at once.", 2000),
    Option("IM_REQUEST_RATE", 50.0, "Requests of any kind per second and connection.", 20000.0),
    Option("IM_REQUEST_BURST", 200, "Requests of any kind per connection at once.", 20000),
    Option("IM_MAX_IN_FLIGHT", 64, "Messages of one connection that may await their commit."),
    Option("IM_GROUP_MAX_MEMBERS", 1000, "Members per group."),
    Option("IM_MAX_GROUPS_PER_USER", 1000, "Groups per user."),
    Option("IM_MAX_FRIENDS_PER_USER", 2000, "Friends and sent friend requests per user."),
    Option("IM_MAX_BLOCKS_PER_USER", 1000, "Blocked users per user."),
    Option("IM_MAX_PINS_PER_CHANNEL", 50, "Pinned messages per channel."),
    Option("IM_MAX_SAVED_MESSAGES", 1000, "Saved messages per user."),
    Option("IM_MAX_CUSTOM_EMOJI", 500, "Custom emoji of the site."),
    Option("IM_CUSTOM_EMOJI_MAX_BYTES", 524_288, "Maximum bytes of the picture of a custom emoji."),
    Option("IM_MAX_EMOJI_PER_MESSAGE", 20, "Different emoji that users can react with to a message."),
    Option("IM_MAX_REPORTS_PER_DAY", 50, "Reported messages per user and day."),
    Option("IM_SCHEDULED_PER_USER", 100, "Scheduled messages per user that are not sent yet."),
    Option("IM_SCHEDULE_MAX_DAYS", 365, "Days ahead for which a message can be scheduled."),
    # Writing and reading
    Option("IM_COMMIT_INTERVAL", 0.008, "Seconds between commits of a single node while several users send."),
    Option("IM_CLUSTER_COMMIT_INTERVAL", 0.06, "Seconds between commits of a cluster node while several users send."),
    Option("IM_COMMIT_MAX_MESSAGES", 200, "Messages per commit."),
    Option("IM_WRITE_QUEUE_MAX_MESSAGES", 20000, "Messages that may await their commit per process; more get 1011."),
    Option("IM_HTTP_CONCURRENCY", 32, "HTTP requests that a process handles at a time. Others wait."),
    Option("IM_FAST_PATH", True, "Frequent HTTP calls are answered on the event loop, without Django's middleware."),
    Option("IM_DB_THREADS", 8, "Database threads (on PostgreSQL, connections) per process."),
    Option("IM_SYNC_MAX_EVENTS", 5000, "Events that `sync` replays. A client that missed more gets a reset."),
    Option("IM_SEARCH_INTERVAL", 1.0, "Seconds between updates of the search index."),
    Option("IM_PRESENCE_LIMIT", 500, "Users online in an app above which `enter` and `exit` are not pushed."),
    Option("IM_PRESENCE_GRACE_SECONDS", 2.0, "Seconds before `exit` is pushed, so that a page reload does not show."),
    Option("IM_EVENT_LOG_POLL_INTERVAL", 1.0, "Seconds without announcements until a node polls the event log."),
    # Cluster
    Option("IM_CHANNEL_LAYER", "pubsub", "Channel layer between nodes, of channels-redis: `pubsub` or `queue`."),
    Option("IM_NODE_ID", "", "Name of this node. Empty: a new one at each start."),
    Option("IM_NODE_ADDRESS", "", "host:port for the other nodes' gRPC calls. Empty: IM_GRPC_HOST and its port."),
    Option("IM_NODE_LEASE_SECONDS", 15.0, "Seconds without a renewal until a node and its users count as gone."),
    Option("IM_GRPC_HOST", "127.0.0.1", "Address that a node's gRPC server listens on."),
    Option("IM_GRPC_PORT", 0, "Port of the first worker's gRPC server, plus one for each further; 0: a free port."),
    Option("IM_CLUSTER_SECRET", "", "Shared secret of the nodes. It must be the same on all of them."),
    Option("IM_CLUSTER_CERT", "", "File with this node's certificate. With key and CA, nodes use mutual TLS."),
    Option("IM_CLUSTER_KEY", "", "File with the key of that certificate."),
    Option("IM_CLUSTER_CA", "", "File with the CA certificates that sign the nodes' certificates."),
    Option("IM_RPC_TIMEOUT", 2.0, "Seconds until a call to another node fails."),
    Option("IM_CIRCUIT_BREAKER_FAILURES", 5, "Consecutive failed calls to a node that open its circuit breaker."),
    Option("IM_CIRCUIT_BREAKER_PAUSE_SECONDS", 5.0, "Seconds until an open circuit breaker lets one call through."),
    Option("IM_PEER_QUEUE_MAX_BYTES", 16_777_216, "Bytes of pushes queued for another node. The oldest are dropped."),
    # REST API
    Option("IM_LEGACY_IDEMPOTENCY_HOURS", 12, "Hours for which a legacy call with the same msgID is not sent again."),
    Option("IM_IDEMPOTENCY_HOURS", 24, "Hours for which a repeated Idempotency-Key returns the first response."),
    Option("IM_API_RATE", 100.0, "REST calls per second and token.", 20000.0),
    Option("IM_API_BURST", 200, "REST calls per token at once.", 20000),
    Option("IM_API_MESSAGE_RATE", 2000.0, "Messages per second and token by REST.", 20000.0),
    Option("IM_API_MESSAGE_BURST", 20000, "Messages per token at once by REST.", 1_000_000),
    Option("IM_API_MAX_BODY_BYTES", 8_388_608, "Maximum bytes of the body of a REST call."),
    Option("IM_API_MAX_MESSAGES", 10000, "Messages that one REST call may store."),
    Option("IM_RECEIPT_DAYS", 30, "Days for which delivery counts of sent messages are kept."),
    # Webhooks
    Option("IM_MAX_WEBHOOKS", 100, "Enabled webhooks of the site."),
    Option("IM_WEBHOOK_PRIVATE_NETWORKS", (), "Private networks that webhooks may call, such as 10.0.0.0/8.", LOOPBACK),
    Option("IM_WEBHOOK_TIMEOUT", 10.0, "Seconds in which a receiver must answer."),
    Option("IM_WEBHOOK_MAX_EVENTS", 100, "Events per request."),
    Option("IM_WEBHOOK_MAX_BYTES", 262144, "Bytes of events per request. A single event may be larger."),
    Option("IM_WEBHOOK_INTERVAL", 0.25, "Seconds between checks for new events."),
    Option("IM_WEBHOOK_BACKOFF_SECONDS", 1.0, "Seconds until the first retry. It doubles with each failure."),
    Option("IM_WEBHOOK_BACKOFF_MAX_SECONDS", 3600.0, "Maximum seconds between retries."),
    Option("IM_WEBHOOK_DISABLE_AFTER_HOURS", 72.0, "Hours of consecutive failures that disable a webhook."),
    Option(
        "IM_WEBHOOK_DEAD_LETTERS",
        1000,
        "Dead letters per webhook. At the limit, a refused event blocks later ones.",
    ),
    Option("IM_WEBHOOK_LEASE_SECONDS", 15.0, "Seconds until another node takes over a webhook from a dead node."),
    Option("IM_WEBHOOK_MAX_LOGGED_ATTEMPTS", 500, "Delivery attempts kept per webhook."),
    Option("IM_INCOMING_WEBHOOK_RATE", 1.0, "Messages per second and incoming webhook.", 1000.0),
    Option("IM_INCOMING_WEBHOOK_BURST", 30, "Messages per incoming webhook at once.", 1000),
    Option("IM_INCOMING_WEBHOOK_BYTES", 65536, "Maximum bytes of a request to an incoming webhook."),
    # Web Push
    Option("IM_PUSH", True, "Browsers can get notifications while no page is open, by their maker's push service."),
    Option(
        "IM_PUSH_PRIVATE_KEY",
        "",
        "The site's VAPID key: 32 bytes in base64url. Empty: the one that `setup` made, in the database. Browsers "
        "subscribe again when it changes.",
    ),
    Option(
        "IM_PUSH_CONTACT",
        "",
        "Address at which push services reach you, mailto:… or https://…; Apple refuses one that cannot exist. Empty: "
        "DEFAULT_FROM_EMAIL.",
    ),
    Option("IM_PUSH_CONTENT", True, "Notifications contain names and texts, encrypted; False: that there is news."),
    Option("IM_PUSH_TTL_SECONDS", 86400, "Seconds for which a notification waits for a browser that is offline."),
    Option("IM_PUSH_MAX_PER_USER", 10, "Browsers of a user that get notifications. A further one replaces the oldest."),
    Option("IM_PUSH_ACTIVE_SECONDS", 60, "Seconds for which a user counts as active after a page of theirs said so."),
    Option("IM_PUSH_INTERVAL", 1.0, "Seconds between looks for messages to notify of."),
    Option("IM_PUSH_CONCURRENCY", 32, "Notifications that are sent at a time."),
    Option("IM_PUSH_TIMEOUT", 10.0, "Seconds in which a push service must answer."),
    Option("IM_PUSH_RETRIES", 8, "Times that a notification is sent again after a failure."),
    Option("IM_PUSH_BACKOFF_SECONDS", 5.0, "Seconds until the first of them. It doubles each time, up to an hour."),
    Option("IM_PUSH_LEASE_SECONDS", 15.0, "Seconds until another node takes over from a dead one."),
    Option(
        "IM_PUSH_PRIVATE_NETWORKS",
        (),
        "Private networks with push services of your own. Every user can make the site call them.",
    ),
    # Slash commands
    Option("IM_MAX_SLASH_COMMANDS", 100, "Enabled slash commands of services."),
    Option("IM_SLASH_TIMEOUT", 3.0, "Seconds in which a service must answer a slash command, or accept it."),
    Option("IM_SLASH_MAX_BYTES", 65536, "Maximum bytes of a service's answer."),
    Option("IM_SLASH_CONCURRENCY", 10, "Requests at a time to the service of a slash command, per node."),
    Option("IM_SLASH_RESPONSE_SECONDS", 1800, "Seconds for which a service can answer later, by the response URL."),
    Option("IM_SLASH_MAX_RESPONSES", 5, "Answers to one call by the response URL."),
    # Retention and periodic tasks
    Option("IM_RETENTION_DAYS", 0, "Days for which messages are kept, unless their channel sets another; 0: forever."),
    Option("IM_FILE_RETENTION_DAYS", 0, "Days for which pictures and voice messages are kept; 0: as their message."),
    Option("IM_RETENTION_BATCH_MESSAGES", 500, "Messages that retention deletes per transaction."),
    Option("IM_ANNOUNCEMENT_INTERVAL", 5.0, "Seconds between checks for scheduled announcements."),
    Option("IM_SCHEDULED_INTERVAL", 1.0, "Seconds between checks for scheduled messages that are due."),
    Option("IM_CLEANUP_INTERVAL", 3600.0, "Seconds between deletions of expired keys, tokens and sessions."),
)

_BY_NAME = {option.name: option for option in OPTIONS}
DEVELOPMENT = os.environ.get("IM_ENV", "development") != "production"


def read(name: str) -> object:
    """Return the variable's value, cast to the type of its default.

    Raises KeyError for an unknown name, and ImproperlyConfigured, without the value, if it is not of that type.
    """
    default = _BY_NAME[name].default(development=DEVELOPMENT)
    # Not through `environ.Env`, which takes a value that begins with $ for the name of another variable.
    value = os.environ.get(name)
    if value is None or isinstance(default, str):
        return default if value is None else value
    if isinstance(default, tuple):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if isinstance(default, bool):
        return environ.Env.parse_value(value, bool)
    try:
        return int(value) if isinstance(default, int) else float(value)
    except ValueError:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise ImproperlyConfigured(f"{name} must be {kind}.") from None
