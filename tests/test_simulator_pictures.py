import pytest

from edgevoice.simulator import Simulator
from edgevoice.simulator.pictures import Picture, look
from tests.simulator_client import (
    END,
    START,
    Json,
    audio,
    jpeg,
    picture,
    png,
    talking,
    text,
    tone,
    transcript_of,
    video,
)

INVALID = (1007, "Request contains an invalid argument.")
ONLY_ACTIVITY: Json = {
    "automaticActivityDetection": {"disabled": True},
    "turnCoverage": "TURN_INCLUDES_ONLY_ACTIVITY",
}
SEEN = "I see a JPEG of 640 x 480 pixels, 0.0 kB."


def test_a_header_tells_kind_and_size() -> None:
    assert look("image/jpeg", jpeg(768, 512)) == Picture("JPEG", 768, 512, 39)
    assert look("image/png", png(1, 2)) == Picture("PNG", 1, 2, 33)


def test_tables_may_come_before_the_size_of_a_jpeg() -> None:
    tables = b"\xff\xc4\x00\x0b" + bytes(9) + b"\xff\xdb\x00\x04\1\2"
    whole = jpeg(768, 512)
    later = whole[:2] + tables + whole[2:]
    assert look("image/jpeg", later) == Picture("JPEG", 768, 512, len(later))


@pytest.mark.parametrize(
    ("mime", "data"),
    [
        ("image/jpeg", png()),
        ("image/png", jpeg()),
        ("image/gif", b"GIF89a" + bytes(20)),
        ("image/jpeg", jpeg()[:24]),
        ("image/png", png()[:20]),
        ("image/jpeg", b""),
        ("audio/pcm;rate=16000", bytes(20)),
    ],
)
async def test_what_is_no_such_picture_closes_the_session(
    mime: str, data: bytes
) -> None:
    with pytest.raises(ValueError, match="picture"):
        look(mime, data)
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send(START, video(data, mime))
        assert await client.closed() == INVALID


def images(messages: list[Json]) -> int:
    """Tokens of pictures that the last turn is billed for."""
    details = messages[-2]["usageMetadata"]["promptTokensDetails"]
    return sum(d["tokenCount"] for d in details if d["modality"] == "IMAGE")


async def test_a_picture_within_an_activity_is_seen_with_its_turn_and_billed() -> None:
    async with (
        Simulator(pace=0) as simulator,
        talking(simulator, realtimeInputConfig=ONLY_ACTIVITY) as client,
    ):
        await client.send(
            START, audio(tone(0.4)), video(jpeg()), video(png(), "image/png"), END
        )
        turn = await client.turn()
        await client.speak(tone(0.4))
        later = await client.turn()
    assert transcript_of(turn) == (
        f"You spoke for 0.4 seconds. {SEEN} I see a PNG of 640 x 480 pixels, 0.0 kB."
    )
    assert images(turn) == 2 * 258
    assert transcript_of(later) == "You spoke for 0.4 seconds."
    assert images(later) == 2 * 258


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({}, True),
        ({"realtimeInputConfig": ONLY_ACTIVITY}, False),
        ({"model": "models/gemini-2.5-flash-native-audio-latest"}, False),
        ({"model": "models/gemini-3.1-flash-live-preview"}, True),
    ],
)
async def test_a_picture_outside_an_activity_is_seen_only_if_all_video_is(
    fields: Json, *, seen: bool
) -> None:
    async with Simulator(pace=0) as simulator, talking(simulator, **fields) as client:
        await client.send(video(jpeg()), text("What is it?"))
        turn = await client.turn()
    assert transcript_of(turn) == "You said: What is it?" + (f" {SEEN}" if seen else "")
    assert images(turn) == (258 if seen else 0)


async def test_a_picture_in_client_content_is_seen() -> None:
    shown = {"inlineData": picture(jpeg())}
    turns = [{"role": "user", "parts": [{"text": "Look:"}, shown]}]
    async with Simulator(pace=0) as simulator, talking(simulator) as client:
        await client.send({"clientContent": {"turns": turns}})
        await client.speak(tone(0.4))
        first = await client.turn()
        await client.send({"clientContent": {"turns": turns, "turnComplete": True}})
        second = await client.turn()
    assert transcript_of(first) == f"You spoke for 0.4 seconds. {SEEN}"
    assert transcript_of(second) == f"You said: Look: {SEEN}"
    assert (images(first), images(second)) == (258, 516)


async def test_a_strict_server_takes_one_picture_a_second() -> None:
    async with (
        Simulator(pace=0, behaviours=["one_picture_a_second"]) as simulator,
        talking(simulator) as client,
    ):
        await client.send(START, video(jpeg()), audio(tone(0.1)), END)
        assert SEEN in transcript_of(await client.turn())
        await client.send(video(jpeg()))
        assert await client.closed() == INVALID
