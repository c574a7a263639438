"""Files that are removed from messages disappear from loaded messages, and from pages that arrive later."""

from __future__ import annotations

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_SCRIPT = """async (isEarly) => {
  const { ChannelLog } = await import("/static/js/net/state/channel-log.js");
  const file = (id) => ({ id, name: `${id}.jpg`, type: "image/jpeg", kind: "image", size: 1, url: `/files/${id}/` });
  const message = (seq, ...ids) => ({
    target: "9", id: `${seq}`, seq, position: seq, fromId: "1", type: "file", msg: "look [a.jpg]", content: "look",
    attachments: ids.map(file),
  });
  const messages = () => [message(1, "a"), message(2, "b", "c"), message(3, "d")];
  const page = () => ({ messages: messages(), notes: [], hasMore: false });
  const log = new ChannelLog();
  const change = () => {
    log.expireFiles(1);
    log.removeFiles(["c"]);
  };
  if (!isEarly) log.setNewest(page());
  change();
  log.setNewest(page(), !isEarly);
  const shown = ({ id, removed }) => [id, removed ?? false];
  return log.messages.map(({ msg, attachments }) => [msg, ...attachments.map(shown)]);
}"""


async def test_removed_and_expired_files_stay_away(modules: Page) -> None:
    for is_early in (True, False):
        assert await modules.evaluate(_SCRIPT, is_early) == [
            ["look"],
            ["look [a.jpg]", ["b", False], ["c", True]],
            ["look [a.jpg]", ["d", False]],
        ]
