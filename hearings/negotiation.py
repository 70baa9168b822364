"""Two site profiles and what a hearing needs, to one session both can hold, or the conflicts between them. Pure.

`negotiate` looks at one item after the other by the preferences of data/negotiation.yaml. Every line names its rule and
inputs, says in a sentence why, and what was given up; a conflict says what would solve it. Swapping the sides gives the
mirrored outcome; the order in which a profile lists things does not matter; the same input gives the same outcome.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hearings import profiles, reference
from hearings.formats import Format, best_format, unbound
from hearings.outcomes import Breakdown, Interpreting, Line, Needs, Outcome, Result, Session
from hearings.profiles import Profile

__all__ = ["Interpreting", "Line", "Needs", "Outcome", "Result", "Session", "negotiate"]


@dataclass(frozen=True)
class _Asked:
    a: Profile
    b: Profile
    needs: Needs
    table: Mapping[str, Any]

    def rows(self, kind: str) -> Sequence[Mapping[str, Any]]:
        rows: Sequence[Mapping[str, Any]] = self.table[kind]
        return rows

    def sides(self) -> Iterator[tuple[str, Profile]]:
        yield "A", self.a
        yield "B", self.b


def negotiate(a: Profile, b: Profile, needs: Needs, *, table: Mapping[str, Any] | None = None) -> Outcome:
    """The session two sites can hold under these needs, with its reasons; `session` is None under a conflict."""
    asked = _Asked(a, b, needs, profiles.table() if table is None else table)
    picture = best_format(asked.a, asked.b, needs, asked.table)
    breakdown = _breakdown(asked)
    lines = [
        _each(asked, "endpoint", "endpoints", lambda one: frozenset({one.endpoint})),
        _each(asked, "transport", "transports", lambda one: one.transports),
        _encryption(asked),
        _common(asked, "audio_codec", "audio_codecs", lambda one: one.audio_codecs, picture.audio if picture else None),
        _common(asked, "video_codec", "video_codecs", lambda one: one.video_codecs, picture.video if picture else None),
        _size(asked, picture),
        _rate(asked, picture),
        _bandwidth(asked, picture),
        _interpreting(asked, picture),
        _recording(asked),
        _common(asked, "key_holders", "key_holders", lambda one: one.key_holders),
        _common(asked, "format", "formats", lambda one: one.formats),
        _breakdown_line(asked, breakdown),
        *_facilities(asked),
    ]
    found = {line.item: line for line in lines}
    if picture is None or any(line.result is Result.conflict for line in lines):
        return Outcome(lines=tuple(lines), session=None)
    session = Session(
        audio_codec=picture.audio,
        audio_hz=_band(asked, picture),
        audio_kbps=picture.audio_kbps,
        video_codec=picture.video,
        height=picture.height,
        fps=picture.fps,
        video_kbps=picture.video_kbps,
        encryption=found["encryption"].value,
        transport=found["transport"].value,
        interpreting=found["interpreting"].value,
        recording=found["recording"].value,
        key_holders=found["key_holders"].value,
        format=found["format"].value,
        breakdown=breakdown,
    )
    return Outcome(lines=tuple(lines), session=session)


# --- picture and sound ------------------------------------------------------------------------------------------


def _size(asked: _Asked, picture: Format | None) -> Line:
    needs, lower = asked.needs, min(asked.a.height, asked.b.height)
    line = Line(
        item="size",
        rule="size",
        result=Result.agreed,
        offered_a=(f"{asked.a.height}",),
        offered_b=(f"{asked.b.height}",),
        inputs=_inputs(lower=lower, least=needs.least_height, most=needs.most_height),
    )
    if picture is None:
        if min(lower, needs.most_height) < needs.least_height:
            return replace(line, result=Result.conflict, options=("larger_picture", "accept_smaller"))
        return replace(line, result=Result.open)
    higher = min(max(asked.a.height, asked.b.height), needs.most_height)
    line = replace(line, value=str(picture.height), inputs=_inputs(value=picture.height, lower=lower, higher=higher))
    return line if picture.height == higher else replace(line, result=Result.compromise)


def _rate(asked: _Asked, picture: Format | None) -> Line:
    needs, lower = asked.needs, min(asked.a.fps, asked.b.fps)
    line = Line(
        item="rate",
        rule="rate",
        result=Result.agreed,
        offered_a=(f"{asked.a.fps}",),
        offered_b=(f"{asked.b.fps}",),
        inputs=_inputs(lower=lower, least=needs.least_fps, most=needs.most_fps),
    )
    if picture is None:
        if not any(needs.least_fps <= one <= min(lower, needs.most_fps) for one in asked.table["rates"]):
            return replace(line, result=Result.conflict, options=("more_frames", "accept_fewer_frames"))
        return replace(line, result=Result.open)
    higher = min(max(asked.a.fps, asked.b.fps), needs.most_fps, max(asked.table["rates"]))
    line = replace(line, value=str(picture.fps), inputs=_inputs(value=picture.fps, lower=lower, higher=higher))
    return line if picture.fps == higher else replace(line, result=Result.compromise)


def _bandwidth(asked: _Asked, picture: Format | None) -> Line:
    """What each camera may take; a conflict only when codecs, size and rate would fit but the lines do not."""
    a, b, needs = asked.a, asked.b, asked.needs
    line = Line(
        item="bandwidth",
        rule="bandwidth",
        result=Result.agreed,
        offered_a=(f"{a.up_least}–{a.up_target}", f"{a.down_least}–{a.down_target}"),
        offered_b=(f"{b.up_least}–{b.up_target}", f"{b.down_least}–{b.down_target}"),
    )
    usable = asked.table["usable_percent"]
    if picture is not None:
        inputs = _inputs(value=picture.video_kbps, audio=picture.audio_kbps, usable=usable)
        line = replace(line, value=str(picture.video_kbps), inputs=inputs)
        free = best_format(unbound(a), unbound(b), needs, asked.table)
        assert free is not None
        if free == picture:
            return line
        inputs = _inputs(value=picture.video_kbps, usable=usable, height=free.height, fps=free.fps)
        return replace(line, result=Result.compromise, inputs=inputs)
    if best_format(unbound(a), unbound(b), needs, asked.table) is None:
        return replace(line, result=Result.open)
    sides = [
        side
        for side, profile in (("A", (a, unbound(b))), ("B", (unbound(a), b)))
        if best_format(*profile, needs, asked.table) is None
    ]
    inputs = _inputs(
        side=" and ".join(sides or ["A", "B"]), height=needs.least_height, fps=needs.least_fps, usable=usable
    )
    options = ("more_bandwidth", "fewer_cameras", "accept_smaller")
    return replace(line, result=Result.conflict, inputs=inputs, options=options)


def _band(asked: _Asked, picture: Format) -> int:
    """The highest frequency that passes: of the codec and of both sites' microphones."""
    return min(profiles.audio_hz()[picture.audio], asked.a.microphone_hz, asked.b.microphone_hz)


