"""The parts of Slack's payload that have text, and the message that they make."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta

from chat.api.v1.schema import SHOWN_MARKUP, Shape
from chat.webhooks.incoming.slack_text import bold, link, literal, markdown, quote

PLAIN_TEXT = "plain_text"


class SlackText(Shape):
    """A text object of a block: `mrkdwn` is formatted, `plain_text` is not."""

    type: str = "mrkdwn"
    text: str | None = None


class SlackElement(Shape):
    """An element of a context block. Pictures have no text."""

    type: str = ""
    text: SlackText | str | None = None


class SlackBlock(Shape):
    """A block. The text of `header`, `section`, `context` and `markdown` is shown; other blocks are left out."""

    type: str = ""
    text: SlackText | str | None = None
    fields: list[SlackText] | None = None
    elements: list[SlackElement] | None = None


class SlackField(Shape):
    """A field of an attachment."""

    title: str | None = None
    value: str | int | float | None = None


class SlackAttachment(Shape):
    """An attachment: shown as a quote below its `pretext`. `fallback` is shown if it has no other text."""

    fallback: str | None = None
    pretext: str | None = None
    title: str | None = None
    title_link: str | None = None
    text: str | None = None
    fields: list[SlackField] | None = None
    blocks: list[SlackBlock] | None = None


class SlackPayload(Shape):
    """Other fields that Slack knows (`username`, `channel`, `icon_emoji`) are ignored: a webhook has one channel and
    one name. A payload without any text is refused.
    """

    text: Annotated[
        str | None,
        Meta(
            description="Text in Slack's syntax, which becomes the site's: `*bold*` becomes `**bold**`, `~strike~` "
            "becomes `~~strike~~`, `<https://ci.example/8|#8>` becomes `[#8](https://ci.example/8)`, `<!here>` becomes "
            "`@here`, and `&amp;`, `&lt;` and `&gt;` become `&`, `<` and `>`. With `blocks` that have text, these are "
            f"shown instead. {SHOWN_MARKUP}"
        ),
    ] = None
    mrkdwn: Annotated[bool | None, Meta(description="`false`: `text` has no formatting.")] = None
    blocks: list[SlackBlock] | None = None
    attachments: list[SlackAttachment] | None = None


def message_text(payload: SlackPayload) -> str:
    """Return the message in the site's syntax, empty if the payload has no text."""
    text = payload.text or ""
    own = _blocks(payload.blocks) or (literal(text) if payload.mrkdwn is False else markdown(text))
    return _lines([own, *(_attachment(attachment) for attachment in payload.attachments or ())])


def _blocks(blocks: list[SlackBlock] | None) -> str:
    return _lines(_block(block) for block in blocks or ())


def _block(block: SlackBlock) -> str:
    match block.type:
        case "header":
            return bold(_raw(block.text))
        case "section":
            return _lines([_shown(block.text), *(_shown(field) for field in block.fields or ())])
        case "context":
            return " ".join(filter(None, (_shown(element.text, element.type) for element in block.elements or ())))
        case "markdown":
            return _raw(block.text)
    return ""


def _shown(text: SlackText | str | None, type: str = "mrkdwn") -> str:
    if isinstance(text, SlackText):
        type = text.type
    return literal(_raw(text)) if type == PLAIN_TEXT else markdown(_raw(text))


def _raw(text: SlackText | str | None) -> str:
    return (text.text if isinstance(text, SlackText) else text) or ""


def _attachment(attachment: SlackAttachment) -> str:
    title = bold(attachment.title or "")
    if title and attachment.title_link:
        title = f"**{link(title[2:-2], attachment.title_link, is_escaped=True)}**"
    fields = (_lines([bold(field.title or ""), markdown(_value(field))]) for field in attachment.fields or ())
    body = _lines([title, markdown(attachment.text or ""), *fields, _blocks(attachment.blocks)])
    pretext = markdown(attachment.pretext or "")
    return _lines([pretext, quote(body) if body else ""]) or markdown(attachment.fallback or "")


def _value(field: SlackField) -> str:
    return "" if field.value is None else str(field.value)


def _lines(parts: Iterable[str]) -> str:
    """Return the parts that have text, each on lines of its own."""
    return "\n".join(part.strip("\n") for part in parts if part.strip())
