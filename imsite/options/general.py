"""The environment variables, except those of files and of LDAP."""

from __future__ import annotations

from imsite.options.option import Option

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
    Option(
        "IM_OTLP_ENDPOINT",
        "",
        "OpenTelemetry collector, such as http://127.0.0.1:4318, that gets traces by OTLP over HTTP. It needs the "
        "packages of deploy/requirements-otel.txt. Empty: no traces.",
    ),
    Option("IM_TRACE_SHARE", 0.1, "Part of the requests that are traced, from 0 to 1.", 1.0),
    Option("IM_DATA_DIR", "data", "Directory of the SQLite database, the generated secret key and uploads."),
    Option("SECRET_KEY", "", "Django's secret key. Required in production; otherwise generated in IM_DATA_DIR."),
    Option("DATABASE_URL", "", "postgres://user:password@host/name. Empty: SQLite in IM_DATA_DIR."),
    Option(
        "DATABASE_REPLICA_URL",
        "",
        "postgres://user:password@host/name of a streaming replica of DATABASE_URL. History and search are read from "
        "it whenever it has all that the primary has. Empty: none.",
    ),
    Option(
        "IM_DATABASE_PASSWORD_FILE",
        "",
        "File with the database's password, instead of one in DATABASE_URL. It is read for each new connection, so the "
        "password may change at any time.",
    ),
    Option(
        "IM_DATABASE_PASSWORD_COMMAND",
        "",
        "Command that prints the database's password, instead of such a file. It is run, without a shell, for each new "
        "connection, with the host in PGHOST.",
    ),
    Option(
        "IM_PGBOUNCER",
        False,
        "DATABASE_URL leads to PgBouncer, in transaction or session mode. The role then needs the time-outs in "
        "deploy/README.md.",
    ),
    Option(
        "REDIS_URL",
        "",
        "redis://user:password@host:6379/0, rediss:// for TLS, or redis+sentinel://user:password@host1:26379,host2:26379/"
        "service/0. Makes the site a cluster. Empty: a single node.",
    ),
    Option(
        "REDIS_CHANNEL_URLS",
        "",
        "URLs of Redis, separated by blanks, that share the groups of the channel layer; the same on all nodes. Empty: "
        "REDIS_URL.",
    ),
    Option("IM_REDIS_CA", "", "File with the CA certificates of rediss://. Empty: those of the system."),
    Option("ALLOWED_HOSTS", (), "Comma-separated host names of the site.", ("localhost", "127.0.0.1", "[::1]")),
    Option(
        "HOST",
        "127.0.0.1",
        "Address that `serve` listens on, or a Unix socket, such as unix:/run/imsite/imsite.sock.",
    ),
    Option(
        "IM_URL_PREFIX",
        "",
        "Stays empty: the site needs a host name or port of its own, and does not start below a path such as /im/.",
    ),
    Option("PORT", 8000, "Port that `serve` listens on."),
    Option("IM_WORKERS", 1, "Processes of `serve`, each a node. The nth also listens alone on PORT + n."),
    Option(
        "IM_STATIC_BUNDLES",
        True,
        "Pages load their modules and style sheets as one file each; False: one by one.",
    ),
    Option(
        "IM_STATIC_URL",
        "",
        "Address of a CDN or an object storage from which browsers load scripts, styles and icons, such as "
        "https://cdn.example.org/static/. Empty: the site.",
    ),
    Option(
        "IM_STATIC_S3_BUCKET",
        "",
        "Bucket of the storage IM_S3_ENDPOINT to which `collectstatic` uploads these files. Empty: a directory in "
        "IM_DATA_DIR, for a CDN that gets them from the site.",
    ),
    Option("IM_STATIC_S3_PREFIX", "static", "Start of the names of these objects."),
    Option(
        "IM_TRUSTED_PROXIES",
        "",
        "Comma-separated proxies whose X-Forwarded-For and -Proto headers are trusted; `unix`: those on a Unix socket.",
    ),
    Option("IM_ALLOWED_ORIGINS", (), "Comma-separated origins of other sites whose pages may connect."),
    Option("IM_WIDGETS", True, "Other pages may embed a channel of the site (deploy/embedding.md)."),
    Option("IM_WIDGET_ORIGINS", (), "Comma-separated origins of other sites whose pages may embed a channel."),
    Option("IM_WIDGET_TOKEN_SECONDS", 600, "Seconds until the token of an embedded channel expires."),
    Option(
        "IM_WIDGET_UPLOAD_MAX_BYTES",
        26_214_400,
        "Maximum bytes of a file that users of embedded channels upload there. 0: they cannot.",
    ),
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
    Option(
        "IM_STAFF_SECOND_FACTOR",
        True,
        "Staff need a second factor: without an authenticator app or a passkey, their permissions rest.",
        False,
    ),
    Option(
        "IM_SECOND_FACTOR_RATE",
        20,
        "Codes of two-factor sign-in that a user may try per hour, counted together with the passkeys and sets of "
        "recovery codes that the user makes; 0 is unlimited.",
    ),
    Option("IM_MAX_PASSKEYS_PER_USER", 20, "Passkeys of a user."),
    Option("SOCIAL_AUTH_GITHUB_KEY", "", "GitHub client ID. With its secret, it enables sign-in with GitHub."),
    Option("SOCIAL_AUTH_GITHUB_SECRET", "", "GitHub client secret."),
    Option("SOCIAL_AUTH_GOOGLE_OAUTH2_KEY", "", "Google client ID. With its secret, it enables sign-in with Google."),
    Option("SOCIAL_AUTH_GOOGLE_OAUTH2_SECRET", "", "Google client secret."),
    Option(
        "SOCIAL_AUTH_OIDC_ENDPOINT",
        "",
        "Address of an OpenID Connect provider (Keycloak, Entra ID, Authentik and others), the part of its discovery "
        "document's address before /.well-known. With the next two, it enables single sign-on. Users are known by the "
        "provider's issuer and their subject there, so a new provider's users are new. It must begin with https://, "
        "except for a provider on this machine.",
    ),
    Option("SOCIAL_AUTH_OIDC_KEY", "", "Client ID at the OpenID Connect provider."),
    Option("SOCIAL_AUTH_OIDC_SECRET", "", "Client secret at the OpenID Connect provider."),
    Option("IM_OIDC_NAME", "", "The name of the OpenID Connect provider on its button. Empty: Single sign-on."),
    Option("SOCIAL_AUTH_WEIXIN_KEY", "", "WeChat AppID. With its secret, it enables sign-in with WeChat."),
    Option("SOCIAL_AUTH_WEIXIN_SECRET", "", "WeChat AppSecret."),
    Option(
        "EMAIL_URL",
        "",
        "Mail server, smtp+tls://user:password@host:587. Empty: mail is printed in development, else not sent.",
    ),
    Option("DEFAULT_FROM_EMAIL", "imsite@localhost", "Sender address of mail."),
    Option("IM_REGISTRATION_RATE", 20, "New accounts and guests per hour and address; 0 is unlimited.", 0),
    Option("IM_OAUTH_RATE", 5000, "Sign-ins with other sites started per hour and address; 0 is unlimited.", 0),
    Option("IM_MAIL_RATE", 10, "Mails per hour and address that forms may send; 0 is unlimited.", 0),
    Option("IM_EXPORT_RATE", 6, "Data exports per hour and user; 0 is unlimited."),
    Option("IM_PROFILE_RATE", 60, "Profile and picture changes per hour and user; 0 is unlimited.", 0),
    Option("IM_AVATAR_MAX_BYTES", 5_000_000, "Maximum bytes of an uploaded avatar."),
    Option("IM_TOKEN_DAYS", 90, "Days until a token expires, unless its creator sets another time."),
    Option("IM_SERVICE_TOKEN_DAYS_MAX", 730, "Maximum days that a service's token can be valid."),
    Option("IM_EXTERNAL_TOKEN_SECONDS", 3600, "Seconds until a token expires that a service creates for its user."),
    Option("IM_EXTERNAL_TOKEN_SECONDS_MAX", 2_592_000, "Maximum seconds that such a token can be valid."),
    # Connections
    Option("IM_MAX_CONNECTIONS", 15000, "Connections per process, by WebSocket or polling. Further ones get a 503."),
    Option("IM_MAX_CONNECTIONS_PER_USER", 20, "Connections per user and node.", 1000),
    Option("IM_MAX_CONNECTIONS_PER_ADDRESS", 5000, "Connections per client address and node.", 15000),
    Option("IM_CONNECTION_RATE", 200.0, "Connections per second that are opened from a client address.", 20000.0),
    Option("IM_CONNECTION_BURST", 5000, "Connections at once that are opened from a client address.", 200_000),
    Option(
        "IM_ANONYMOUS_RATE",
        50.0,
        "HTTP requests without a token, and refused tokens, per second and client address.",
        20000.0,
    ),
    Option("IM_ANONYMOUS_BURST", 1000, "HTTP requests without a token per client address at once.", 200_000),
    Option("IM_REQUEST_TIMEOUT", 30.0, "Seconds in which an HTTP request or handshake must arrive completely."),
    Option("IM_LOGIN_TIMEOUT", 30.0, "Seconds until a connection that has not logged in is closed."),
    Option("IM_HEARTBEAT_TIMEOUT", 360.0, "Seconds without a frame from the client until a connection is closed."),
    Option("IM_PING_INTERVAL", 25.0, "Seconds between WebSocket pings, and until a ping must be answered."),
    Option(
        "IM_LEAN_WEBSOCKETS", True, "WebSockets of a class that keeps little while idle; False: of uvicorn's class."
    ),
    Option("IM_POLLING_WAIT", 25.0, "Seconds that a poll of a client without WebSockets waits for something to send."),
    Option("IM_POLLING_TIMEOUT", 30.0, "Seconds without a poll until such a client counts as gone."),
    Option("IM_POLLING_INTERVAL", 0.1, "Seconds between two answers to such a client, in which output is collected."),
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
    Option("IM_ATTACHMENT_BYTES_PER_MESSAGE", 0, "Maximum bytes of the files of a message together; 0: unlimited."),
    Option(
        "IM_MENTION_ALL",
        "managers",
        "Members of a group who can mention all by @all: `managers` (owners and admins), `members` or `nobody`.",
    ),
    Option("IM_MENTIONS_PER_MESSAGE", 50, "Different mentions that count in one message."),
    # Writing and reading
    Option("IM_COMMIT_INTERVAL", 0.008, "Seconds between commits of a single node while several users send."),
    Option("IM_CLUSTER_COMMIT_INTERVAL", 0.06, "Seconds between commits of a cluster node while several users send."),
    Option("IM_COMMIT_MAX_MESSAGES", 200, "Messages per commit."),
    Option("IM_WRITE_QUEUE_MAX_MESSAGES", 20000, "Messages that may await their commit per process; more get 1011."),
    Option(
        "IM_WRITE_QUEUE_MAX_BYTES",
        67_108_864,
        "Bytes of texts, and of pictures and voice messages on `/ws`, that may await their commit; more get 1011.",
    ),
    Option("IM_HTTP_CONCURRENCY", 32, "HTTP requests that a process handles at a time. Others wait."),
    Option("IM_FAST_PATH", True, "Frequent HTTP calls are answered on the event loop, without Django's middleware."),
    Option("IM_DB_THREADS", 8, "Database threads (on PostgreSQL, connections) per process."),
    Option("IM_SYNC_MAX_EVENTS", 5000, "Events that `sync` replays. A client that missed more gets a reset."),
    Option("IM_SEARCH_INTERVAL", 1.0, "Seconds between updates of the search index."),
    Option("IM_PRESENCE_LIMIT", 500, "Users online in an app above which `enter` and `exit` are not pushed."),
    Option("IM_AWAY_SECONDS", 300, "Seconds without input on any page after which a user is shown as away."),
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
    # Mails of missed messages
    Option("IM_MAIL_DIGEST", True, "Users can ask for mails of missed messages. They need EMAIL_URL and IM_SITE_URL."),
    Option("IM_MAIL_DIGEST_CONTENT", True, "These mails contain names and texts; False: links and times only."),
    Option("IM_MAIL_DIGEST_DELAY_SECONDS", 1800, "Seconds for which a message stays unread before it is mailed."),
    Option("IM_MAIL_DIGEST_RETRIES", 8, "Times that a mail is sent again after the mail server refused it for now."),
    Option("IM_MAIL_DIGEST_BACKOFF_SECONDS", 60.0, "Seconds until the first of them. It doubles, up to an hour."),
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
    Option(
        "IM_CLEANUP_INTERVAL",
        3600.0,
        "Seconds between deletions of expired keys, tokens and sessions, and between checks of partitions.",
    ),
)
