"""What ``edgevoice simulator --help`` tells: behaviours, moments and reasons."""

from collections.abc import Iterable

from edgevoice.simulator.behaviours import describe
from edgevoice.simulator.reasons import REASONS
from edgevoice.simulator.when import Moment

_WRITTEN = """\
a behaviour is written NAME[=VALUE][@WHEN]; several work together:
  --behaviour silent@3                 the third turn is not answered
  --behaviour drop@link2.audio5        the second connection is cut at its fifth
                                       message of sound
  --behaviour close=quota@link1.ready  the first connection ends at once
  --behaviour drop@answer~0.05         every answer is cut with a chance of 5 %
  --behaviour go_away=50@end2 --behaviour mute@end2
  --behaviour 'call=lights:{"level":40}@2'
                                       the second turn calls a function

WHEN is [LINKn.][MOMENT][N][~CHANCE]: at the N-th such moment, within the n-th attempt
to connect or else over all, with this probability. Without N it is every one. What
changes an answer or its messages takes turns only: @3, @link2, @link2.end1~0.5.

What is typed may be a keyword, if the tool was declared: call NAME {JSON} calls a
function, search WORDS, run PYTHON and open URL use the server's own tools. Pictures are
described. Models differ as the real ones do, by the beginning of their names."""


def manual() -> str:
    """The manual of faults, as lines of text."""
    reasons = [
        (name, f"{code} {text}".rstrip()) for name, (code, text) in REASONS.items()
    ]
    return "\n\n".join(
        (
            _WRITTEN,
            _table("behaviours", describe()),
            _table("moments", ((moment.value, moment.told) for moment in Moment)),
            _table("reasons, for close=REASON (or close=CODE:TEXT)", reasons),
        )
    )


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join([f"{title}:", *(f"  {name:<21}{told}" for name, told in rows)])