# --- the other items ---------------------------------------------------------------------------------------------


def _inputs(**values: object) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in values.items())


def _in_order(asked: _Asked, kind: str, words: frozenset[str]) -> tuple[str, ...]:
    return tuple(row["id"] for row in asked.rows(kind) if row["id"] in words)


def _common(
    asked: _Asked,
    item: str,
    kind: str,
    offered: Callable[[Profile], frozenset[str]],
    chosen: str | None = None,
) -> Line:
    """The first word, in the order of preference, that both offer and the room carries."""
    a, b = offered(asked.a), offered(asked.b)
    both = _in_order(asked, kind, a & b)
    carried = [row["id"] for row in asked.rows(kind) if row["carried"] and row["id"] in both]
    line = Line(
        item=item,
        rule=item,
        result=Result.agreed,
        offered_a=_in_order(asked, kind, a),
        offered_b=_in_order(asked, kind, b),
    )
    if not carried:
        able = ", ".join(row["id"] for row in asked.rows(kind) if row["carried"])
        rule = f"{item}_not_carried" if both else item
        inputs = _inputs(common=", ".join(both) or "–", able=able)
        return replace(line, rule=rule, result=Result.conflict, inputs=inputs, options=(f"offer_{item}",))
    value = chosen or carried[0]
    better = [word for word in _in_order(asked, kind, a | b) if word != value]
    better = better[
        : next(
            (at for at, word in enumerate(better) if _rank(asked, kind, word) > _rank(asked, kind, value)), len(better)
        )
    ]
    inputs = _inputs(value=value, given_up=", ".join(better) or "–")
    return replace(line, value=value, inputs=inputs, result=Result.compromise if better else Result.agreed)


