"""Any picture as the JPEG that the model is shown: small, upright, without metadata.

Pillow is imported when the first picture comes and takes 3 MB. What malloc keeps after
forty pictures: 25 MB if they had one megapixel, 75 MB if they had twelve. No I/O; to be
called in a worker thread where an event loop runs.
"""

import io
import struct
from typing import TYPE_CHECKING, Final

from edgevoice.errors import PictureError

if TYPE_CHECKING:
    from PIL.Image import Image as Image_

LONGEST: Final = 768
"""Longest side, pixels. Source: Live API guide, "Video": JPEG, 768 x 768."""

QUALITY: Final = 80
"""Of 100: what the eye does not miss; some 100 kB for a photograph."""

MOST_PIXELS: Final = 50_000_000
"""Of the original: a telephone's photograph. A few kilobytes may claim to be more than
the memory holds."""

_DAMAGES: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    struct.error,
    MemoryError,
)
"""What Pillow raises at damaged files, found by trying thousands of them."""


def prepare(data: bytes, longest: int = LONGEST) -> bytes:
    """Make the JPEG that the model is shown.

    Args:
        data: A JPEG or PNG, as a file holds it.
        longest: Longest side of the result, pixels; a smaller picture stays small.

    Returns:
        A JPEG, turned upright, with no metadata: no place, time or camera.

    Raises:
        PictureError: It is no picture, or damaged, or too large; or there is no Pillow.
    """
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        raise PictureError(
            "pictures need Pillow: `apt install python3-pil`, or "
            "`pip install 'edgevoice[camera]'`"
        ) from None
    Image.MAX_IMAGE_PIXELS = None  # it would only warn; the size is checked below
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
            _check_size(*image.size)
            image.draft("RGB", (longest, longest))  # a JPEG is decoded small at once
            image.thumbnail((longest, longest), reducing_gap=None)
            return _encode(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        raise PictureError("this is no JPEG or PNG picture") from None
    except _DAMAGES as error:
        raise PictureError(f"this picture is damaged: {error}") from None


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise PictureError(
            f"a picture of {width} x {height} pixels: at most "
            f"{MOST_PIXELS // 1_000_000} megapixels are taken"
        )


def _encode(image: "Image_") -> bytes:
    from PIL import Image

    image = image.convert("RGBA")
    opaque = Image.new("RGB", image.size, "white")  # behind what is transparent
    opaque.paste(image, mask=image.getchannel("A"))
    out = io.BytesIO()
    opaque.save(out, "JPEG", quality=QUALITY)  # a new image: it has no metadata
    return out.getvalue()
