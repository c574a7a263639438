"""The steps of the tour of all that messages can carry: each uses one item, and looks at what the page shows."""

from __future__ import annotations

from playwright.async_api import expect

from tests.e2e.conditions import expect_natural_width, search_until_found
from tests.e2e.test_attachments import attach, file, picture
from tests.e2e.tour import Tourist
from tests.support.site import Site

_PREVIEW = """
from chat.actions.link_preview import message_set_previews, preview_store

row = preview_store(address={address!r}, title="Early Spring", description="Guo Xi, 1072", site_name="Museum",
    thumbnail=None)
message_set_previews(message_id={id}, text={address!r}, previews=[row])
"""
_LINK = "https://museum.test/early-spring"
_LONG = "2026 年第四季度各部门工作总结与下一年度计划 (final, really).csv"


async def open_channel(tourist: Tourist, name: str) -> None:
    if await tourist.get("back").is_visible():
        await tourist.press("back")
    await tourist.press(tourist.get("channel-item").filter(has_text=name))
    await expect(tourist.get("channel-title")).to_have_text(name)


async def attachments(tourist: Tourist) -> None:
    page = tourist.page
    colors = ((200, 80, 40), (20, 90, 60), (40, 60, 160))
    shapes = zip(((800, 600), (300, 900), (1200, 400)), colors, strict=True)
    pictures = [picture(f"{width}.jpg", width, height, color) for (width, height), color in shapes]
    await attach(page, *pictures, file(_LONG, b"a,b\n1,2\n", "text/csv"))
    await expect(tourist.get("tray-file")).to_have_count(4)
    await tourist.look("tray")
    await tourist.say("From the **opening** 开幕")
    message = tourist.message("From the")
    await expect(message).to_have_attribute("data-state", "sent")
    await expect(message.get_by_test_id("attachment-image")).to_have_count(3)
    await expect(message.get_by_test_id("file-card")).to_contain_text("really")
    await expect(message.locator("strong")).to_have_text("opening")
    pushed = (await tourist.other.push("msg", type="file")).data
    assert [one["kind"] for one in pushed["attachments"]] == ["image", "image", "image", "file"]
    await tourist.look("attachments")

    await tourist.press(message.get_by_test_id("attachment-picture").first)
    await expect_natural_width(tourist.get("picture-large"), 800)
    await tourist.press("viewer-next")
    await expect(tourist.get("viewer-count")).to_have_text("2 / 3")
    await tourist.look("viewer")
    await tourist.press(page.locator("dialog[open]").get_by_test_id("dialog-cancel"))


async def voice(tourist: Tourist) -> None:
    await tourist.press("record")
    await expect(tourist.get("recorder-time")).not_to_have_text("0:00")
    await tourist.look("recorder")
    await tourist.press("recorder-send")
    sent = tourist.page.locator("[data-testid=message][data-state=sent]").filter(has=tourist.get("voice-player"))
    voice = sent.get_by_test_id("voice-player")
    await expect(voice).to_have_attribute("data-drawn", "true")
    await tourist.press(voice.get_by_test_id("voice-play"))
    label = tourist.words("Pause", "暂停")
    await expect(voice.get_by_test_id("voice-play")).to_have_attribute("aria-label", label)
    await tourist.look("voice")
    await tourist.press(voice.get_by_test_id("voice-play"))


async def text(tourist: Tourist) -> None:
    field = tourist.get("composer")
    await field.fill("Paint it")
    await field.press("Shift+Home")
    await expect(tourist.get("format-bold")).to_have_accessible_name(tourist.words("Bold", "粗体"))
    await tourist.press("format-bold")
    await expect(field).to_have_value("**Paint it**")
    await tourist.look("toolbar")
    await field.fill("**Paint it** *red*\n> quoted\n1. one\n2. two\n```python\nprint('red')\n```\n~~blue~~ `#f00`")
    await tourist.press("composer-send")
    message = tourist.message("Paint it")
    await expect(message.locator("strong")).to_have_text("Paint it")
    await expect(message.locator("li")).to_have_text(["one", "two"])
    await expect(message.locator("pre[data-language=python]")).to_contain_text("print('red')")
    await expect(message.locator("blockquote")).to_have_text("quoted")
    await tourist.look("text")