def _rank(asked: _Asked, kind: str, word: str) -> int:
    return [row["id"] for row in asked.rows(kind)].index(word)


def _each(asked: _Asked, item: str, kind: str, offered: Callable[[Profile], frozenset[str]]) -> Line:
    """Each site connects to the room by itself: each must offer one way that the room carries."""
    able = [row["id"] for row in asked.rows(kind) if row["carried"]]
    line = Line(
        item=item,
        rule=item,
        result=Result.agreed,
        offered_a=_in_order(asked, kind, offered(asked.a)),
        offered_b=_in_order(asked, kind, offered(asked.b)),
    )
    unable = [side for side, profile in asked.sides() if not offered(profile) & set(able)]
    inputs = _inputs(side=" and ".join(unable), able=", ".join(able))
    if unable:
        return replace(line, result=Result.conflict, inputs=inputs, options=(f"offer_{item}",))
    common = [word for word in able if word in offered(asked.a) & offered(asked.b)]
    return replace(line, value=(common or able)[0], inputs=inputs)


def _encryption(asked: _Asked) -> Line:
    """The strongest both have; where the server must not be able to open it, nothing else will do."""
    line = _common(asked, "encryption", "encryption", lambda one: one.encryption)
    if not asked.needs.end_to_end:
        return line
    carried = {row["id"] for row in asked.rows("encryption") if row["carried"]}
    if "e2ee_sframe" in carried & asked.a.encryption & asked.b.encryption:
        return line
    lacking = [side for side, profile in asked.sides() if "e2ee_sframe" not in profile.encryption]
    inputs = _inputs(
        side=" and ".join(lacking),
        common=", ".join(_in_order(asked, "encryption", asked.a.encryption & asked.b.encryption)) or "–",
    )
    rule = "end_to_end" if lacking else "end_to_end_not_carried"
    options = ("offer_end_to_end", "accept_hop_by_hop") if lacking else ("accept_hop_by_hop",)
    return replace(line, rule=rule, result=Result.conflict, value="", inputs=inputs, options=options)


def _interpreting(asked: _Asked, picture: Format | None) -> Line:
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
        inputs=_inputs(value=needs.interpreting.value.removesuffix("_only")),
    )
    if needs.interpreting is Interpreting.none:
        return replace(line, rule="interpreting_none")
    lacking = _lacking(asked, "consecutive")
    if needs.interpreting is Interpreting.consecutive:
        if not lacking:
            return line
        inputs = _inputs(side=lacking, value="consecutive")
        return replace(line, result=Result.conflict, inputs=inputs, value="", options=("offer_interpreting",))
    band = _band(asked, picture) if picture else None
    unable = _lacking(asked, "simultaneous")
    if not unable and band is not None and band >= least:
        return replace(line, rule="simultaneous", inputs=_inputs(band=band, least=least))
    narrow = not unable and band is not None
    rule = "simultaneous_band" if narrow else "simultaneous_place" if unable else "simultaneous_open"
    inputs = _inputs(side=unable, band=band or "–", least=least)
    options = ("wider_audio",) if narrow else ("offer_simultaneous",) if unable else ()
    if needs.interpreting is Interpreting.simultaneous_only or lacking:
        if rule == "simultaneous_open" and not lacking:
            return replace(line, rule=rule, result=Result.open, inputs=inputs, value="")
        options = (*options, "accept_consecutive")
        return replace(line, rule=rule, result=Result.conflict, inputs=inputs, value="", options=options)
    return replace(line, rule=rule, result=Result.compromise, inputs=inputs, value="consecutive")


