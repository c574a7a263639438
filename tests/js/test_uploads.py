"""Files are uploaded in one request or in chunks, continue after a lost connection and a reload, and can be stopped."""

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

# A server in the page: it stores how many bytes of each upload it has. `faults` are replies in place of its own; null
# is a lost connection, and "lost" one that is lost after the server has done its work.
_PRELUDE = """async () => {
  const MiB = 1024 * 1024;
  const calls = [], stored = new Map(), faults = [];
  const problem = (status, reason, more = {}) =>
    [status, {}, { code: 1, detail: "No.", reason, status, ...more }];
  const object = (id, size) => ({ id, name: "n", type: "t", kind: "file", size, url: `/files/${id}/n` });
  const serve = (method, url, headers, body) => {
    calls.push(`${method} ${url}` + (headers["Upload-Offset"] ? ` ${headers["Upload-Offset"] / MiB}` : ""));
    if (headers["X-CSRFToken"] !== "token") return problem(403, "forbidden");
    if (url === "/api/v1/attachments/") return [201, {}, object("small", body.get("file").size)];
    if (url === "/api/v1/uploads/") {
      const path = `/api/v1/uploads/key${stored.size}/`;
      stored.set(path, { size: Number(headers["Upload-Length"]), offset: 0, metadata: headers["Upload-Metadata"] });
      return [201, { Location: `http://inside.example${path}` }, null];
    }
    const upload = stored.get(url);
    if (!upload) return problem(404, "not_found");
    if (method === "DELETE") return stored.delete(url), [204, {}, null];
    if (method === "GET") return [200, {}, object(url, upload.size)];
    if (method === "HEAD") return [200, { "Upload-Offset": upload.offset }, null];
    if (Number(headers["Upload-Offset"]) !== upload.offset) return problem(409, "upload_offset");
    upload.offset += body.size;
    return upload.offset === upload.size
      ? [200, { "Upload-Offset": upload.offset }, object(url, upload.size)]
      : [204, { "Upload-Offset": upload.offset }, null];
  };
  const gate = { isOpen: true };
  class Request {
    upload = {}; headers = {};
    open(method, url) { Object.assign(this, { method, url }); }
    setRequestHeader(name, value) { this.headers[name] = value; }
    getResponseHeader(name) { return this.replyHeaders[name] === undefined ? null : String(this.replyHeaders[name]); }
    abort() { this.isAborted = true; this.onabort(); this.onloadend(); }
    async send(body) {
      await Promise.resolve();
      while (!gate.isOpen && !this.isAborted) await new Promise((done) => setTimeout(done, 1));
      if (this.isAborted) return;
      const fault = faults.length ? faults.shift() : undefined;
      if (fault === null) { calls.push(`${this.method} lost`); this.onerror(); return this.onloadend(); }
      const reply = Array.isArray(fault) ? (calls.push(`${this.method} ${fault[0]}`), fault)
        : serve(this.method, this.url, this.headers, body);
      if (fault === "lost") { this.onerror(); return this.onloadend(); }
      const [status, headers, data] = reply;
      if (body?.size) this.upload.onprogress({ loaded: body.size });
      Object.assign(this, { status, replyHeaders: headers, responseText: data ? JSON.stringify(data) : "" });
      this.onload(); this.onloadend();
    }
  }
  window.XMLHttpRequest = Request;
  const { Uploads } = await import("/static/js/net/uploads.js");
  const { xhrRequests } = await import("/static/js/page/xhr-request.js");
  const { UploadMemory } = await import("/static/js/net/state/upload-memory.js");
  const open = (userId = "7") => {
    const memory = new UploadMemory(localStorage); memory.load(userId);
    return new Uploads({ memory, sendRequest: xhrRequests(() => "token"), measure: async () => null });
  };
  const uploads = open();
  const file = (size, name = "große Datei.bin") => new File([new Uint8Array(size)], name, { lastModified: 5 });
  // Waiting ends when the browser is online again.
  const until = async (condition) => {
    for (const end = Date.now() + 8000; Date.now() < end && !condition();) {
      await new Promise((done) => setTimeout(done, 2)); dispatchEvent(new Event("online"));
    }
    if (!condition()) throw new Error(`never: ${condition}, ${calls}`);
  };
  const settled = (upload) => until(() => ["ready", "failed"].includes(upload.state));
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_a_small_file_goes_in_one_request(modules: Page) -> None:
    script = """
      const upload = uploads.add(file(10)); await settled(upload);
      const isFound = uploads.ofAttachment("small") === upload;
      return [calls, upload.state, upload.attachment.id, isFound, localStorage.length];"""
    assert await run(modules, script) == [["POST /api/v1/attachments/"], "ready", "small", True, 0]


async def test_a_large_file_goes_in_chunks_and_reports_its_progress(modules: Page) -> None:
    script = """
      const sent = []; uploads.on("progress", (upload) => sent.push(upload.sent / MiB));
      const upload = uploads.add(file(20 * MiB)); await settled(upload);
      const { metadata } = stored.get("/api/v1/uploads/key0/");
      return [calls, upload.attachment.size / MiB, sent, metadata, localStorage.length];"""
    url = "/api/v1/uploads/key0/"
    calls = ["POST /api/v1/uploads/", *(f"PATCH {url} {offset}" for offset in (0, 8, 16))]
    assert await run(modules, script) == [calls, 20, [0, 8, 16, 20], "filename Z3Jvw59lIERhdGVpLmJpbg==", 0]


async def test_an_upload_goes_on_from_what_the_server_has_after_a_lost_connection(modules: Page) -> None:
    script = """
      faults.push(undefined, undefined, "lost", null);
      const upload = uploads.add(file(20 * MiB)); await settled(upload);
      return [calls, upload.state];"""
    url = "/api/v1/uploads/key0/"
    assert await run(modules, script) == [
        [
            "POST /api/v1/uploads/", f"PATCH {url} 0", f"PATCH {url} 8", "HEAD lost", f"HEAD {url}", f"PATCH {url} 16",
        ],
        "ready",
    ]  # fmt: skip


async def test_an_upload_whose_last_reply_was_lost_is_complete(modules: Page) -> None:
    script = """
      faults.push(undefined, "lost");
      const upload = uploads.add(file(6 * MiB)); await settled(upload);
      return [calls.slice(-2), upload.attachment.id];"""
    url = "/api/v1/uploads/key0/"
    assert await run(modules, script) == [[f"HEAD {url}", f"GET {url}"], url]


async def test_the_same_file_goes_on_after_a_reload_but_for_its_user_only(modules: Page) -> None:
    script = """
      faults.push(undefined, undefined, null);
      const first = uploads.add(file(20 * MiB)); await until(() => first.state === "waiting");
      uploads.clear(); uploads.memory.release();
      calls.length = 0;
      const other = open("8").add(file(20 * MiB)); await settled(other);
      const mine = open().add(file(20 * MiB)); await settled(mine);
      return [calls.filter((call) => !call.startsWith("PATCH")), mine.attachment.id, localStorage.length];"""
    url = "/api/v1/uploads/key0/"
    assert await run(modules, script) == [["POST /api/v1/uploads/", f"HEAD {url}"], url, 0]


async def test_an_upload_that_the_server_has_forgotten_begins_again(modules: Page) -> None:
    script = """
      faults.push(undefined, undefined, null);
      const upload = uploads.add(file(20 * MiB)); await until(() => upload.state === "waiting");
      stored.clear(); stored.set("", {}); await settled(upload);
      return [upload.state, upload.attachment.id];"""
    assert await run(modules, script) == ["ready", "/api/v1/uploads/key1/"]


async def test_the_same_file_chosen_twice_is_two_uploads(modules: Page) -> None:
    script = """
      const both = [uploads.add(file(6 * MiB)), uploads.add(file(6 * MiB))];
      for (const upload of both) await settled(upload);
      return new Set(both.map(({ attachment }) => attachment.id)).size;"""
    assert await run(modules, script) == 2


@pytest.mark.parametrize("size", ["10", "6 * MiB"])
async def test_a_refused_file_says_why_and_can_be_tried_again(modules: Page, size: str) -> None:
    script = f"""
      faults.push(problem(415, "file_type_refused"));
      const upload = uploads.add(file({size})); await settled(upload);
      const {{ state, error }} = upload;
      uploads.retry(upload.id); await settled(upload);
      return [state, error.reason, error.data.error, upload.state, upload.error];"""
    assert await run(modules, script) == ["failed", "file_type_refused", "No.", "ready", None]


async def test_a_reply_of_a_proxy_is_explained_as_well(modules: Page) -> None:
    script = """
      faults.push([413, {}, null]);
      const upload = uploads.add(file(10)); await settled(upload);
      return [upload.state, upload.error.reason];"""
    assert await run(modules, script) == ["failed", "upload_too_large"]


async def test_an_upload_waits_as_long_as_the_server_asks_for_it(modules: Page) -> None:
    script = """
      const full = problem(503, "storage_full", { code: 1004, retryAfter: 0 });
      faults.push(...Array(8).fill(full));
      const upload = uploads.add(file(10)); await settled(upload);
      return [calls.length, upload.state];"""
    assert await run(modules, script) == [9, "ready"]


async def test_a_quota_that_lasts_for_hours_is_told_at_once(modules: Page) -> None:
    script = """
      faults.push(problem(429, "upload_quota", { code: 1011, retryAfter: 30000 }));
      const upload = uploads.add(file(10)); await settled(upload);
      return [calls.length, upload.state, upload.error.reason];"""
    assert await run(modules, script) == [1, "failed", "upload_quota"]


async def test_a_file_that_is_still_examined_is_asked_for_again(modules: Page) -> None:
    script = """
      faults.push(undefined, problem(423, "file_held"));
      const upload = uploads.add(file(6 * MiB)); await settled(upload);
      return upload.state;"""
    assert await run(modules, script) == "ready"


async def test_a_file_that_is_not_sent_is_deleted_and_its_quota_free_again(modules: Page) -> None:
    script = """
      const upload = uploads.add(file(10)); await settled(upload);
      uploads.remove(upload.id); await until(() => calls.length === 2);
      const other = uploads.add(file(10)); await settled(other);
      uploads.onSent(other.id); uploads.remove(other.id); await until(() => calls.length === 3);
      return calls;"""
    post = "POST /api/v1/attachments/"
    assert await run(modules, script) == [post, "DELETE /api/v1/uploads/small/", post]


async def test_an_upload_gives_up_after_faults_of_the_server(modules: Page) -> None:
    script = """
      faults.push(...Array(9).fill([502, {}, null]));
      const upload = uploads.add(file(10)); await settled(upload);
      return [calls.length, upload.state, uploads.isUnsafe];"""
    assert await run(modules, script) == [5, "failed", False]


async def test_a_removed_file_is_no_longer_uploaded_and_the_server_hears_of_it(modules: Page) -> None:
    script = """
      faults.push(undefined, undefined, null);
      const upload = uploads.add(file(20 * MiB)); await until(() => upload.state === "waiting");
      uploads.remove(upload.id); await until(() => stored.size === 0);
      return [calls.at(-1), uploads.get(upload.id) === undefined, uploads.isUnsafe, localStorage.length];"""
    assert await run(modules, script) == ["DELETE /api/v1/uploads/key0/", True, False, 0]


async def test_three_files_are_uploaded_at_a_time(modules: Page) -> None:
    script = """
      gate.isOpen = false;
      const all = [1, 2, 3, 4, 5].map((n) => uploads.add(file(n)));
      const before = all.map(({ state }) => state);
      uploads.remove(all[0].id); const after = all.slice(1).map(({ state }) => state);
      gate.isOpen = true; for (const upload of all.slice(1)) await settled(upload);
      return [before.join(), after.join(), uploads.isUnsafe];"""
    assert await run(modules, script) == [
        "uploading,uploading,uploading,queued,queued", "uploading,uploading,uploading,queued", False,
    ]  # fmt: skip


async def test_files_of_a_draft_survive_a_reload_once_they_are_uploaded(modules: Page) -> None:
    script = """
      const { AttachmentDrafts } = await import("/static/js/state/attachment-drafts.js");
      const drafts = new AttachmentDrafts(sessionStorage, uploads); drafts.load("7");
      drafts.add("1", [file(10, "a"), file(11, "b")]);
      await until(() => drafts.of("1").every(({ state }) => state === "ready"));
      faults.push(problem(415, "file_type_refused")); drafts.add("1", [file(12, "c")]);
      await until(() => drafts.of("1")[2].state === "failed");
      const later = new AttachmentDrafts(sessionStorage, open()); later.load("7");
      const restored = later.of("1").map(({ name, state }) => `${name}:${state}`);
      later.load("8"); const others = later.of("1").length;
      const taken = drafts.take("1").length;
      return [restored, others, taken, drafts.of("1").length, sessionStorage.length];"""
    assert await run(modules, script) == [["n:ready", "n:ready"], 0, 3, 0, 0]


async def test_a_file_added_while_others_are_sent_stays_in_the_draft(modules: Page) -> None:
    script = """
      const { AttachmentDrafts } = await import("/static/js/state/attachment-drafts.js");
      const drafts = new AttachmentDrafts(sessionStorage, uploads); drafts.load("7");
      drafts.add("1", [file(10, "a")]); await until(() => drafts.of("1")[0].state === "ready");
      const sent = drafts.of("1"); const ids = drafts.uploadedIds(sent);
      drafts.add("1", [file(11, "b")]); await until(() => drafts.of("1")[1].state === "ready");
      drafts.removeSent("1", sent);
      return [ids.length, drafts.of("1").length, drafts.of("1")[0] === sent[0], sessionStorage.length];"""
    assert await run(modules, script) == [1, 1, False, 1]


async def test_the_upload_of_another_open_page_is_left_alone(modules: Page) -> None:
    script = """
      const memory = () => { const made = new UploadMemory(localStorage); made.load("9"); return made; };
      const mine = file(9), same = file(9), first = memory(), second = memory();
      first.set(mine, "/u/1");
      const whileOpen = second.get(same);
      first.release();
      const closed = second.get(same);
      return [whileOpen, closed, first.get(mine), second.take(same), localStorage.length];"""
    assert await run(modules, script) == [None, "/u/1", None, "/u/1", 0]