async def emoji(tourist: Tourist) -> None:
    field = tourist.get("composer")
    await tourist.press("emoji-button")
    await tourist.get("emoji-search").fill(tourist.words("party", "彩带"))
    await expect(tourist.get("emoji-choice").first).to_be_visible()
    await tourist.look("emoji-picker")
    await tourist.press(tourist.get("emoji-choice").filter(has_text="🎉").first)
    await expect(field).to_have_value("🎉")
    if tourist.is_phone:
        await tourist.page.keyboard.press("Escape")
    await field.fill("")
    await field.press_sequentially("Finished :shipp")
    await expect(tourist.get("emoji-option").first).to_contain_text(":shipped:")
    await tourist.look("emoji-completion")
    await tourist.press(tourist.get("emoji-option").first)
    # A name that was pasted becomes an emoji when it is sent; code does not.
    await field.fill(f"{await field.input_value()}:tada: `:tada:` at 10:30:20")
    await tourist.press("composer-send")
    written = tourist.message("Finished").get_by_test_id("message-text")
    await expect(written).to_have_text("Finished  🎉 :tada: at 10:30:20")
    await expect_natural_width(written.locator("img"), 64)
    await tourist.look("emoji")


async def mention(tourist: Tourist, bob: str) -> None:
    field = tourist.get("composer")
    await field.fill("")
    await field.press_sequentially(f"@{bob[:4]}")
    await expect(tourist.get("mention-option")).to_have_count(1)
    await tourist.look("mention-suggestion")
    await tourist.press(tourist.get("mention-option"))
    await field.press_sequentially("which one?")
    await tourist.press("composer-send")
    await expect(tourist.message("which one?").locator(".mention")).to_have_text(f"@{bob}")
    pushed = (await tourist.other.push("msg", lambda data: "which one?" in data["msg"])).data
    assert [one["name"] for one in pushed["mentions"]] == [bob]


async def reaction(tourist: Tourist) -> None:
    message = tourist.message("which one?")
    await tourist.act(message, "message-react")
    await tourist.press(tourist.get("emoji-choice").filter(has_text="👍").first)
    reaction = message.get_by_test_id("reaction")
    await expect(reaction).to_have_text("👍1")
    id = (await tourist.other.push("message.reacted")).data["id"]
    await tourist.other.call("message.react", target=tourist.target, id=id, emoji="👍")
    await tourist.other.call("message.react", target=tourist.target, id=id, emoji=":shipped:")
    await expect(reaction).to_have_text(["👍2", "1"])
    await tourist.look("reactions")
    await tourist.press(reaction.first)
    await expect(reaction.first).to_have_text("👍1")


async def thread(tourist: Tourist) -> None:
    root = tourist.message("which one?")
    await tourist.act(root, "message-thread")
    await tourist.say("The former, for its waterfall. 瀑布", "thread-composer")
    await expect(tourist.message("waterfall", "thread")).to_have_attribute("data-state", "sent")
    await tourist.get("also-to-channel").check()
    await tourist.say("So be it. 就这样", "thread-composer")
    await expect(tourist.message("So be it", "thread")).to_have_attribute("data-state", "sent")
    await tourist.look("thread")
    await tourist.press("thread-close")
    await expect(root.get_by_test_id("thread-link")).to_contain_text(tourist.words("2 answers", "2 条回复"))
    await expect(tourist.message("So be it").get_by_test_id("in-thread")).to_be_visible()
    await expect(tourist.message("waterfall")).to_have_count(0)
    await tourist.look("thread-link")


async def preview(tourist: Tourist, site: Site) -> None:
    await tourist.say(_LINK)
    id = (await tourist.other.push("msg", msg=_LINK)).data["id"]
    # Another process stores it, because no foreign page can be loaded here.
    site.manage("shell", "--no-imports", "-c", _PREVIEW.format(address=_LINK, id=id))
    card = tourist.get("link-preview")
    await expect(card).to_contain_text("Guo Xi, 1072")
    await tourist.look("link-preview")


async def saved(tourist: Tourist) -> None:
    message = tourist.message("Paint it")
    await tourist.act(message, "message-more", "save")
    await expect(message.get_by_test_id("message-saved")).to_be_visible()
    await expect(tourist.get("notice")).to_contain_text(tourist.words("Saved", "已收藏"))
    if tourist.is_phone:
        await tourist.press("back")
    await tourist.press("saved-toggle")
    await expect(tourist.get("saved-entry")).to_contain_text("Paint it")
    await tourist.look("saved")
    await tourist.press("saved-open")
    await expect(message).to_be_in_viewport()