def _lacking(asked: _Asked, mode: str) -> str:
    return " and ".join(side for side, profile in asked.sides() if mode not in profile.interpreting)


def _recording(asked: _Asked) -> Line:
    """What the hearing is to record, or the most that both laws allow below it."""
    words = [row["id"] for row in asked.rows("recordings")]
    carried = {row["id"] for row in asked.rows("recordings") if row["carried"]}
    wanted = asked.needs.recording.value
    below = words[words.index(wanted) :]
    allowed = [word for word in below if word in asked.a.recordings & asked.b.recordings]
    able = [word for word in allowed if word in carried]
    line = Line(
        item="recording",
        rule="recording",
        result=Result.agreed,
        offered_a=_in_order(asked, "recordings", asked.a.recordings),
        offered_b=_in_order(asked, "recordings", asked.b.recordings),
        inputs=_inputs(wanted=wanted, value=able[0] if able else "", allowed=", ".join(allowed) or "–"),
    )
    if not able:
        rule = "recording_not_carried" if allowed else "recording"
        options = ("record_by_law", "other_place") if allowed else ("change_recording", "record_by_law")
        return replace(line, rule=rule, result=Result.conflict, options=options)
    return replace(line, value=able[0], result=Result.agreed if able[0] == wanted else Result.compromise)


def _breakdown(asked: _Asked) -> Breakdown:
    """The smallest figures of both sites and of what is asked for, and the ways on that both have. Never a conflict:
    everybody can pause and adjourn."""
    three = (asked.a, asked.b, asked.needs)
    both = asked.a.fallbacks & asked.b.fallbacks
    return Breakdown(
        redial=min(one.redial for one in three),
        second_line="second_line" in both,
        phone="phone" in both and asked.needs.phone,
        adjourn_after_minutes=min(one.adjourn_after_minutes for one in three),
    )


def _breakdown_line(asked: _Asked, agreed: Breakdown) -> Line:
    ways = frozenset(way for way in ("second_line", "phone") if getattr(agreed, way))
    wanted = (asked.a.fallbacks | asked.b.fallbacks) - ways - {"adjourn"}
    given_up = _in_order(asked, "fallbacks", wanted if asked.needs.phone else wanted - {"phone"})
    figures = {(one.redial, one.adjourn_after_minutes) for one in (asked.a, asked.b, asked.needs)}
    rule = "breakdown_ways" if ways else "breakdown"
    inputs = _inputs(
        redial=agreed.redial,
        ways=", ".join(_in_order(asked, "fallbacks", ways)),
        minutes=agreed.adjourn_after_minutes,
        given_up=", ".join(given_up) or "–",
    )
    return Line(
        item="breakdown",
        rule=rule,
        result=Result.compromise if given_up or len(figures) > 1 else Result.agreed,
        offered_a=_offered_breakdown(asked, asked.a),
        offered_b=_offered_breakdown(asked, asked.b),
        value=", ".join((*_in_order(asked, "fallbacks", ways), "adjourn")),
        inputs=inputs,
        options=("offer_fallback",) if given_up else (),
    )


def _offered_breakdown(asked: _Asked, site: Profile) -> tuple[str, ...]:
    ways = _in_order(asked, "fallbacks", site.fallbacks - {"adjourn"})
    return (f"{site.redial} ×", *ways, f"{site.adjourn_after_minutes} min")


def _facilities(asked: _Asked) -> Iterator[Line]:
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
            inputs=_inputs(side=heard.upper(), missing=", ".join(sorted(missing)) or "–"),
            options=(f"offer_{item}", "other_place") if missing else (),
        )


def _flag(name: str, held: bool) -> frozenset[str]:
    return frozenset({name}) if held else frozenset()
