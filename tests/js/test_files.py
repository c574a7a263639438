"""Files are named, measured and drawn as a reader expects."""

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

_SCRIPT = """async (given) => {
  const files = await import("/static/js/lib/files.js");
  const kinds = await import("/static/js/net/file-kind.js");
  const { pictureSpace, shownPictures } = await import("/static/js/lib/picture-size.js");
  const { waveform } = await import("/static/js/lib/waveform.js");
  const { acceptFiles, mayUpload } = await import("/static/js/state/attachment-limits.js");
  return %s;
}"""


async def result(modules: Page, expression: str, given: Any = None) -> Any:
    return await modules.evaluate(_SCRIPT % expression, given)


async def test_the_end_of_a_long_name_is_kept(modules: Page) -> None:
    names = [
        "Quarterly report of all departments 2026.xlsx",
        "a.png",
        ".profile",
        "archive.tar.gz",
        "会议纪要最终版本.pdf",
        "no-extension",
        "👩‍👩‍👧‍👦👍🏽👍🏽👍🏽👍🏽👍🏽.png",
    ]
    parts = await result(modules, "given.map((name) => files.splitFileName(name))", names)
    assert ["".join((part["start"], part["end"])) for part in parts] == names
    assert [part["end"] for part in parts] == [
        "2026.xlsx",
        ".png",
        "file",
        ".tar.gz",
        "最终版本.pdf",
        "sion",
        "👍🏽👍🏽👍🏽.png",
    ]


async def test_kinds_are_those_that_a_browser_shows(modules: Page) -> None:
    types = ["image/png", "image/svg+xml", "image/heic", "video/mp4", "audio/ogg", "text/html", ""]
    kinds = await result(modules, "given.map((type) => kinds.fileKind({ type }))", types)
    assert kinds == ["image", "file", "file", "video", "audio", "file", "file"]


async def test_icons_follow_the_kind_and_the_extension(modules: Page) -> None:
    files = [
        ("a.ZIP", "file"),
        ("b.csv", "file"),
        ("c.pdf", "file"),
        ("d.py", "file"),
        ("e", "file"),
        ("f.", "file"),
        ("g.zip", "image"),
    ]
    given = [{"name": name, "kind": kind} for name, kind in files]
    icons = await result(modules, "given.map((file) => files.fileIcon(file))", given)
    assert icons == ["file-archive", "file-table", "file-text", "file-code", "file", "file", "file-image"]


async def test_sizes_and_lengths_are_short(modules: Page) -> None:
    sizes = await result(modules, "[0, 1, 1023, 1536, 10 * 1024, 104857600, 2 ** 31].map(files.formatBytes)")
    assert sizes == ["0 kB", "0.1 kB", "1 kB", "1.5 kB", "10 kB", "100 MB", "2 GB"]
    assert await result(modules, "[0, 5.9, 65, 3600, NaN, Infinity].map(files.formatDuration)") == [
        "0:00", "0:05", "1:05", "60:00", "0:00", "0:00",
    ]  # fmt: skip


async def test_a_recording_is_recognized_by_its_name(modules: Page) -> None:
    name = await result(modules, "files.voiceMessageName(new Date(2026, 0, 5, 7, 8, 9), 'audio/mp4')")
    assert name == "voice-message-20260105-070809.m4a"
    files = [(name, "audio"), ("voice-message-20260105-070809.webm", "video"), (name, "file"), ("song.m4a", "audio")]
    given = [{"name": name, "kind": kind} for name, kind in files]
    assert await result(modules, "given.map(files.isVoiceMessage)", given) == [True, True, False, False]


@pytest.mark.parametrize(
    ("size", "space"),
    [
        ((4000, 3000), (360, 270)),
        ((3000, 4000), (240, 320)),
        ((200, 100), (200, 100)),
        ((16, 16), (64, 64)),
        ((30, 3000), (64, 320)),
        ((None, None), (280, 210)),
    ],
)
async def test_a_picture_has_its_space_before_it_is_loaded(modules: Page, size: Any, space: Any) -> None:
    given = {"width": size[0], "height": size[1]}
    assert await result(modules, "pictureSpace(given)", given) == {"width": space[0], "height": space[1]}


async def test_four_pictures_are_shown_and_the_others_counted(modules: Page) -> None:
    shown = await result(modules, "[1, 4, 5, 10].map(shownPictures)")
    assert [(place["shown"], place["hidden"]) for place in shown] == [(1, 0), (4, 0), (4, 1), (4, 6)]


async def test_a_waveform_follows_the_loudness(modules: Page) -> None:
    loud_then_silent = "Float32Array.from({ length: 48000 }, (_, i) => (i < 24000 ? Math.sin(i / 5) / 2 : 0))"
    assert await result(modules, f"waveform({loud_then_silent}, 4).map((bar) => Math.round(bar * 10))") == [
        10,
        10,
        0,
        0,
    ]
    assert await result(modules, "waveform(new Float32Array(3), 5)") == [0, 0, 0, 0, 0]
    # A whisper is not drawn like a shout.
    assert max(await result(modules, "waveform(new Float32Array(1000).fill(0.01), 3)")) < 0.2


async def test_files_that_cannot_be_sent_are_left_out_with_a_reason(modules: Page) -> None:
    given = [("empty.txt", 0), ("a.png", 10), ("film.mp4", 101), ("b.png", 100), ("c.png", 1)]
    files = [{"name": name, "size": size} for name, size in given]
    found = await result(modules, "acceptFiles(given, 1, { maxBytes: 100, perMessage: 3, guests: false })", files)
    assert [file["name"] for file in found["accepted"]] == ["a.png", "b.png"]
    assert found["problem"] == {"kind": "empty", "name": "empty.txt", "others": 2}
    alone = await result(modules, "acceptFiles(given, 0, { maxBytes: 100, perMessage: 3, guests: false })", files[1:2])
    assert alone == {"accepted": files[1:2], "problem": None}


async def test_guests_send_files_only_where_a_setting_allows_it(modules: Page) -> None:
    expression = "[['person', 9, false], ['guest', 9, false], ['guest', 9, true], ['person', 0, true]]"
    expression += ".map(([kind, maxBytes, guests]) => mayUpload({ maxBytes, perMessage: 1, guests }, kind))"
    assert await result(modules, expression) == [True, False, True, False]
