"""Makes the picture of a custom emoji. It runs in the process of `chat.attachments.media_process`."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

SIDE_PIXELS = 128
"""The longest side. Pages show it at a quarter of this, or a third if it stands alone."""
_MAX_FRAMES = 200
_MAX_DECODED_PIXELS = 60_000_000
"""Pixels of all frames together, which take about a second."""
_USUAL_FRAME_MS = 100
_SHORTEST_FRAME_MS = 20
"""Browsers slow down shorter frames, each in its own way."""
_QUALITY = 85


def encode_emoji(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Write the picture as a WebP of up to SIDE_PIXELS to `output`, animated if it is. Return its size in pixels."""
    from PIL import Image, ImageSequence

    # Its warning of many pixels would only repeat the checks below.
    Image.MAX_IMAGE_PIXELS = None
    frames: list[Picture] = []
    durations: list[int] = []
    with Image.open(BytesIO(path.read_bytes()), formats=request["formats"]) as image:
        # The header states the size, so what would not fit into memory is never decoded.
        pixels = image.width * image.height
        if pixels > request["maxPixels"]:
            raise ValueError("too many pixels")
        for frame in ImageSequence.Iterator(image):
            if len(frames) == _MAX_FRAMES or pixels * len(frames) > _MAX_DECODED_PIXELS:
                raise ValueError("too many frames")
            durations.append(max(_SHORTEST_FRAME_MS, int(frame.info.get("duration") or _USUAL_FRAME_MS)))
            frames.append(_fitted(frame))
    animation: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": durations, "loop": 0}
    options = animation if len(frames) > 1 else {}
    frames[0].save(request["output"], "WEBP", quality=_QUALITY, method=4, **options)
    return {"width": frames[0].width, "height": frames[0].height}


def _fitted(frame: Picture) -> Picture:
    from PIL import Image, ImageOps

    small = ImageOps.exif_transpose(frame).convert("RGBA")
    if max(small.size) > SIDE_PIXELS:
        small = ImageOps.contain(small, (SIDE_PIXELS, SIDE_PIXELS))
    # A new image drops the file's metadata.
    clean = Image.new("RGBA", small.size)
    clean.paste(small)
    return clean
