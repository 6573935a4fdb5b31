"""Any picture as the JPEG that the model is shown."""

import random
import sys
from pathlib import Path

import pytest
from PIL import Image

from edgevoice import jpeg
from edgevoice.errors import PictureError
from tests.photos import colour, decoded, encoded, photograph

ORIENTATION, DESCRIPTION, GPS, LATITUDE = 0x112, 0x10E, 0x8825, 2
TURNED_RIGHT = 6
"""The camera was held upright: to be turned a quarter clockwise."""


def with_metadata(image: Image.Image, kind: str) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = TURNED_RIGHT
    exif[DESCRIPTION] = "where Ada lives"
    exif.get_ifd(GPS)[LATITUDE] = (51.0, 30.0, 0.5)
    options: dict[str, object] = {"comment": b"a comment"} if kind == "JPEG" else {}
    return encoded(image, kind, exif=exif, icc_profile=b"a profile", **options)


def test_a_photograph_becomes_as_small_as_documented(tmp_path: Path) -> None:
    photo = photograph(tmp_path).read_bytes()

    image = decoded(jpeg.prepare(photo))

    assert image.size == (768, 432)
    assert image.mode == "RGB"
    assert decoded(jpeg.prepare(photo, 320)).size == (320, 180)


def test_a_small_picture_stays_as_it_is() -> None:
    assert decoded(jpeg.prepare(colour("red", (30, 20)))).size == (30, 20)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_is_turned_upright_and_says_nothing_of_its_origin(kind: str) -> None:
    image = Image.new("RGB", (80, 40), "blue")
    image.paste("red", (0, 0, 40, 40))  # left: above, once it is turned
    original = with_metadata(image, kind)
    assert b"where Ada lives" in original

    small = jpeg.prepare(original)

    assert decoded(small).size == (40, 80)
    above, below = (decoded(small).getpixel((20, y)) for y in (10, 70))
    assert isinstance(above, tuple)
    assert isinstance(below, tuple)
    assert above[0] > 200 > 50 > above[2]
    assert below[2] > 200 > 50 > below[0]
    assert not decoded(small).getexif()
    assert set(decoded(small).info) <= {"jfif", "jfif_version", "jfif_unit"} | {
        "jfif_density"
    }
    for secret in (b"Ada", b"a comment", b"a profile", b"Exif"):
        assert secret not in small


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_png_is_taken(mode: str) -> None:
    png = encoded(Image.new(mode, (40, 30)), "PNG")

    assert decoded(jpeg.prepare(png)).size == (40, 30)


@pytest.mark.parametrize("grey", [0, 64, 128, 255])
def test_a_grey_of_16_bits_stays_that_grey(grey: int) -> None:
    png = encoded(Image.new("I;16", (40, 30), grey * 257), "PNG")

    assert decoded(jpeg.prepare(png)).getpixel((20, 15)) == (grey, grey, grey)


def test_what_is_transparent_becomes_white() -> None:
    png = encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG")

    assert decoded(jpeg.prepare(png)).getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\xff\xd8", encoded(Image.new("RGB", (9, 9)), "BMP")]
)
def test_what_is_no_picture_is_told_so(data: bytes) -> None:
    with pytest.raises(PictureError, match="no JPEG or PNG"):
        jpeg.prepare(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_that_is_cut_off_is_told_so(kind: str) -> None:
    noise = encoded(Image.effect_noise((200, 200), 60), kind)

    with pytest.raises(PictureError, match="is damaged"):
        jpeg.prepare(noise[: len(noise) // 2])


def test_a_few_bytes_that_claim_to_be_huge_are_refused_before_they_are_decoded() -> (
    None
):
    bomb = encoded(Image.new("1", (20_000, 20_000)), "PNG")
    assert len(bomb) < 100_000

    with pytest.raises(PictureError, match="20000 x 20000 pixels: at most 50 mega"):
        jpeg.prepare(bomb)


@pytest.mark.filterwarnings("ignore::UserWarning")  # what Pillow says of bad EXIF
def test_damage_of_any_kind_is_one_clear_error() -> None:
    chance = random.Random(5)
    image = Image.effect_noise((90, 60), 60).convert("RGB")
    whole = [with_metadata(image, "JPEG"), with_metadata(image, "PNG")]
    refused = []
    for _ in range(1500):
        data = bytearray(chance.choice(whole))
        for _ in range(chance.randrange(1, 8)):
            data[chance.randrange(400)] = chance.randrange(256)
        try:
            jpeg.prepare(bytes(data))
        except PictureError as error:
            refused.append(str(error))
    assert len(refused) > 500
    assert not any("\n" in words for words in refused)


def test_without_pillow_it_is_said_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    red = colour("red")
    monkeypatch.setitem(sys.modules, "PIL", None)

    with pytest.raises(PictureError, match="apt install python3-pil"):
        jpeg.prepare(red)
