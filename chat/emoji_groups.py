"""The groups of the emoji picker, and where in Unicode their emoji are."""

from __future__ import annotations

from bisect import bisect_right

_GROUPS = (
    (
        "smileys",
        0x1F600,
        "2620 2639 2763 1f441 1f479 1f47d 1f48b 1f493 1f4a2 1f4a4 1f4a8 1f4ab 1f4af 1f573 1f5a4 1f5e8 1f600 "
        "1f648 1f90d 1f910 1f920 1f927 1f970 1f978 1f9d0 1f9e1 1fa75 1fae0 1fae8",
    ),
    (
        "people",
        0x1F44B,
        "261d 26f7 26f9 270a 1f385 1f3c2 1f3c7 1f3ca 1f440 1f442 1f463 1f47c 1f481 1f485 1f48f 1f491 1f4aa "
        "1f574 1f57a 1f590 1f5e3 1f645 1f64b 1f6a3 1f6b4 1f6c0 1f6cc 1f90c 1f90f 1f918 1f926 1f930 1f977 "
        "1f9b4 1f9bb 1f9be 1f9cc 1f9d1 1fac0 1fae6 1faf0",
    ),
    (
        "nature",
        0x1F400,
        "2618 1f331 1f337 1f33e 1f3f5 1f400 1f490 1f4ae 1f54a 1f577 1f940 1f980 1fab0 1fab6 1facd",
    ),
    (
        "food",
        0x1F345,
        "2615 1f32d 1f336 1f33d 1f345 1f382 1f3fa 1f52a 1f942 1f950 1f9c0 1fad0",
    ),
    (
        "activities",
        0x1F380,
        "265f 26bd 26f3 26f8 2728 1f004 1f380 1f383 1f386 1f38d 1f396 1f39f 1f3a3 1f3a8 1f3ab 1f3ad 1f3bd "
        "1f3c5 1f3c8 1f3cf 1f3f8 1f52b 1f52e 1f579 1f5bc 1f6f7 1f93f 1f945 1f9e7 1f9f5 1f9f8 1fa80 1fa84 "
        "1faa1 1faa9",
    ),
    (
        "travel",
        0x1F680,
        "231a 23f0 2600 2614 2668 2693 26a1 26c4 26e9 26f4 26fa 2708 2744 2b50 1f300 1f3a0 1f3aa 1f3cd 1f3d4 "
        "1f3e8 1f3ef 1f488 1f492 1f4a7 1f4ba 1f525 1f54b 1f550 1f570 1f5fa 1f680 1f6a4 1f6b2 1f6ce 1f6d1 "
        "1f6d5 1f6d8 1f6dd 1f6e2 1f6f8 1f9bc 1f9ed 1f9f1 1f9f3 1fa82 1fa90 1faa8 1fab5",
    ),
    (
        "objects",
        0x1F4A1,
        "2328 260e 2692 2694 2696 26b0 26cf 2702 2709 270f 1f392 1f399 1f3a4 1f3a7 1f3a9 1f3ac 1f3b5 1f3ee "
        "1f3f7 1f3f9 1f451 1f484 1f489 1f48d 1f4a1 1f4a3 1f4b0 1f4b3 1f4bb 1f4dc 1f4f7 1f507 1f526 1f52c "
        "1f56f 1f576 1f587 1f5a5 1f5c2 1f5f3 1f5ff 1f6aa 1f6ac 1f6bd 1f6bf 1f6c1 1f6cb 1f6cd 1f6cf 1f6d2 "
        "1f6d7 1f6e0 1f941 1f97b 1f9af 1f9ba 1f9e2 1f9ea 1f9ee 1f9f2 1f9f4 1f9f7 1f9f9 1fa78 1fa83 1fa87 "
        "1fa91 1faa3 1faaa 1fae7",
    ),
    (
        "symbols",
        0x1F4A0,
        "23 23cf 23f8 2611 2622 2640 267b 2695 269b 26a7 26ce 26d4 2705 2714 2733 2747 2795 2b55 1f170 1f201 "
        "1f3a6 1f3e7 1f4a0 1f4b1 1f4db 1f4f3 1f500 1f518 1f52f 1f54e 1f6ab 1f6ad 1f6b3 1f6b7 1f6be 1f6c2 "
        "1f6d0 1f6dc 1f7e0 1faaf 1fadf",
    ),
    (
        "flags",
        0x1F38C,
        "1f1e6 1f38c 1f3c1 1f3f3 1f6a9",
    ),
)
"""Each group with the character that begins it in the picker, and where its runs of related emoji begin.

A run ends where that of any group begins, so emoji that Unicode adds between two others belong to the run before them.
"""

GROUP_NAMES = tuple(name for name, _, _ in _GROUPS)
_JOINER = "\u200d"
_FIRST = {name: first for name, first, _ in _GROUPS}
_RUNS = sorted((int(start, 16), name) for name, _, starts in _GROUPS for start in starts.split())
_STARTS = [start for start, _ in _RUNS]


def group_of(emoji: str) -> str:
    """Return the name of the group of an emoji, by its first character."""
    return _RUNS[max(0, bisect_right(_STARTS, ord(emoji[0])) - 1)][1]


def sort_key(emoji: str) -> tuple[bool, bool, str]:
    """Return the key by which the emoji of a group are ordered: those joined of others come last."""
    return _JOINER in emoji, ord(emoji[0]) < _FIRST[group_of(emoji)], emoji
