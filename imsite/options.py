"""Every environment variable the site reads: name, default, meaning. The one list; `manage.py options` prints it."""

from __future__ import annotations

from dataclasses import dataclass

import environ

ENV = environ.Env()


@dataclass(frozen=True)
class Option:
    """One variable: its default in production, and that of a development start where it differs."""

    name: str
    production: object
    meaning: str
    development: object = None

    def default(self, *, development: bool) -> object:
        if development and self.development is not None:
            return self.development
        return self.production


OPTIONS = (
    Option("IM_ENV", "development", "`development` (relaxed, loopback only) or `production`."),
    Option("IM_LOG_LEVEL", "WARNING", "The least severe events that are logged: DEBUG, INFO, WARNING or ERROR."),
    Option(
        "IM_LOG_RATE_LIMIT", 100, "Warnings of one kind logged in ten seconds; of more, how many. 0: all are logged."
    ),
    Option("IM_DATA_DIR", "data", "Where SQLite, the generated secret key and uploads live."),
    Option(
        "SECRET_KEY", "", "Django's secret key. Required in production; a development start makes one in IM_DATA_DIR."
    ),
    Option("DATABASE_URL", "", "postgres://user:password@host/name; empty: SQLite in IM_DATA_DIR."),
    Option("REDIS_URL", "", "redis://:password@host:6379/0, which makes the site a cluster; empty: this one node."),
    Option(
        "ALLOWED_HOSTS", (), "Host names the site answers to, comma separated.", ("localhost", "127.0.0.1", "[::1]")
    ),
    Option("HOST", "127.0.0.1", "Address that `serve` binds."),
    Option("PORT", 8000, "Port that `serve` binds."),
    Option("IM_WORKERS", 1, "Processes that `serve` starts, each a node; the nth also answers alone, on PORT + n."),
    Option("IM_TRUSTED_PROXIES", "", "Addresses whose X-Forwarded-For and -Proto are believed, comma separated."),
    Option(
        "IM_ALLOWED_ORIGINS",
        (),
        "Origins (scheme://host:port) of other pages that may connect; the site's own always may.",
    ),
    Option(
        "IM_OPEN_GATEWAY",
        (),
        "Networks whose calls of the section-2 endpoints need no token.",
        ("127.0.0.0/8", "::1/128"),
    ),
    Option(
        "IM_MONITORING_NETWORKS",
        (),
        "Networks that may ask a node /metrics, /healthz, /readyz and /debug; else only staff with `view_state`.",
        ("127.0.0.0/8", "::1/128"),
    ),
    Option(
        "IM_API_DOCS_NETWORKS",
        (),
        "Networks that may read /api/schema/, /api/docs/ and /api/protocol/; else staff, and tokens for the gateway.",
        ("0.0.0.0/0", "::/0"),
    ),
    Option("IM_GUESTS", False, "Whether a log-in without account makes a guest.", True),
    Option("IM_REGISTRATION", True, "Whether people may register themselves."),
    Option("IM_PASSWORD_MIN_LENGTH", 10, "Shortest password.", 3),
    Option(
        "IM_LOGIN_FAILURES",
        10,
        "Wrong passwords for one name from one address before it is locked for IM_LOGIN_LOCK_SECONDS.",
        100,
    ),
    Option("IM_LOGIN_LOCK_SECONDS", 900, "Seconds of that lock."),
    Option(
        "IM_SIGN_IN_RATE", 1000, "Passwords an hour that one address may try, for whatever names; 0: any number.", 0
    ),
    Option(
        "SOCIAL_AUTH_GITHUB_KEY", "", "Client ID of this site at GitHub; with its secret, people may sign in by GitHub."
    ),
    Option("SOCIAL_AUTH_GITHUB_SECRET", "", "The client secret that belongs to it."),
    Option(
        "SOCIAL_AUTH_GOOGLE_OAUTH2_KEY", "", "Client ID of this site at Google; with its secret, sign-in by Google."
    ),
    Option("SOCIAL_AUTH_GOOGLE_OAUTH2_SECRET", "", "The client secret that belongs to it."),
    Option(
        "SOCIAL_AUTH_WEIXIN_KEY",
        "",
        "AppID of this site at WeChat's open platform; with its secret, sign-in by WeChat.",
    ),
    Option("SOCIAL_AUTH_WEIXIN_SECRET", "", "The AppSecret that belongs to it."),
    Option(
        "EMAIL_URL",
        "",
        "Where mail goes out, smtp+tls://user:password@host:587. Empty: printed on a development start, else not sent.",
    ),
    Option("DEFAULT_FROM_EMAIL", "imsite@localhost", "Sender of the site's mail."),
    Option("IM_REGISTRATION_RATE", 20, "New accounts and guests an hour from one address; 0: any number.", 0),
    Option("IM_OAUTH_RATE", 200, "Sign-ins by other sites an hour begun from one address; 0: any number.", 0),
    Option(
        "IM_MAIL_RATE",
        10,
        "Mails an hour that one address may cause by the forms; 0: any number.",
        0,
    ),
    Option("IM_EXPORT_RATE", 6, "Exports of their own data an hour that one person may ask for; 0: any number."),
    Option(
        "IM_PROFILE_RATE",
        60,
        "Changes of their profile or picture an hour that one person may make; 0: any number.",
        0,
    ),
    Option("IM_AVATAR_MAX_BYTES", 5_000_000, "Bytes of the largest picture that is taken as an avatar."),
    Option("IM_TOKEN_DAYS", 90, "Days after which a token expires, unless its maker said otherwise."),
    Option("IM_SERVICE_TOKEN_DAYS_MAX", 730, "Days for which a token of another system may be made at most."),
    Option(
        "IM_EXTERNAL_TOKEN_SECONDS", 3600, "Seconds after which a token expires that a business has made for a person."
    ),
    Option("IM_EXTERNAL_TOKEN_SECONDS_MAX", 2_592_000, "Seconds that such a token may be asked for at most."),
    Option("IM_MAX_CONNECTIONS", 15000, "WebSocket connections of one process; over it the handshake is answered 503."),
    Option("IM_MAX_CONNECTIONS_PER_USER", 20, "Connections of one person on one node.", 1000),
    Option("IM_MAX_CONNECTIONS_PER_ADDRESS", 500, "Connections from one client address on one node.", 15000),
    Option("IM_REQUEST_TIMEOUT", 30.0, "Seconds in which an HTTP request or a handshake must have arrived whole."),
    Option("IM_LOGIN_TIMEOUT", 30.0, "Seconds a connection may live without logging in."),
    Option("IM_HEARTBEAT_TIMEOUT", 360.0, "Seconds of silence after which a connection is closed."),
    Option("IM_PING_INTERVAL", 25.0, "Seconds between the server's WebSocket pings, and for the answer to one."),
    Option("IM_DRAIN_TIMEOUT", 4.0, "Seconds after SIGTERM until the server has ended, whatever is still under way."),
    Option("IM_DRAIN_SPREAD", 10.0, "Seconds at most over which clients that are sent away are asked to come back."),
    Option(
        "IM_MAX_FRAME_BYTES",
        65536,
        "Bytes of the largest frame accepted; a larger one closes the connection with 1009.",
    ),
    Option("IM_MAX_BODY_BYTES", 16_777_216, "Bytes of the largest body of an HTTP request; who sends more is cut off."),
    Option("IM_MESSAGE_MAX_LENGTH", 8000, "Characters of the longest message."),
    Option(
        "IM_SEND_RATE", 20.0, "Messages a second that one person may send for long; and as many other changes.", 20000.0
    ),
    Option("IM_SEND_BURST", 60, "Messages that one person may send at once; and as many other changes.", 20000),
    Option("IM_SEARCH_RATE", 2.0, "Searches in what was said a second that one person may make for long.", 2000.0),
    Option("IM_SEARCH_BURST", 20, "Such searches at once.", 2000),
    Option("IM_REQUEST_RATE", 50.0, "Requests a second, of any kind, on one connection for long.", 20000.0),
    Option("IM_REQUEST_BURST", 200, "Requests at once on one connection.", 20000),
    Option("IM_MAX_IN_FLIGHT", 64, "Sends of one connection that wait for their commit at a time."),
    Option("IM_GROUP_MAX_MEMBERS", 1000, "Members of a group."),
    Option("IM_MAX_GROUPS_PER_USER", 1000, "Groups that one person is in."),
    Option("IM_MAX_FRIENDS_PER_USER", 2000, "Friends, and requests without an answer, of one person."),
    Option("IM_MAX_BLOCKS_PER_USER", 1000, "People whom one person may block."),
    Option(
        "IM_OUTBOX_BYTES",
        1_048_576,
        "Bytes that may wait for one connection; over it the connection is closed with 4008.",
    ),
    Option("IM_OUTBOX_WINDOW", 0.03, "Seconds for which writes to a busy connection are gathered."),
    Option("IM_COMMIT_INTERVAL", 0.008, "Seconds between commits of one process while several people send at once."),
    Option(
        "IM_CLUSTER_COMMIT_INTERVAL",
        0.06,
        "The same for a node of a cluster, which has only a part of the messages and tells the others at this pace.",
    ),
    Option("IM_BATCH_MESSAGES", 200, "Most messages in one commit."),
    Option(
        "IM_WRITE_QUEUE_SIZE",
        20000,
        "Sends of one process that may wait for their commit; over it they are refused with 1011.",
    ),
    Option("IM_HTTP_CONCURRENCY", 32, "HTTP requests that one process works on at a time; the others wait."),
    Option("IM_DB_THREADS", 8, "Threads (and on PostgreSQL connections) of one process for the database."),
    Option(
        "IM_CHANNEL_LAYER", "pubsub", "Channel layer between nodes: `pubsub`, or `queue` (channels-redis' other one)."
    ),
    Option("IM_NODE_ID", "", "Name of this node in the cluster; empty: a new one at each start."),
    Option("IM_NODE_ADDRESS", "", "host:port at which other nodes reach this one; empty: IM_GRPC_HOST and its port."),
    Option(
        "IM_NODE_LEASE", 15.0, "Seconds without a sign of life after which a node, and who is on it, counts as gone."
    ),
    Option("IM_GRPC_HOST", "127.0.0.1", "Address that a node binds for the others."),
    Option("IM_GRPC_PORT", 0, "Port that a node binds for the others; 0: a free one. Worker n binds the nth from it."),
    Option("IM_CLUSTER_SECRET", "", "What the nodes of a site show each other; the same on all of them."),
    Option("IM_CLUSTER_CERT", "", "File with this node's certificate. With key and CA, nodes speak by mutual TLS."),
    Option("IM_CLUSTER_KEY", "", "File with the key of that certificate."),
    Option("IM_CLUSTER_CA", "", "File with the certificates of the CA that other nodes' certificates must be from."),
    Option("IM_RPC_TIMEOUT", 2.0, "Seconds after which a call to another node has failed."),
    Option(
        "IM_CIRCUIT_BREAKER_FAILURES", 5, "Failed calls to a node, one after the other, after which it is left alone."
    ),
    Option("IM_CIRCUIT_BREAKER_PAUSE", 5.0, "Seconds for which it is left alone; then one call probes it."),
    Option(
        "IM_PEER_QUEUE_BYTES", 16_777_216, "Bytes of pushes that may wait for one other node; over it the oldest go."
    ),
    Option("IM_EVENT_LOG_POLL_INTERVAL", 1.0, "Seconds without news after which a node looks into the log."),
    Option("IM_PRESENCE_LIMIT", 500, "People online in an app up to which `enter` and `exit` are pushed."),
    Option("IM_PRESENCE_GRACE", 2.0, "Seconds before `exit`, so that a page reload does not show."),
    Option("IM_LEGACY_IDEMPOTENCY_HOURS", 12, "Hours for which the same msgID of an HTTP call is not sent again."),
    Option("IM_IDEMPOTENCY_HOURS", 24, "Hours for which an Idempotency-Key of the REST API gives the first answer."),
    Option("IM_API_RATE", 100.0, "Calls of the REST API a second that one token may make for long.", 20000.0),
    Option("IM_API_BURST", 200, "Such calls at once.", 20000),
    Option("IM_API_MESSAGE_RATE", 2000.0, "Messages a second that one token may send so for long.", 20000.0),
    Option("IM_API_MESSAGE_BURST", 20000, "Such messages at once.", 1_000_000),
    Option("IM_RECEIPT_DAYS", 30, "Days for which it is told on how many connections a sent message arrived."),
    Option("IM_API_MAX_BODY_BYTES", 8_388_608, "Bytes of the largest body of such a call."),
    Option("IM_API_MAX_MESSAGES", 10000, "Messages that one such call may store."),
    Option("IM_WEBHOOKS", 100, "Webhooks of the whole site that may be switched on at a time."),
    Option(
        "IM_WEBHOOK_PRIVATE_NETWORKS",
        (),
        "Networks that webhooks may be sent to besides the public internet's, such as 10.0.0.0/8.",
        ("127.0.0.0/8", "::1/128"),
    ),
    Option("IM_WEBHOOK_TIMEOUT", 10.0, "Seconds in which a webhook's receiver must have answered."),
    Option("IM_WEBHOOK_BATCH", 100, "Most events in one request to a webhook."),
    Option("IM_WEBHOOK_BYTES", 262144, "Bytes of events in one request to a webhook, but for a single larger one."),
    Option("IM_WEBHOOK_INTERVAL", 0.25, "Seconds between looks at what has happened for webhooks."),
    Option("IM_WEBHOOK_BACKOFF", 1.0, "Seconds until a failed webhook is tried again; doubled with each failure."),
    Option("IM_WEBHOOK_BACKOFF_MAX", 3600.0, "Seconds to which that grows at most."),
    Option("IM_WEBHOOK_GIVE_UP", 72.0, "Hours of nothing but failures after which a webhook is switched off."),
    Option("IM_WEBHOOK_DEAD_LETTERS", 1000, "Events a webhook's receiver may refuse and yet get those that follow."),
    Option("IM_WEBHOOK_LEASE", 15.0, "Seconds after which another node takes over from one that stopped delivering."),
    Option("IM_WEBHOOK_DELIVERY_LOG", 500, "Attempts of each webhook that are kept to be looked at."),
    Option("IM_INCOMING_WEBHOOK_RATE", 1.0, "Messages a second, for long, through one incoming webhook.", 1000.0),
    Option("IM_INCOMING_WEBHOOK_BURST", 30, "Messages at once through one incoming webhook.", 1000),
    Option("IM_INCOMING_WEBHOOK_BYTES", 65536, "Bytes of the largest request to an incoming webhook."),
    Option("IM_MAX_PINS_PER_CHANNEL", 50, "Messages that one channel pins."),
    Option("IM_MAX_REPORTS_PER_DAY", 50, "Messages that one person may report in a day."),
    Option("IM_ANNOUNCEMENT_INTERVAL", 5.0, "Seconds between looks for announcements whose time has come."),
    Option("IM_RETENTION_DAYS", 0, "Days for which messages are kept where a channel says nothing else; 0: for good."),
    Option("IM_FILE_RETENTION_DAYS", 0, "Days for which pictures and voice messages are kept; 0: as the message."),
    Option("IM_RETENTION_BATCH", 500, "Messages that retention removes in one transaction."),
    Option("IM_SEARCH_INTERVAL", 1.0, "Seconds between looks for messages that the search does not know yet."),
    Option(
        "IM_CLEANUP_INTERVAL", 3600.0, "Seconds between removals of what has expired: keys, tokens, browser sessions."
    ),
    Option("IM_SYNC_LIMIT", 5000, "Events that `sync` replays; with more between, the client is told to reset."),
)

_BY_NAME = {option.name: option for option in OPTIONS}
DEVELOPMENT = ENV.str("IM_ENV", default="development") != "production"


def read(name: str) -> object:
    """The variable's value, cast to the type of its default. Raises KeyError for one that is not in the list."""
    default = _BY_NAME[name].default(development=DEVELOPMENT)
    match default:
        case bool():
            return ENV.bool(name, default=default)
        case int():
            return ENV.int(name, default=default)
        case float():
            return ENV.float(name, default=default)
        case tuple():
            return tuple(ENV.list(name, default=list(default)))
        case _:
            return ENV.str(name, default=str(default))
