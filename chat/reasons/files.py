"""The reasons for which requests about files and uploads are refused. Pure."""

from __future__ import annotations

from chat.errors import (
    ILLEGAL_PARAMETER,
    NO_DATA,
    NOT_AUTHORISED,
    OPERATION_FAILED,
    SERVER_ERROR,
    TOO_MUCH,
    Reason,
)

# fmt: off

ATTACHMENT_TOO_LARGE = Reason("attachment_too_large", TOO_MUCH,
    "A picture or voice message can have at most %(limit)s bytes.",
    "The content of a picture or voice message is too large.")
ATTACHMENT_NOT_FOUND = Reason("attachment_not_found", NO_DATA, "This file does not exist, or cannot be sent.",
    "An attachment is not an upload of the sender that is complete and not yet sent.")
ATTACHMENTS_ONE_DESTINATION = Reason("attachments_one_destination", ILLEGAL_PARAMETER,
    "A message with files has one destination, and is not transient.",
    "Attachments were sent to several destinations, or in a transient message.")
TOO_MANY_ATTACHMENTS = Reason("too_many_attachments", TOO_MUCH, "A message can have at most %(limit)s files.",
    "A message names more attachments than IM_ATTACHMENTS_PER_MESSAGE.")
ATTACHMENTS_TOO_LARGE = Reason("attachments_too_large", TOO_MUCH,
    "The files of a message can have at most %(limit)s bytes together.",
    "The attachments of a message have more bytes than IM_ATTACHMENT_BYTES_PER_MESSAGE.")
UPLOADS_NOT_ALLOWED = Reason("uploads_not_allowed", NOT_AUTHORISED, "You cannot upload files here.",
    "A guest uploads a file, and IM_GUEST_UPLOADS is off; or a widget, and IM_WIDGET_UPLOAD_MAX_BYTES is 0.")
FILE_TOO_LARGE = Reason("file_too_large", TOO_MUCH, "A file can have at most %(limit)s bytes.",
    "An uploaded file is larger than IM_ATTACHMENT_MAX_BYTES.")
FILE_EMPTY = Reason("file_empty", ILLEGAL_PARAMETER, "This file is empty.",
    "An upload has no content, or a form no `file`.")
FILE_TYPE_REFUSED = Reason("file_type_refused", ILLEGAL_PARAMETER,
    "Files of the type %(type)s cannot be uploaded here.",
    "The type that was found in the content is not in IM_ATTACHMENT_TYPES.")
PICTURE_REFUSED = Reason("picture_refused", ILLEGAL_PARAMETER,
    "This picture cannot be read. It may be damaged, or have more than %(limit)s million pixels.",
    "A picture cannot be decoded within IM_PICTURE_MAX_PIXELS and IM_PICTURE_MAX_BYTES.")
FILE_INFECTED = Reason("file_infected", ILLEGAL_PARAMETER, "This file contains a virus (%(threat)s) and was deleted.",
    "The virus scanner of the site found something in the file.")
SCANNER_UNAVAILABLE = Reason("scanner_unavailable", SERVER_ERROR,
    "The file cannot be checked for viruses at the moment. Try again.",
    "The virus scanner of the site does not answer. `retryAfter` says when to try again. A resumable upload is kept: "
    "repeat its last request, or GET it.", retry=True)
UPLOAD_QUOTA = Reason("upload_quota", TOO_MUCH,
    "You have uploaded as much as you can for now. Try again later, or delete messages with files.",
    "The user's files exceed IM_UPLOAD_BYTES_PER_DAY (`retryAfter` says when to try again) or "
    "IM_STORAGE_BYTES_PER_USER, or too many of their uploads are unfinished.")
UPLOAD_OFFSET = Reason("upload_offset", OPERATION_FAILED, "This upload continues at byte %(offset)s.",
    "`Upload-Offset` is not the number of bytes that are stored, for example because another request continued first.")
UPLOAD_PARTS = Reason("upload_parts", ILLEGAL_PARAMETER,
    "This upload has too many small parts. Upload the file again in larger ones.",
    "The upload is stored in IM_UPLOAD_MAX_PARTS parts. Each request stores at least one, and one for each 8 MiB.")
UPLOAD_BUSY = Reason("upload_busy", OPERATION_FAILED, "This upload is being completed. Try again in a moment.",
    "Another request completes the same upload.", retry=True)
UPLOAD_NOT_FOUND = Reason("upload_not_found", NO_DATA, "This upload does not exist.",
    "There is no such upload of the caller. It may be cancelled, refused or expired.")
UPLOAD_HEADER = Reason("upload_header", ILLEGAL_PARAMETER, "The request needs a valid %(header)s header.",
    "A header of the upload protocol is missing or not valid.")
UPLOAD_VERSION = Reason("upload_version", ILLEGAL_PARAMETER, "The upload protocol has the version 1.0.0.",
    "`Tus-Resumable` is not 1.0.0.")
STORAGE_UNAVAILABLE = Reason("storage_unavailable", SERVER_ERROR, "The file cannot be stored at the moment. Try again.",
    "The storage is full or does not answer. `retryAfter` says when to try again.", retry=True)
