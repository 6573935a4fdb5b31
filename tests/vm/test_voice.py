"""A spoken turn: button, lamp, microphone, speaker and TLS at once, all confined."""

from pathlib import Path

import numpy as np
import pytest

from tests.vm import card, header, unit
from tests.vm.conftest import Record, Times
from tests.vm.server import Keeping, Server, make_certificate
from tests.vm.waiting import output, until

CERTIFICATES = Path("/etc/ssl/edgevoice-test")
QUESTION_S = 4.0
LOST_A_GAP = 4
"""Pieces that a gap touches: the emulated machine at times misses a quarter second."""
QUESTIONS = 4
"""Asked at the most, until the machine has kept up with one."""
CONTACT_MS = 50
"""A release shorter than this is the contact's bounce; so the end waits for it."""


@pytest.fixture
def tls() -> Path:
    """A server's certificate, which the service trusts as a user would have it."""
    CERTIFICATES.mkdir(exist_ok=True)
    pem = make_certificate(CERTIFICATES)
    ca = CERTIFICATES / "ca.pem"
    ca.chmod(0o644)
    unit.drop_in(f"[Service]\nEnvironment=SSL_CERT_FILE={ca}\n")
    return pem


def test_a_question_goes_up_whole_and_its_echo_comes_out(
    tls: Path, tmp_path: Path, record: Record
) -> None:
    """Of some questions one is judged, in which the emulated machine kept up best."""
    question = card.noise(QUESTION_S)
    card.write(question, tmp_path / "question.wav")
    heard = []
    with Server(tls=tls) as server:
        unit.write_settings(live__endpoint=server.url, speaker__volume=100)
        unit.start()
        unit.wait_for_rest()
        for turn in range(1, QUESTIONS + 1):
            microphone, speaker = ask(server, turn, question, tmp_path)
            record("microphone to simulator (TLS)", microphone._asdict())
            record("simulator to speaker (TLS)", speaker._asdict())
            # Whatever came is what was said, bit by bit, in each of them.
            assert microphone.exact == microphone.found
            heard.append(min(whole(microphone), whole(speaker)))
            if heard[-1] > 0.9:
                break
    assert max(heard) > 0.5, heard


def ask(
    server: Server, turn: int, question: card.Samples, folder: Path
) -> tuple[card.Match, card.Match]:
    """Say something; what came of it at the simulator, and of its answer here."""
    with card.recording() as heard:
        header.press()
        until(header.is_lit)
        server.wait(lambda: len(server.times("activityStart")) == turn)
        card.play(folder / "question.wav")
        header.release()
        server.wait(lambda: len(Keeping.answers) == turn)
        until(lambda: unit.status()["turns"]["answered"] == turn)
    up = np.frombuffer(Keeping.questions[-1], np.int16)
    answer = np.frombuffer(Keeping.answers[-1], np.int16)
    # Where the machine was too slow for the microphone, the echo has the same fault.
    return (
        card.compare(question, up, 16_000),
        card.compare(sounding(answer), heard.sound, 24_000),
    )


def whole(match: card.Match) -> float:
    """How much came, 0 to 1; pieces beside a gap of the machine's do not count.

    A gap at either end makes no shift.
    """
    beside_gaps = LOST_A_GAP * (match.shifts + 1)
    return match.found / max(1, match.pieces - beside_gaps)


def sounding(answer: card.Samples) -> card.Samples:
    """Without the silence in front of and behind it."""
    loud = np.flatnonzero(np.abs(answer.astype(int)) > 500)
    return answer[loud[0] : loud[-1] + 1]


def test_press_to_lamp_and_release_to_the_end_of_the_activity(
    record: Record, times: Times
) -> None:
    lamp_ms, start_ms, end_ms = [], [], []
    with Server("empty", pace=0) as server:
        unit.write_settings(
            live__endpoint=server.url, button__tap_ms=0, microphone__tail_ms=0
        )
        unit.start()
        unit.wait_for_rest()
        for turn in range(1, times(200) + 1):
            until(lambda: unit.status()["phase"] == "idle" and not header.is_lit())
            pressed = header.press()
            lamp_ms.append((until(header.when_lit, pause=0.001) - pressed) * 1000)
            ends_with(server, "activityStart", turn)
            start_ms.append((server.times("activityStart")[-1] - pressed) * 1000)
            released = header.release()
            ends_with(server, "activityEnd", turn)
            end_ms.append((server.times("activityEnd")[-1] - released) * 1000)
    record("press to lamp", lamp_ms, "ms")
    record("press to activityStart", start_ms, "ms")
    record(f"release to activityEnd ({CONTACT_MS} ms of it by intent)", end_ms, "ms")
    assert min(end_ms) >= CONTACT_MS - 1  # a timer of the daemon is that coarse


def ends_with(server: Server, kind: str, count: int) -> None:
    """Wait until so many of these messages have come."""
    server.wait(lambda: len(server.times(kind)) == count)


def test_a_contact_that_bounces_for_10_ms_makes_one_turn_a_press(
    record: Record, times: Times
) -> None:
    presses, edges = times(200), 0
    with Server("empty", pace=0) as server:
        unit.write_settings(live__endpoint=server.url)
        unit.start()
        unit.wait_for_rest()
        for turn in range(1, presses + 1):
            edges += header.bouncing_press()
            ends_with(server, "activityStart", turn)  # after tap_ms: the hold
            edges += header.bouncing_release()
            ends_with(server, "activityEnd", turn)
            until(lambda: unit.status()["phase"] == "idle")
        said = unit.status()["turns"]["said"]
        starts, ends = (len(server.times(f"activity{x}")) for x in ("Start", "End"))
    record("bouncing presses", presses)
    record("turns of them", said)
    record("contacts a bouncing edge made", round(edges / presses / 2, 1))
    assert (said, starts, ends) == (presses, presses, presses)


def test_the_commands_press_and_release_do_what_the_button_does() -> None:
    with Server("empty", pace=0) as server:
        unit.write_settings(live__endpoint=server.url)
        unit.start()
        unit.wait_for_rest()
        assert '"link"' in output("edgevoice", "status", "--json")
        output("edgevoice", "press")
        until(header.is_lit)
        output("edgevoice", "release")
        ends_with(server, "activityEnd", 1)
