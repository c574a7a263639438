"""The environment variables of uploads, attachments and link previews."""

from __future__ import annotations

from imsite.options.option import Option

FILE_OPTIONS = (
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
    Option("IM_READ_RATE", 100.0, "Requests per second and user that read, over all connections.", 20000.0),
    Option("IM_READ_BURST", 400, "Requests per user at once that read.", 20000),
    Option("IM_CHANNEL_SEND_RATE", 100.0, "Messages per second and channel that connections send.", 20000.0),
    Option("IM_CHANNEL_SEND_BURST", 500, "Messages per channel at once that connections send.", 20000),
    Option("IM_SEARCH_RATE", 2.0, "Message searches per second and user.", 2000.0),
    Option("IM_SEARCH_BURST", 20, "Message searches per user at once.", 2000),
    Option("IM_REQUEST_RATE", 50.0, "Requests of any kind per second and connection.", 20000.0),
    Option("IM_REQUEST_BURST", 200, "Requests of any kind per connection at once.", 20000),
    Option("IM_MAX_IN_FLIGHT", 64, "Messages of one connection that may await their commit."),
    Option("IM_GROUP_MAX_MEMBERS", 1000, "Members per group."),
    Option("IM_INVITE_DAYS", 7, "Days that an invite link is valid, unless its maker chooses others; 0 is forever."),
    Option("IM_INVITE_MAX_DAYS", 0, "Days that an invite link can be valid at most; 0 is no limit."),
    Option("IM_INVITES_PER_GROUP", 50, "Invite links of a group that can be used at the same time."),
    Option("IM_INVITE_RATE", 60, "Invite links per hour and user that are opened or used; 0 is unlimited.", 0),
    Option("IM_MAX_GROUPS_PER_USER", 1000, "Groups per user."),
    Option("IM_MAX_FRIENDS_PER_USER", 2000, "Friends and sent friend requests per user."),
    Option("IM_MAX_BLOCKS_PER_USER", 1000, "Blocked users per user."),
    Option("IM_MAX_PINS_PER_CHANNEL", 50, "Pinned messages per channel."),
    Option("IM_MAX_SAVED_MESSAGES", 1000, "Saved messages per user."),
    Option("IM_MAX_SECTIONS_PER_USER", 30, "Sections of a user's own in their list of channels."),
    Option("IM_SECTION_NAME_MAX_LENGTH", 40, "Characters of the name of such a section."),
    Option("IM_MAX_CHANNELS_IN_SECTIONS", 1000, "Channels in all such sections of a user."),
    Option("IM_MAX_CUSTOM_EMOJI", 500, "Custom emoji of the site."),
    Option("IM_CUSTOM_EMOJI_MAX_BYTES", 524_288, "Maximum bytes of the picture of a custom emoji."),
    Option(
        "IM_IMPORT_JSON_MAX_BYTES",
        268_435_456,
        "Maximum bytes of a file of JSON, and of a line, in an export that `manage.py import` reads.",
    ),
    Option("IM_MAX_EMOJI_PER_MESSAGE", 20, "Different emoji that users can react with to a message."),
    Option("IM_MAX_REPORTS_PER_DAY", 50, "Reported messages per user and day."),
    Option("IM_SCHEDULED_PER_USER", 100, "Scheduled messages per user that are not sent yet."),
    Option("IM_SCHEDULE_MAX_DAYS", 365, "Days ahead for which a message can be scheduled."),
)
