"""Decodes pages whose encoding a stranger names, truly or not. Pure."""

from __future__ import annotations

import codecs
import re

_PRESCAN_BYTES = 2048
_IN_HEADER = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE | re.ASCII)
_IN_META = re.compile(rb"<meta[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CODECS = {
    "utf-8": "utf-8", "utf-16-le": "utf-16-le", "utf-16-be": "utf-16-be", "utf-16": "utf-16-le",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5hkscs", "big5hkscs": "big5hkscs",
    "shift_jis": "cp932", "cp932": "cp932", "euc_jp": "euc_jp", "iso2022_jp": "iso2022_jp",
    "euc_kr": "cp949", "cp949": "cp949", "koi8-r": "koi8-r", "koi8-u": "koi8-u", "mac-cyrillic": "mac-cyrillic",
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "tis-620": "cp874", "iso8859-11": "cp874",
    "cp874": "cp874", **{f"cp{number}": f"cp{number}" for number in (866, *range(1250, 1259))},
    **{f"iso8859-{number}": f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
}  # fmt: skip
"""Python's codec by the name that `codecs.lookup` gives, as browsers read the names. Others are not used: some of
Python's codecs are no character sets, or take quadratic time."""


def decode_page(body: bytes, content_type: str) -> str:
    """Return the text by its byte order mark, else by `content_type`, else by its first `<meta>`, else as UTF-8.

    Never fails: bytes that cannot be decoded become U+FFFD.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    in_header = _IN_HEADER.search(content_type)
    in_meta = _IN_META.search(body[:_PRESCAN_BYTES])
    named = in_header[1] if in_header else in_meta[1].decode("ascii") if in_meta else ""
    return body.decode(_codec(named), "replace")


def _codec(name: str) -> str:
    try:
        known = codecs.lookup(name[:40]).name
    except (LookupError, ValueError):
        return "utf-8"
    return _CODECS.get(known, "utf-8")
