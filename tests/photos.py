"""Pictures for tests."""

import io
import subprocess
from pathlib import Path

from PIL import Image


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """The image as a file holds it."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def decoded(data: bytes) -> Image.Image:
    """The image in a JPEG that is whole."""
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    image.load()
    return image


def colour(name: str, size: tuple[int, int] = (64, 48)) -> bytes:
    """A JPEG of one colour."""
    return encoded(Image.new("RGB", size, name))


def ffmpeg_source(size: str = "1920x1080") -> list[str]:
    """A command that prints ffmpeg's test source as a JPEG, as a camera would."""
    source = ["-f", "lavfi", "-i", f"testsrc=size={size}:rate=1"]
    return ["ffmpeg", "-v", "error", *source, "-frames:v", "1", "-f", "mjpeg", "-"]


def photograph(folder: Path) -> Path:
    """A real JPEG that another program than ours has made."""
    path = folder / "photograph.jpg"
    path.write_bytes(subprocess.check_output(ffmpeg_source()))
    return path
