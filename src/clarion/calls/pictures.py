"""The picture of a call: decoded and encoded anew, without metadata; the original is never published."""

import hashlib
import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from clarion.calls import limits
from clarion.calls.call import Picture
from clarion.calls.folder import PICTURE
from clarion.calls.problems import Problems

_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 82


def read_picture(raw: bytes, problems: Problems) -> Picture | None:
    """The picture as it is published (JPEG, at most 1600 pixels wide), or None with what is wrong noted."""
    if len(raw) > limits.PICTURE_BYTES:
        problems.wrong(PICTURE, 1, f"The file has {len(raw) / 1e6:.1f} MB.", "At most 20 MB are taken.")
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own limit is lower than Pillow's, and told in words
            return _encoded(raw, problems)
    except Image.DecompressionBombError:
        _note_size(problems, "far too many")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError):
        problems.wrong(PICTURE, 1, "The picture cannot be read.", "Save it anew as JPEG, PNG or WebP.")
    return None


def _encoded(raw: bytes, problems: Problems) -> Picture | None:
    with Image.open(io.BytesIO(raw), formats=_FORMATS) as image:
        width, height = image.size  # from the header: nothing is decoded yet
        if width * height > limits.PICTURE_PIXELS:
            _note_size(problems, f"{width} × {height}")
            return None
        image.draft("RGB", (limits.PICTURE_WIDTH, limits.PICTURE_WIDTH))
        upright = ImageOps.exif_transpose(image)
        return Picture(_jpeg(_on_white(upright)), hashlib.sha256(raw).hexdigest())


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    paper = Image.new("RGB", seen.size, "white")
    paper.paste(seen, mask=seen.getchannel("A"))
    return paper


def _jpeg(image: Image.Image) -> bytes:
    width, height = image.size
    if width > limits.PICTURE_WIDTH:
        smaller = (limits.PICTURE_WIDTH, max(1, round(height * limits.PICTURE_WIDTH / width)))
        image = image.resize(smaller, Image.Resampling.LANCZOS)
    # A new image, so that nothing that came with the old one is written.
    plain = Image.new("RGB", image.size)
    plain.paste(image)
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return out.getvalue()


def _note_size(problems: Problems, size: str) -> None:
    problems.wrong(PICTURE, 1, f"The picture has {size} pixels.", "At most 40 megapixels are taken: make it smaller.")
