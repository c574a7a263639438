"""Reads a picture, video or sound in a process of its own: `python -m chat.attachments.media_process`.

Decoders see what strangers made. Here a crash, an endless loop or much memory ends with this process, which has no
secret of the site in its environment. It reads a request as JSON from its input and writes the result as JSON. It ends
with an error for a file that cannot be read. It imports nothing of the site but its neighbours that decode.
"""

from __future__ import annotations

import base64
import json
import resource
import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chat.attachments.emoji_encoder import encode_emoji
from chat.attachments.metadata import strip_metadata

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

THUMBNAIL_PIXELS = 800
"""The longest side of a thumbnail."""
_SMALL_BYTES = 65_536
"""A picture that is no larger, in bytes and pixels, needs no thumbnail."""
_PREVIEW_PIXELS = 32
_PREVIEW_QUALITY = 40
_COPY_SIDES = (THUMBNAIL_PIXELS, 560, 400, 280, 200)
"""The longest sides that are tried for a copy of a limited size, in pixels."""
_COPY_QUALITIES = (80, 65, 50)
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_ORIENTATION = 0x0112
_MAX_PROFILE_BYTES = 4096
"""Larger colour profiles are left out of thumbnails."""
_MAX_SIDE = 65_535
"""Pixels of a video's side, above which its size counts as unknown."""
_BASE_BYTES = 512 * 2**20
_BYTES_PER_PIXEL = 16
_CPU_SECONDS = 25


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    largest = _BASE_BYTES + request["maxPixels"] * _BYTES_PER_PIXEL
    resource.setrlimit(resource.RLIMIT_AS, (largest, largest))
    seconds = request.get("cpuSeconds", _CPU_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    path = Path(request["path"])
    read = {"image": _picture, "emoji": encode_emoji, "thumbnail": _thumbnail}.get(request["kind"], _sound_or_video)
    json.dump(read(path, request), sys.stdout)


def _picture(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Strip the picture and write it to `output`, and a smaller one to `thumbnail` if it needs one.

    Write a JPEG of at most `copyBytes` to `copy` if that is not 0 and the picture is none of at most that size.
    """
    from PIL import Image, ImageOps

    # Its warning of many pixels would only repeat the check below.
    Image.MAX_IMAGE_PIXELS = None
    content = path.read_bytes()
    with Image.open(BytesIO(content), formats=_FORMATS) as image:
        form, size = str(image.format), image.size
        # The header states the size, so what would not fit into memory is never decoded.
        if size[0] * size[1] > request["maxPixels"]:
            raise ValueError("too many pixels")
        is_animated = getattr(image, "is_animated", False)
        orientation = 1 if is_animated else image.getexif().get(_ORIENTATION, 1)
        image.draft("RGB", (2 * THUMBNAIL_PIXELS, 2 * THUMBNAIL_PIXELS))
        small = _reduced(image)
    stripped = strip_metadata(content, form)
    if orientation in range(2, 9):
        small = _transposed(small, orientation)
        size = size[::-1] if orientation >= 5 else size
        stripped = _upright(content, form, orientation)
    Path(request["output"]).write_bytes(stripped)
    with Image.open(BytesIO(stripped), formats=(form,)) as clean:
        if clean.size != size:
            raise ValueError("The picture has changed its size.")
    small = (
        ImageOps.contain(small, (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS)) if max(small.size) > THUMBNAIL_PIXELS else small
    )
    has_thumbnail = is_animated or max(size) > THUMBNAIL_PIXELS or len(stripped) > _SMALL_BYTES
    if has_thumbnail:
        profile = small.info.get("icc_profile") or b""
        small.save(
            request["thumbnail"], "WEBP", quality=80, icc_profile=profile if len(profile) <= _MAX_PROFILE_BYTES else b""
        )
    limit = request["copyBytes"]
    has_copy = limit > 0 and (form == "WEBP" or len(stripped) > limit) and _write_copy(small, request)
    tiny = BytesIO()
    ImageOps.contain(small, (_PREVIEW_PIXELS, _PREVIEW_PIXELS)).save(
        tiny, "WEBP", quality=_PREVIEW_QUALITY, icc_profile=b""
    )
    preview = base64.b64encode(tiny.getvalue()).decode()
    return {"width": size[0], "height": size[1], "preview": preview, "hasThumbnail": has_thumbnail, "hasCopy": has_copy}


def _write_copy(small: Picture, request: dict[str, Any]) -> bool:
    """Write a JPEG of at most `copyBytes` to `copy`, on white; return False if none is small enough."""
    from PIL import Image, ImageOps

    opaque = Image.new("RGB", small.size, "white")
    opaque.paste(small, mask=small.getchannel("A") if small.mode == "RGBA" else None)
    for side in _COPY_SIDES:
        if side < max(opaque.size):
            opaque = ImageOps.contain(opaque, (side, side))
        for quality in _COPY_QUALITIES:
            made = BytesIO()
            opaque.save(made, "JPEG", quality=quality)
            if made.tell() <= request["copyBytes"]:
                Path(request["copy"]).write_bytes(made.getvalue())
                return True
    return False


def _thumbnail(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Write a smaller copy of the first frame, with sides of up to `pixels`, to `thumbnail`."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path, formats=_FORMATS) as image:
        if image.size[0] * image.size[1] > request["maxPixels"]:
            raise ValueError("too many pixels")
        orientation = image.getexif().get(_ORIENTATION, 1)
        image.draft("RGB", (2 * THUMBNAIL_PIXELS, 2 * THUMBNAIL_PIXELS))
        small = _reduced(image)
    if orientation in range(2, 9):
        small = _transposed(small, orientation)
    if max(small.size) > request["pixels"]:
        small = ImageOps.contain(small, (request["pixels"], request["pixels"]))
    small.save(request["thumbnail"], "WEBP", quality=80, icc_profile=b"")
    return {"width": small.size[0], "height": small.size[1]}


def _reduced(image: Picture) -> Picture:
    """Decode the first frame and return it at a size of about two thumbnails, as RGB or RGBA."""
    image.load()
    profile = image.info.get("icc_profile")
    has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    small: Picture = image if image.mode in ("RGB", "RGBA", "L") else image.convert("RGBA" if has_alpha else "RGB")
    if (factor := max(image.size) // (2 * THUMBNAIL_PIXELS)) > 1:
        small = small.reduce(factor)
    small = small.convert("RGBA" if has_alpha else "RGB")
    # Nothing else of the file's metadata goes on.
    small.info = {"icc_profile": profile} if profile and image.mode != "CMYK" else {}
    return small


def _transposed(image: Picture, orientation: int) -> Picture:
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turned = image.transpose(turns[orientation])
    turned.info = image.info
    return turned


def _upright(content: bytes, form: str, orientation: int) -> bytes:
    """Return the picture decoded, turned and encoded again."""
    from PIL import Image

    with Image.open(BytesIO(content), formats=(form,)) as image:
        profile = image.info.get("icc_profile") or b""
        image.load()
        image.info = {}
        turned = _transposed(image, orientation)
    made = BytesIO()
    options: dict[str, Any] = {"WEBP": {"quality": 90}, "JPEG": {"quality": 92}}.get(form, {})
    turned.save(made, form, icc_profile=profile, exif=b"", **options)
    return strip_metadata(made.getvalue(), form)


def _sound_or_video(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Return the duration in milliseconds, and the size of a video as it is shown, as far as the file tells them."""
    from pymediainfo import MediaInfo

    tracks = MediaInfo.parse(path).to_data()["tracks"]
    durations = [float(track["duration"]) for track in tracks if track.get("duration")]
    found: dict[str, Any] = {"duration": round(max(durations))} if durations else {}
    for track in tracks:
        sides = (track.get("width"), track.get("height"))
        if track["track_type"] == "Video" and all(isinstance(side, int) and 0 < side <= _MAX_SIDE for side in sides):
            is_turned = round(float(track.get("rotation") or 0)) % 180 == 90
            found["width"], found["height"] = reversed(sides) if is_turned else sides
            break
    return found


if __name__ == "__main__":
    main()