async def scheduled(tourist: Tourist) -> None:
    await tourist.get("composer").fill("Good morning 早上好")
    await tourist.press("send-later")
    await tourist.look("send-later")
    await tourist.press("schedule.monday")
    await expect(tourist.get("notice")).to_contain_text(tourist.words("will be sent at", "发送"))
    if tourist.is_phone:
        await tourist.press("back")
    await tourist.press("scheduled-button")
    row = tourist.get("scheduled-message")
    await expect(row).to_contain_text("Good morning")
    await tourist.look("scheduled")
    await tourist.press(row.get_by_test_id("scheduled-edit"))
    edited = tourist.page.locator("#dialog-schedule")
    await edited.get_by_test_id("schedule-text").fill("Good evening 晚上好")
    await tourist.press(edited.get_by_test_id("dialog-confirm"))
    await expect(row).to_contain_text("Good evening")
    await tourist.press(row.get_by_test_id("scheduled-send"))
    await expect(row).to_have_count(0)
    await tourist.press(tourist.page.locator("#dialog-scheduled").get_by_test_id("dialog-cancel"))
    await open_channel(tourist, "Painters")
    await expect(tourist.message("Good evening")).to_have_count(1)
    await expect(tourist.get("scheduled-button")).to_be_hidden()


async def slash(tourist: Tourist) -> None:
    field, notes = tourist.get("composer"), tourist.get("slash-note")
    await field.press_sequentially("/de")
    await expect(tourist.get("slash-option")).to_contain_text(["/deploy"])
    await tourist.look("slash-commands")
    await field.fill("/deploy main")
    await tourist.press("composer-send")
    await expect(notes).to_contain_text("main is green.")
    await expect(notes).to_contain_text(tourist.words("Only you can see this", "仅你可见"))
    await tourist.say("/me waves")
    await expect(tourist.page.locator(".message.action .message-text")).to_have_text("waves")
    await tourist.look("slash")
    await tourist.press("slash-note-close")


async def forward(tourist: Tourist, bob: str) -> None:
    await tourist.act(tourist.message("From the"), "message-more", "forward")
    dialog = tourist.page.locator("#dialog-forward")
    await expect(dialog.get_by_test_id("dialog-confirm")).to_be_disabled()
    for name in ("Archive", bob.capitalize()):
        await dialog.get_by_test_id("forward-search").fill(name)
        await tourist.press(dialog.get_by_test_id("forward-option").filter(has_text=name).first)
    await dialog.get_by_test_id("forward-comment").fill("For the record")
    await tourist.look("forward-dialog")
    await tourist.press(dialog.get_by_test_id("dialog-confirm"))
    await expect(tourist.get("notice")).to_contain_text(tourist.words("Forwarded to 2 chats.", "已转发到 2 个聊天。"))
    await open_channel(tourist, bob.capitalize())
    await expect(tourist.message("From the").get_by_test_id("origin")).to_contain_text("Alice")
    await open_channel(tourist, "Archive")
    await expect(tourist.get("message").first.get_by_test_id("message-text")).to_have_text("For the record")
    forwarded = tourist.message("From the")
    await expect(forwarded.get_by_test_id("origin")).to_contain_text("Alice")
    await expect(forwarded.get_by_test_id("attachment-image")).to_have_count(3)
    await tourist.look("forwarded")
    # It repeats the words of its first sender.
    await tourist.act(forwarded)
    await expect(tourist.get("message-edit")).to_be_hidden()


async def search(tourist: Tourist) -> None:
    await tourist.press("search-toggle")
    await tourist.press(tourist.page.get_by_text(tourist.words("Everywhere", "全部频道"), exact=True))
    field, results = tourist.get("search-field"), tourist.get("search-result")
    for question, found in (
        ("has:file in:painters", "From the"),
        ("has:link from:me", "museum.test"),
        ("is:thread 瀑布", "waterfall"),
        ("on:today quarterly 总结", ""),
        ("really has:file in:archive", "really"),
    ):
        await field.fill(question)
        if not found:
            await expect(tourist.get("search-state")).to_be_visible()
            continue
        await search_until_found(field, results.filter(has_text=found))
    await tourist.look("search")
    await tourist.press(results.first)
    await expect(tourist.get("channel-title")).to_have_text("Archive")
    # The page has forwarded it itself, and knows that it is there.
    await expect(tourist.get("notice")).not_to_contain_text(tourist.words("This does not exist", "它不存在"))
    await tourist.look("found")
