"""Small numbers in figures that others see: hidden, and with them others, so that no total reveals them. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from hearings.statistics.cells import Figure

LEAST = 5
"""A figure of fewer cases is not shown."""
STEP = 5
"""To multiples of this counts, numbers of cases and per cents are rounded where a small number is hidden in the set."""
MANY = 20
"""Of fewer cases there is no median and no percentile, nor a share where numbers are rounded."""


def small(figure: Figure) -> bool:
    """Whether a figure may not be shown: of fewer than `LEAST` cases; of a share, also what hits or misses so few."""
    parts = [figure.cases]
    if figure.hits is not None:
        parts += [figure.hits, figure.cases - figure.hits]
    return any(0 < part < LEAST for part in parts)


def rounded(number: float) -> int:
    """To the nearest multiple of `STEP`."""
    return int(number + STEP / 2) // STEP * STEP


def coarse(figure: Figure, *, spread: bool, places: int, rough: bool) -> Figure | None:
    """A figure as coarse as others see it; None where it is left out.

    `spread`: it is a percentile, a median or a rate; then it has so many `places`. With `rough` counts, cases and
    shares are rounded: a number that one measure hides cannot be worked out of what others count of the same requests.
    Whether there are enough cases is judged by their rounded number, so that it tells nothing more.
    """
    enough = rounded(figure.cases) >= MANY
    if spread:
        if figure.value is None or not enough:
            return None
        cases = rounded(figure.cases) if rough else figure.cases
        return figure._replace(value=round(figure.value, places or None), cases=cases)
    if figure.value is None or not rough:
        return figure
    if figure.hits is None:
        return figure._replace(value=rounded(figure.value), cases=rounded(figure.cases))
    return figure._replace(value=rounded(figure.value), cases=rounded(figure.cases), hits=None) if enough else None


def suppressed(figures: Iterable[Figure], *, partition: bool = False) -> list[Figure]:
    """The figures with no value where one is small or would reveal one that is, and no number of cases there.

    In the groups of a cut the smallest others are hidden too, until what is hidden together can be divided in more than
    one way for each. Where that is not possible the groups are left out. With `partition` the totals of all that is
    counted are such groups. A total that is hidden leaves out all of its groups. What is hidden looks the same whatever
    the reason.
    """
    found: dict[tuple[str, str], list[Figure]] = defaultdict(list)
    for figure in figures:
        found[figure.what if figure.cut else "", figure.cut].append(figure)
    totals = found.pop(("", ""), [])
    shown = _groups(totals) if partition else [_hidden(one) if small(one) else one for one in totals]
    known = {one.what for one in shown if one.value is not None}
    for (what, _cut), groups in found.items():
        if what in known:
            shown += _groups(groups)
    return shown


def _groups(groups: Sequence[Figure]) -> list[Figure]:
    hidden = {_name(one) for one in groups if small(one)}
    if not hidden:
        return list(groups)
    others = sorted((one for one in groups if _name(one) not in hidden), key=lambda one: (one.cases, _name(one)))
    together = sum(one.cases for one in groups if _name(one) in hidden)
    while len(hidden) < 2 or together < len(hidden) + LEAST:
        if not others:
            return []
        also = others.pop(0)
        hidden.add(_name(also))
        together += also.cases
    return [_hidden(one) if _name(one) in hidden else one for one in groups]


def _hidden(figure: Figure) -> Figure:
    return figure._replace(value=None, cases=0, hits=None)


def _name(figure: Figure) -> tuple[str, str]:
    return figure.what, figure.key
