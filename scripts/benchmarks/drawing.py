"""The curves as one SVG: what was measured, and how it grows."""

from pathlib import Path
from typing import Final

from benchmarks.bench import Results

COLUMNS: Final = 2
SIZE: Final = (5.0, 3.2)
"""Of one curve, inches."""


def draw(results: Results, path: Path) -> None:
    """Write the picture: a diagram for every curve; memory has no log axis."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    rows = -(-len(results.curves) // COLUMNS)
    size = (SIZE[0] * COLUMNS, SIZE[1] * rows)
    figure, axes = pyplot.subplots(rows, COLUMNS, figsize=size, squeeze=False)
    for place in axes.flat[len(results.curves) :]:
        place.set_visible(False)
    for place, (name, curve) in zip(axes.flat, results.curves.items(), strict=False):
        what, _, against = name.partition(", against ")
        found = results.fits[name]
        plot = place.semilogx if "RSS" in what else place.loglog
        plot(*zip(*curve, strict=True), "o", label="measured")
        line = [(x, found.at(x)) for x, _ in curve]
        plot(*zip(*line, strict=True), "-", label=f"fit: {found.verdict}")
        place.set_xlabel(against)
        place.set_ylabel(what)
        if "RSS" in what:
            place.set_ylim(0, 1.2 * max(y for _, y in curve))
        place.legend()
    figure.tight_layout()
    figure.savefig(path)
