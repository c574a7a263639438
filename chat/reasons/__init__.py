"""The reasons for which the chat refuses a request, in one table. Pure.

Replies carry the key (for programs), the code and the sentence; `%(name)s` in a sentence is a member of the reply's
data. The page translates by key (static/js/locales/zh-errors.js), the admin by sentence. Reasons about accounts are in
`accounts.errors`; `chat.account_errors` adds their codes.
"""

from __future__ import annotations

from chat.errors import Reason
from chat.reasons.channels import *  # noqa: F403
from chat.reasons.emoji import *  # noqa: F403
from chat.reasons.files import *  # noqa: F403
from chat.reasons.http import *  # noqa: F403
from chat.reasons.messages import *  # noqa: F403
from chat.reasons.requests import *  # noqa: F403
from chat.reasons.slash_commands import *  # noqa: F403
from chat.reasons.users import *  # noqa: F403
from chat.reasons.webhooks import *  # noqa: F403

REASONS: dict[str, Reason] = {value.key: value for value in list(globals().values()) if isinstance(value, Reason)}
"""All of them by key."""
