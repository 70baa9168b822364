"""Lines of a negotiation on equipment of the rooms: for interpreting, exhibits, and the person heard. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from hearings import reference
from hearings.agreement.formats import Format
from hearings.agreement.negotiation_input import Asked, given
from hearings.agreement.outcome import Interpreting, NegotiatedLine, Result
from hearings.agreement.profiles import Profile


def interpreting(asked: Asked, picture: Format | None) -> NegotiatedLine:
    """How the hearing is interpreted.

    Simultaneous needs the band of ISO 24019 (data/defaults.yaml), a channel beside the floor at both sites, and a booth
    where the interpreters sit (EU guide on videoconferencing, 29a). Without a booth it can be done from a place apart,
    over a platform for interpreting at a distance (ISO 24019); the guide (28) then prefers consecutive, which the line
    says.
    """
    needs, a, b = asked.needs, asked.a, asked.b
    least = int(reference.defaults()["interpretation"]["simultaneous_min_audio_hz"])
    line = NegotiatedLine(
        item="interpreting",
        rule="interpreting",
        result=Result.agreed,
        offered_a=_ways(a),
        offered_b=_ways(b),
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
    at = _interpreters_site(asked)
    against = {
        "simultaneous_place": bool(unable),
        "simultaneous_open": band is None,
        "simultaneous_band": band is not None and band < least,
        "simultaneous_booth": at is not None and not at.booth,
    }
    rule = next((name for name, stands in against.items() if stands), "")
    side = unable or (needs.interpreter_at.upper() if at else "")
    inputs = given(side=side, band=band or "–", least=least)
    if not rule and at:
        return replace(line, rule="simultaneous", inputs=inputs)
    if not rule:
        return replace(line, rule="simultaneous_apart", result=Result.compromise, inputs=given(band=band, least=least))
    options = _BETTER[rule]
    if needs.interpreting is Interpreting.simultaneous_only or lacking:
        if rule == "simultaneous_open" and not lacking:
            return replace(line, rule=rule, result=Result.open, inputs=inputs, value="")
        options = (*options, "accept_consecutive")
        return replace(line, rule=rule, result=Result.conflict, inputs=inputs, value="", options=options)
    return replace(line, rule=rule, result=Result.compromise, inputs=inputs, value="consecutive", options=options)


_BETTER: Mapping[str, tuple[str, ...]] = {
    "simultaneous_place": ("offer_simultaneous",),
    "simultaneous_open": (),
    "simultaneous_band": ("wider_audio",),
    "simultaneous_booth": ("offer_booth", "interpreter_apart"),
}
"""Options that would make simultaneous interpreting possible."""


def _ways(site: Profile) -> tuple[str, ...]:
    return (*sorted(site.interpreting), *(("booth",) if site.booth else ()))


def _lacking(asked: Asked, mode: str) -> str:
    channels = 1 if mode == "simultaneous" else 0
    return " and ".join(
        side for side, site in asked.sides() if mode not in site.interpreting or site.channels < channels
    )


def _interpreters_site(asked: Asked) -> Profile | None:
    return {"a": asked.a, "b": asked.b, "apart": None}[asked.needs.interpreter_at]


def relay(asked: Asked) -> Iterator[NegotiatedLine]:
    """Through a pivot language: where the interpreters sit, one must hear the other, which takes relay and a channel
    for each of them; interpreters at places of their own would need it from the room."""
    needs, at = asked.needs, _interpreters_site(asked)
    if not needs.pivot or needs.interpreting is Interpreting.none:
        return
    line = NegotiatedLine(
        item="relay",
        rule="relay" if at else "relay_apart",
        result=Result.agreed,
        offered_a=tuple(_flag("relay", asked.a.relay)),
        offered_b=tuple(_flag("relay", asked.b.relay)),
        value="relay",
        inputs=given(side=needs.interpreter_at.upper()) if at else (),
    )
    able = at.relay and at.channels >= 2 if at else any(row["carried"] for row in asked.rows("relay"))
    options = ("offer_relay" if at else "interpreter_at_site", "direct_interpreter")
    yield line if able else replace(line, result=Result.conflict, value="", options=options)


def exhibits(asked: Asked) -> Iterator[NegotiatedLine]:
    """Each site displays exhibits in its own way; a site without one sends them to the other, which displays them."""
    if not asked.needs.exhibits:
        return
    carried = frozenset(row["id"] for row in asked.rows("exhibits") if row["carried"])
    ways = [_shows(site) for _, site in asked.sides()]
    without = [side for (side, _), way in zip(asked.sides(), ways, strict=True) if not way & carried]
    able = asked.in_order("exhibits", ways[0] & ways[1] & carried) or asked.in_order(
        "exhibits", (ways[0] | ways[1]) & carried
    )
    line = NegotiatedLine(
        item="exhibits",
        rule="exhibits",
        result=Result.compromise if without else Result.agreed,
        offered_a=asked.in_order("exhibits", ways[0]),
        offered_b=asked.in_order("exhibits", ways[1]),
        value=able[0] if able else "",
        inputs=given(
            side=" and ".join(without), able=", ".join(asked.in_order("exhibits", carried)), value=", ".join(able[:1])
        ),
        options=("offer_exhibits",) if without else (),
    )
    yield line if able else replace(line, result=Result.conflict)


def _shows(site: Profile) -> frozenset[str]:
    return site.content_sharing | _flag("document_camera", site.document_camera)


def facilities(asked: Asked) -> Iterator[NegotiatedLine]:
    """Requirements of the place where the person is heard."""
    needs, heard = asked.needs, asked.needs.heard
    place = {"a": asked.a, "b": asked.b}[heard]
    has: list[tuple[str, bool, frozenset[str], Callable[[Profile], frozenset[str]]]] = [
        ("room_view", needs.room_view, frozenset({"room_view"}), lambda profile: _flag("room_view", profile.room_view)),
        (
            "true_to_life",
            needs.true_to_life,
            frozenset({"true_to_life"}),
            lambda profile: _flag("true_to_life", profile.true_to_life),
        ),
        ("private_line", needs.private_line, frozenset(), lambda profile: profile.private_lines),
        ("accessibility", bool(needs.accessibility), needs.accessibility, lambda profile: profile.accessibility),
    ]
    for item, wanted, every, offered in has:
        if not wanted:
            continue
        missing = every - offered(place) if every else frozenset() if offered(place) else frozenset({item})
        yield NegotiatedLine(
            item=item,
            rule=item,
            result=Result.conflict if missing else Result.agreed,
            offered_a=tuple(sorted(offered(asked.a))),
            offered_b=tuple(sorted(offered(asked.b))),
            value="" if missing else ", ".join(sorted(every or offered(place))),
            inputs=given(side=heard.upper(), missing=", ".join(sorted(missing)) or "–"),
            options=(f"offer_{item}", "other_place") if missing else (),
        )


def _flag(name: str, present: bool) -> frozenset[str]:
    return frozenset({name}) if present else frozenset()
