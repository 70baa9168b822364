"""Lines of a negotiation on what stands in the rooms: for interpreting, and where the person is heard. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from hearings import reference
from hearings.formats import Format
from hearings.negotiation_input import Asked, given
from hearings.outcomes import Interpreting, Line, Result
from hearings.profiles import Profile


def interpreting(asked: Asked, picture: Format | None) -> Line:
    """Simultaneous interpreting needs the band of ISO 24019 (data/defaults.yaml) and both sites' equipment."""
    needs, a, b = asked.needs, asked.a, asked.b
    least = int(reference.defaults()["interpretation"]["simultaneous_min_audio_hz"])
    line = Line(
        item="interpreting",
        rule="interpreting",
        result=Result.agreed,
        offered_a=tuple(sorted(a.interpreting)),
        offered_b=tuple(sorted(b.interpreting)),
        value=needs.interpreting.value.removesuffix("_only"),
        inputs=given(value=needs.interpreting.value.removesuffix("_only")),
    )
    if needs.interpreting is Interpreting.none:
        return replace(line, rule="interpreting_none")
    lacking = _lacking(asked, "consecutive")
    if needs.interpreting is Interpreting.consecutive:
        if not lacking:
            return line
        inputs = given(side=lacking, value="consecutive")
        return replace(line, result=Result.conflict, inputs=inputs, value="", options=("offer_interpreting",))
    band = asked.band(picture) if picture else None
    unable = _lacking(asked, "simultaneous")
    if not unable and band is not None and band >= least:
        return replace(line, rule="simultaneous", inputs=given(band=band, least=least))
    narrow = not unable and band is not None
    rule = "simultaneous_band" if narrow else "simultaneous_place" if unable else "simultaneous_open"
    inputs = given(side=unable, band=band or "–", least=least)
    options = ("wider_audio",) if narrow else ("offer_simultaneous",) if unable else ()
    if needs.interpreting is Interpreting.simultaneous_only or lacking:
        if rule == "simultaneous_open" and not lacking:
            return replace(line, rule=rule, result=Result.open, inputs=inputs, value="")
        options = (*options, "accept_consecutive")
        return replace(line, rule=rule, result=Result.conflict, inputs=inputs, value="", options=options)
    return replace(line, rule=rule, result=Result.compromise, inputs=inputs, value="consecutive")


def _lacking(asked: Asked, mode: str) -> str:
    return " and ".join(side for side, profile in asked.sides() if mode not in profile.interpreting)


def facilities(asked: Asked) -> Iterator[Line]:
    """What the place where the person is heard must have."""
    needs, heard = asked.needs, asked.needs.heard
    place = {"a": asked.a, "b": asked.b}[heard]
    has: list[tuple[str, bool, frozenset[str], Callable[[Profile], frozenset[str]]]] = [
        ("room_view", needs.room_view, frozenset({"room_view"}), lambda one: _flag("room_view", one.room_view)),
        ("private_line", needs.private_line, frozenset(), lambda one: one.private_lines),
        ("accessibility", bool(needs.accessibility), needs.accessibility, lambda one: one.accessibility),
    ]
    for item, wanted, every, offered in has:
        if not wanted:
            continue
        missing = every - offered(place) if every else frozenset() if offered(place) else frozenset({item})
        yield Line(
            item=item,
            rule=item,
            result=Result.conflict if missing else Result.agreed,
            offered_a=tuple(sorted(offered(asked.a))),
            offered_b=tuple(sorted(offered(asked.b))),
            value="" if missing else ", ".join(sorted(every or offered(place))),
            inputs=given(side=heard.upper(), missing=", ".join(sorted(missing)) or "–"),
            options=(f"offer_{item}", "other_place") if missing else (),
        )


def _flag(name: str, held: bool) -> frozenset[str]:
    return frozenset({name}) if held else frozenset()
