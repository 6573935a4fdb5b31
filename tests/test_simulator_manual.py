import re

from edgevoice.simulator import BEHAVIOURS
from edgevoice.simulator.behaviours import build
from edgevoice.simulator.manual import manual
from edgevoice.simulator.reasons import REASONS
from edgevoice.simulator.when import Moment


def test_the_manual_tells_every_behaviour_moment_and_reason() -> None:
    told = re.findall(r"^  ([a-z_]+) +\S", manual(), re.M)
    assert told == [*BEHAVIOURS, *(moment.value for moment in Moment), *REASONS]


def test_the_examples_of_the_manual_are_behaviours() -> None:
    examples = re.findall(r"--behaviour '?([^\s']+)", manual())
    assert len(build(examples)) == len(examples) + 1
    assert len(examples) == 7
