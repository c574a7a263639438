"""Messages with files are sent once all of them are uploaded, and are never lost or sent twice."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_PRELUDE = """async () => {
  const { Outbox } = await import("/static/js/net/outbox.js");
  const { AttachmentSends, outboxFile } = await import("/static/js/net/attachment-sends.js");
  const { Emitter } = await import("/static/js/net/events.js");
  const { timelineRows } = await import("/static/js/state/timeline-rows.js");
  const { ChannelLog } = await import("/static/js/net/state/channel-log.js");
  const { messageSummary } = await import("/static/js/widgets/message.js");
  const sent = [], restored = [], retried = [], removed = [];
  class Uploads extends Emitter {
    all = new Map();
    get(id) { return this.all.get(id); }
    add(id) {
      const kind = { type: "image/png", kind: "image", size: 5 };
      const upload = { ...kind, id, name: `${id}.png`, file: {}, attachment: null, state: "uploading" };
      this.all.set(id, upload);
      return upload;
    }
    finish(id) {
      const attachment = { id: `key-${id}`, name: `${id}.png`, kind: "image", url: "/files/" };
      this.change(id, { state: "ready", attachment });
    }
    change(id, change) { this.emit("change", Object.assign(this.all.get(id), change)); }
    retry(id) { retried.push(id); }
    remove(id) { removed.push(id); }
    onSent() {}
  }
  const uploads = new Uploads();
  const state = { online: true };
  const open = () => {
    const outbox = new Outbox(localStorage, async (entry) => {
      sent.push([entry.text, ...(entry.files ?? []).map(({ attachment }) => attachment.id)].join(" "));
      return { id: "1", seq: sent.length };
    }, () => state.online, sessionStorage);
    outbox.load("7");
    return outbox;
  };
  const outbox = open();
  const sends = new AttachmentSends({ outbox, uploads, restore: (entry) => restored.push(entry.text) });
  const write = (text, ...ids) => {
    const files = ids.map((id) => outboxFile(uploads.add(id)));
    outbox.add({ target: "1", appId: null, text, since: 0, ...(ids.length ? { files } : {}) });
  };
  const idle = async () => { for (let i = 0; i < 20; i++) await Promise.resolve(); };
  const described = ({ text, state, refusal }) => [text, state, refusal?.reason].filter(Boolean).join(":");
  const waiting = (box = outbox) => box.entriesOf("1").map(described);
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_a_message_goes_when_its_last_file_is_uploaded_and_holds_up_no_other(modules: Page) -> None:
    script = """
      write("two", "a", "b"); write("text"); await idle();
      const first = [...sent];
      uploads.finish("a"); await idle(); const half = [...sent];
      uploads.finish("b"); await idle();
      return [first, half, sent, waiting(), localStorage.length, sessionStorage.length];"""
    assert await run(modules, script) == [["text"], ["text"], ["text", "two key-a key-b"], [], 0, 0]


async def test_uploaded_files_wait_for_the_connection_in_every_tab(modules: Page) -> None:
    script = """
      state.online = false; write("", "a"); const during = [localStorage.length, sessionStorage.length];
      uploads.finish("a"); await idle();
      const stored = [localStorage.length, sessionStorage.length];
      const later = open(); state.online = true; later.flush(); await idle();
      return [during, stored, sent, waiting(later)];"""
    assert await run(modules, script) == [[0, 1], [1, 0], [" key-a"], []]


async def test_a_refused_file_fails_its_message_and_a_retry_uploads_it_again(modules: Page) -> None:
    script = """
      write("x", "a", "b"); uploads.finish("a");
      uploads.change("b", { state: "failed", error: { code: 1011, reason: "upload_quota", data: null } }); await idle();
      const failed = waiting();
      sends.retry(outbox.entriesOf("1")[0].clientMsgId); await idle();
      const pending = waiting();
      uploads.finish("b"); await idle();
      return [failed, retried, pending, sent];"""
    assert await run(modules, script) == [["x:failed:upload_quota"], ["b"], ["x:pending"], ["x key-a key-b"]]


async def test_a_message_whose_upload_ended_with_the_page_goes_back_to_the_composer(modules: Page) -> None:
    script = """
      write("x", "a", "b"); uploads.finish("a"); uploads.all.clear();
      const later = open(); await idle(); const shown = waiting(later);
      const again = new AttachmentSends({ outbox: later, uploads, restore: (entry) => restored.push(entry.text) });
      again.retry(later.entriesOf("1")[0].clientMsgId);
      return [shown, restored, waiting(later), sent, localStorage.length, sessionStorage.length];"""
    assert await run(modules, script) == [["x:failed:upload_interrupted"], ["x"], [], [], 0, 0]


async def test_a_message_whose_files_the_server_has_deleted_goes_back_to_the_composer(modules: Page) -> None:
    script = """
      state.online = false; write("x", "a"); uploads.finish("a");
      const [entry] = outbox.entriesOf("1");
      outbox.fail(entry, { code: 1005, reason: "attachment_not_found", data: null });
      sends.retry(entry.clientMsgId);
      return [restored, waiting(), localStorage.length];"""
    assert await run(modules, script) == [["x"], [], 0]


async def test_a_deleted_message_stops_its_uploads(modules: Page) -> None:
    script = """
      write("x", "a"); sends.remove(outbox.entriesOf("1")[0].clientMsgId); uploads.finish("a"); await idle();
      return [removed, waiting(), sent, sessionStorage.length];"""
    assert await run(modules, script) == [["a"], [], [], 0]


async def test_a_message_that_came_before_its_acknowledgement_is_shown_once(modules: Page) -> None:
    script = """
      state.online = false; write("", "a"); uploads.finish("a");
      const [entry] = outbox.entriesOf("1"); entry.tries = 1;
      const me = { id: "9", userId: "me", name: "Me" };
      const message = (key, seq) => ({
        id: `${seq}`, seq, time: seq, fromId: "9", type: "file", msg: "[a.png]", content: "",
        attachments: [{ id: key, name: "a.png", kind: "image" }] });
      const rows = (key) => {
        const log = new ChannelLog(); log.setNewest({ messages: [message(key, 1)], hasMore: false });
        const shown = timelineRows({ log, entries: [entry], me, dividerSeq: null });
        return shown.filter(({ kind }) => kind === "message").length;
      };
      return [rows("key-a"), rows("another of that name")];"""
    assert await run(modules, script) == [1, 2]


async def test_a_recalled_message_has_no_files_and_an_edit_changes_the_text_beside_them(modules: Page) -> None:
    script = """
      const log = new ChannelLog();
      const attachments = [{ id: "k", name: "a.png", kind: "image" }];
      const message = { id: "1", seq: 1, type: "file", msg: "x [a.png]", content: "x", attachments };
      log.setNewest({ messages: [message], hasMore: false });
      log.edit({ id: "1", msg: "y [a.png]", content: "y", editedAt: 5 });
      const edited = [log.byId("1").content, log.byId("1").attachments.length, messageSummary(log.byId("1"))];
      log.recall({ id: "1" });
      return [edited, log.byId("1").attachments ?? null, messageSummary(log.byId("1"))];"""
    assert await run(modules, script) == [["y", 1, "Picture: y"], None, "This message was recalled."]


async def test_a_message_of_files_is_named_by_them(modules: Page) -> None:
    script = """
      const file = (name, kind) => ({ id: name, name, kind });
      const picture = file("a.png", "image"), report = file("report.pdf", "file");
      const voice = file("voice-message-20260105-070809.webm", "audio");
      return [[picture], [picture, picture], [picture, report], [report], [voice], [file("v.mp4", "video")], []]
        .map((attachments) => messageSummary({ type: "file", msg: "", content: "", attachments }));"""
    assert await run(modules, script) == [
        "Picture", "2 pictures", "2 files", "report.pdf", "Voice message", "Video",
        "Files that are no longer available",
    ]  # fmt: skip
