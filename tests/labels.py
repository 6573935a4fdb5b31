"""Answers whose sound tells which turn they belong to."""

import numpy as np

from edgevoice.audio.pcm import DOWNLINK_HZ
from edgevoice.audio.samples import Samples
from edgevoice.simulator.behaviour import Behaviour, Line
from edgevoice.simulator.turn import Answer, Prompt

STEP = 40
"""Turn n is answered with the constant value n * STEP; good for 800 turns."""

ANSWER_S = 1.2
"""Length of an answer, seconds."""

RUN = 24
"""Frames of one value that make a sound; what lies between them are fades."""


class Label(Behaviour):
    """Answers the n-th turn with a constant value."""

    _turns = 0

    def answer(self, line: Line, prompt: Prompt, answer: Answer) -> Answer:
        self._turns += 1
        value = np.full(round(ANSWER_S * DOWNLINK_HZ), self._turns * STEP, np.int16)
        return Answer(pcm=value.tobytes(), text="")


def labels_in(sound: Samples) -> Samples:
    """The turn of every frame heard, in order, fades and silence left out."""
    blocks = sound[: len(sound) // RUN * RUN].reshape(-1, RUN)
    steady = blocks[(blocks == blocks[:, :1]).all(axis=1) & (blocks[:, 0] > 0)]
    labels: Samples = steady.ravel() // STEP
    return labels


def heard_whole(labels: Samples, turn: int) -> bool:
    """Whether the answer to this turn was heard from its beginning to its end."""
    return int(np.count_nonzero(labels == turn)) > (ANSWER_S - 0.05) * DOWNLINK_HZ


def stale(labels: Samples) -> int:
    """Frames heard of a turn after a later one had been heard."""
    newest = np.maximum.accumulate(labels) if len(labels) else labels
    return int(np.count_nonzero(labels < newest))
