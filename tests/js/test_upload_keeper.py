"""Files that wait to be uploaded outlive their page: in their draft or message, for their user, for a day."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page

from tests.js.test_channel_log import pytestmark as pytestmark

_PRELUDE = """async () => {
  const { Outbox } = await import("/static/js/net/outbox.js");
  const { AttachmentSends, outboxFile } = await import("/static/js/net/attachment-sends.js");
  const { Uploads } = await import("/static/js/net/uploads.js");
  const { UploadMemory } = await import("/static/js/net/state/upload-memory.js");
  const { AttachmentDrafts } = await import("/static/js/state/attachment-drafts.js");
  const { UploadKeeper } = await import("/static/js/offline/upload-keeper.js");
  const { KeptFiles } = await import("/static/js/offline/kept-files.js");
  const { DisconnectedError } = await import("/static/js/net/protocol.js");
  const state = { online: false, stored: 0 };
  const sent = [];
  const sendRequest = async (method, path, { body }) => {
    if (!state.online) throw new DisconnectedError("");
    const file = body.get("file");
    const { name, size, type } = file;
    const data = { id: `key-${++state.stored}`, name, size, type, kind: "file", url: "/", text: await file.text() };
    return { status: 201, header: () => null, data };
  };
  // The locks of the open pages. A tab that loads again has its own at once.
  const held = new Set();
  navigator.locks.request = async (name, options, hold) => { held.add(name); hold(); };
  navigator.locks.query = async () => ({ held: [...held].map((name) => ({ name })) });
  // A page: what survives it are the storages and the database. `tab`: the sessionStorage of its tab.
  const openPage = async (tab = sessionStorage, userId = "7", files = undefined) => {
    const outbox = new Outbox(localStorage, async (entry) => {
      sent.push([entry.clientMsgId, entry.text, ...entry.files.map(({ attachment }) => attachment.text)]);
      return { id: "1", seq: sent.length };
    }, () => state.online, tab);
    const memory = new UploadMemory(localStorage);
    const uploads = new Uploads({ memory, sendRequest });
    const drafts = new AttachmentDrafts(tab, uploads);
    const restored = [];
    const sends = new AttachmentSends({ outbox, uploads, restore: (entry) => restored.push(entry.text) });
    const keeper = new UploadKeeper({ uploads, drafts, outbox, tabStorage: tab, files });
    memory.load(userId); drafts.load(userId); outbox.load(userId);
    await keeper.load(userId);
    const message = { target: "1", appId: null, since: 0 };
    const write = (text, ...uploads) => outbox.add({ ...message, text, files: uploads.map(outboxFile) });
    const described = ({ text, state, refusal }) => [text, state, refusal?.reason ?? ""].join(":");
    const waiting = () => outbox.entriesOf("1").map(described);
    const drafted = () => drafts.of("1").map(({ name, state }) => `${name}:${state}`);
    return { outbox, uploads, drafts, sends, keeper, write, waiting, drafted, restored };
  };
  const file = (name, text) => new File([text], name, { type: "text/plain", lastModified: 5 });
  const records = () => new Promise((resolve) => {
    const opening = indexedDB.open("im-files");
    // There is none.
    opening.onupgradeneeded = () => opening.transaction.abort();
    opening.onerror = () => resolve([]);
    opening.onsuccess = () => {
      const database = opening.result;
      const reading = database.transaction("records").objectStore("records").getAll();
      reading.onsuccess = () => { database.close(); resolve(reading.result); };
    };
  });
  const until = async (condition) => {
    for (const end = Date.now() + 60000; Date.now() < end;) {
      if (await condition()) return;
      await new Promise((done) => setTimeout(done, 5));
    }
    throw new Error(`never: ${condition}`);
  };
  const kept = (...names) => until(async () => {
    const found = (await records()).map(({ draft, entry }) => draft ?? entry?.text ?? "nowhere").sort();
    return JSON.stringify(found) === JSON.stringify(names.sort());
  });
  await new KeptFiles().wipe();
  %s
}"""


async def run(modules: Page, script: str) -> Any:
    return await modules.evaluate(_PRELUDE % script)


async def test_files_of_drafts_and_messages_wait_on_in_the_next_page_and_are_sent_once(modules: Page) -> None:
    script = """
      const first = await openPage();
      first.drafts.add("1", [file("draft.txt", "later")]);
      const upload = first.uploads.add(file("a.txt", "alpha"));
      first.write("now", upload, first.uploads.add(file("b.txt", "beta")));
      await kept("1", "now", "now");
      first.uploads.clear();
      const next = await openPage();
      const found = [next.waiting(), next.drafted().map((one) => one.split(":")[0]), next.uploads.isUnsafe];
      state.online = true; next.uploads.wake();
      await until(() => sent.length > 0);
      await kept();
      return [found, sent.map(([, ...rest]) => rest), next.waiting(), next.drafted()];"""
    assert await run(modules, script) == [
        [["now:pending:"], ["draft.txt"], False],
        [["now", "alpha", "beta"]],
        [],
        ["draft.txt:ready"],
    ]


async def test_another_tab_goes_on_with_the_message_of_one_that_has_ended(modules: Page) -> None:
    script = """
      const first = await openPage();
      const id = first.write("mine", first.uploads.add(file("a.txt", "alpha")));
      await kept("mine");
      // The tab is closed: its storage goes with it, and the browser takes back its lock.
      first.uploads.clear();
      sessionStorage.clear();
      held.clear();
      const other = await openPage();
      state.online = true; other.uploads.wake();
      await until(() => sent.length > 0);
      return [sent.map(([, ...rest]) => rest), sent[0][0] === id];"""
    assert await run(modules, script) == [[["mine", "alpha"]], True]


async def test_a_page_leaves_the_files_of_an_open_one_alone(modules: Page) -> None:
    script = """
      const first = await openPage();
      first.write("mine", first.uploads.add(file("a.txt", "alpha")));
      await kept("mine");
      const values = new Map();
      const tab = { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => values.set(key, value) };
      const other = await openPage(tab);
      return [other.waiting(), await records().then((all) => all.length)];"""
    assert await run(modules, script) == [[], 1]


async def test_nobody_else_gets_the_files_and_a_sign_out_deletes_them(modules: Page) -> None:
    script = """
      const first = await openPage();
      first.drafts.add("1", [file("draft.txt", "secret")]);
      first.write("mine", first.uploads.add(file("a.txt", "alpha")));
      await kept("1", "mine");
      await first.keeper.wipe();
      const wiped = await records();
      first.uploads.clear();
      const own = await openPage();
      const left = [own.waiting(), own.drafted()];
      own.drafts.add("1", [file("again.txt", "secret")]);
      await kept("1");
      own.uploads.clear();
      const bob = await openPage(sessionStorage, "8");
      return [wiped, left, bob.waiting(), bob.drafted(), await records()];"""
    assert await run(modules, script) == [[], [["mine:failed:upload_interrupted"], []], [], [], []]


async def test_old_files_are_deleted_and_removed_ones_are_not_kept(modules: Page) -> None:
    script = """
      const first = await openPage();
      first.drafts.add("1", [file("a.txt", "alpha"), file("b.txt", "beta")]);
      await kept("1", "1");
      first.drafts.remove("1", first.drafts.of("1")[0].id);
      await kept("1");
      const id = first.write("gone", first.uploads.add(file("c.txt", "gamma")));
      await kept("1", "gone");
      first.sends.remove(id);
      await kept("1");
      first.uploads.clear();
      const now = Date.now;
      Date.now = () => now() + 25 * 3_600_000;
      const next = await openPage();
      Date.now = now;
      return [next.drafted(), await records()];"""
    assert await run(modules, script) == [[], []]


async def test_a_page_knows_which_files_the_browser_does_not_keep(modules: Page) -> None:
    script = """
      const { KeptFilesFull } = await import("/static/js/offline/kept-files.js");
      const kinds = [];
      for (const error of [new KeptFilesFull(), new DOMException("", "QuotaExceededError")]) {
        const files = { claim: async () => [], add: async () => { throw error; }, remove: async () => {} };
        const page = await openPage(sessionStorage, "7", files);
        const upload = page.uploads.add(file("a.txt", "alpha"));
        await until(() => upload.kept && upload.state === "waiting");
        kinds.push([upload.kept, page.uploads.isUnsafe]);
        page.uploads.clear();
      }
      return kinds;"""
    assert await run(modules, script) == [["too-much", True], ["no-room", True]]


async def test_the_files_that_wait_have_a_limit_together(modules: Page) -> None:
    script = """
      const { MAX_KEPT_FILE_BYTES, KeptFilesFull } = await import("/static/js/offline/kept-files.js");
      const files = new KeptFiles();
      const waiting = { userId: "7", page: "p", at: Date.now(), draft: "1", entry: null };
      const add = (id, size) => files.add({ ...waiting, id, size, file: file(id, "x") });
      await add("a", MAX_KEPT_FILE_BYTES - 1);
      const outcome = (size) => add("b", size).then(() => "kept", (error) => error instanceof KeptFilesFull);
      return [await outcome(2), await outcome(1), (await records()).length];"""
    assert await run(modules, script) == [True, "kept", 2]
