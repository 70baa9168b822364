"""Negotiates a session from two site profiles and a hearing's needs, or finds the conflicts. Pure.

`negotiate` looks at one item after the other by the preferences of data/negotiation.yaml. Every line has its rule and
inputs, a sentence with the reason, and what was given up; a conflict has its solutions. Swapping the sides gives the
mirrored outcome; the order in which a profile lists things does not matter; the same input gives the same outcome.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from hearings.agreement import equipment, profiles
from hearings.agreement.formats import Format, best_format, unbound
from hearings.agreement.negotiation_input import Asked, given
from hearings.agreement.outcome import (
    Breakdown,
    Interpreting,
    Needs,
    NegotiatedLine,
    NegotiationOutcome,
    Result,
    Session,
)
from hearings.agreement.profiles import Profile

__all__ = ["Interpreting", "Needs", "NegotiatedLine", "NegotiationOutcome", "Result", "Session", "negotiate"]


def negotiate(a: Profile, b: Profile, needs: Needs, *, table: Mapping[str, Any] | None = None) -> NegotiationOutcome:
    """The session of two sites for these needs, with reasons; `session` is None if there is a conflict."""
    asked = Asked(a, b, needs, profiles.table() if table is None else table)
    picture = best_format(asked.a, asked.b, needs, asked.table)
    breakdown = _breakdown(asked)
    srtp = _srtp(asked)
    lines = [
        _each(asked, "endpoint", "endpoints", lambda site: frozenset({site.endpoint})),
        _each(asked, "transport", "transports", lambda site: site.transports),
        _encryption(asked),
        srtp,
        _fingerprints(asked),
        _common(
            asked, "audio_codec", "audio_codecs", lambda site: site.audio_codecs, picture.audio if picture else None
        ),
        _common(
            asked, "video_codec", "video_codecs", lambda site: site.video_codecs, picture.video if picture else None
        ),
        _size(asked, picture),
        _rate(asked, picture),
        _bandwidth(asked, picture),
        equipment.interpreting(asked, picture),
        *equipment.relay(asked),
        *equipment.exhibits(asked),
        _recording(asked),
        _common(asked, "key_holders", "key_holders", lambda site: site.key_holders),
        _common(asked, "format", "formats", lambda site: site.formats),
        _breakdown_line(asked, breakdown),
        *_lip_sync(asked),
        *equipment.facilities(asked),
    ]
    by_item = {line.item: line for line in lines}
    if picture is None or any(line.result is Result.conflict for line in lines):
        return NegotiationOutcome(lines=tuple(lines), session=None)
    session = Session(
        audio_codec=picture.audio,
        audio_hz=asked.band(picture),
        audio_kbps=picture.audio_kbps,
        video_codec=picture.video,
        height=picture.height,
        fps=picture.fps,
        video_kbps=picture.video_kbps,
        encryption=by_item["encryption"].value,
        transport=by_item["transport"].value,
        interpreting=by_item["interpreting"].value,
        recording=by_item["recording"].value,
        key_holders=by_item["key_holders"].value,
        format=by_item["format"].value,
        exhibits=by_item["exhibits"].value if needs.exhibits else "none",
        breakdown=breakdown,
        fingerprints=needs.fingerprints,
        srtp_profiles=tuple(srtp.value.split(", ")),
        lip_sync=needs.lip_sync,
    )
    return NegotiationOutcome(lines=tuple(lines), session=session)


# --- picture and sound ------------------------------------------------------------------------------------------


def _size(asked: Asked, picture: Format | None) -> NegotiatedLine:
    needs, lower = asked.needs, min(asked.a.height, asked.b.height)
    line = NegotiatedLine(
        item="size",
        rule="size",
        result=Result.agreed,
        offered_a=(f"{asked.a.height}",),
        offered_b=(f"{asked.b.height}",),
        inputs=given(lower=lower, least=needs.least_height, most=needs.most_height),
    )
    if picture is None:
        if min(lower, needs.most_height) < needs.least_height:
            return replace(line, result=Result.conflict, options=("larger_picture", "accept_smaller"))
        return replace(line, result=Result.open)
    higher = min(max(asked.a.height, asked.b.height), needs.most_height)
    line = replace(line, value=str(picture.height), inputs=given(value=picture.height, lower=lower, higher=higher))
    return line if picture.height == higher else replace(line, result=Result.compromise)


def _rate(asked: Asked, picture: Format | None) -> NegotiatedLine:
    needs, lower = asked.needs, min(asked.a.fps, asked.b.fps)
    line = NegotiatedLine(
        item="rate",
        rule="rate",
        result=Result.agreed,
        offered_a=(f"{asked.a.fps}",),
        offered_b=(f"{asked.b.fps}",),
        inputs=given(lower=lower, least=needs.least_fps, most=needs.most_fps),
    )
    if picture is None:
        if not any(needs.least_fps <= rate <= min(lower, needs.most_fps) for rate in asked.table["rates"]):
            return replace(line, result=Result.conflict, options=("more_frames", "accept_fewer_frames"))
        return replace(line, result=Result.open)
    higher = min(max(asked.a.fps, asked.b.fps), needs.most_fps, max(asked.table["rates"]))
    line = replace(line, value=str(picture.fps), inputs=given(value=picture.fps, lower=lower, higher=higher))
    return line if picture.fps == higher else replace(line, result=Result.compromise)


def _bandwidth(asked: Asked, picture: Format | None) -> NegotiatedLine:
    """Bandwidth of each camera; a conflict only if codecs, size and rate fit but the lines do not."""
    a, b, needs = asked.a, asked.b, asked.needs
    line = NegotiatedLine(
        item="bandwidth",
        rule="bandwidth",
        result=Result.agreed,
        offered_a=(f"{a.up_least}–{a.up_target}", f"{a.down_least}–{a.down_target}"),
        offered_b=(f"{b.up_least}–{b.up_target}", f"{b.down_least}–{b.down_target}"),
    )
    usable = asked.table["usable_percent"]
    if picture is not None:
        inputs = given(value=picture.video_kbps, audio=picture.audio_kbps, usable=usable)
        line = replace(line, value=str(picture.video_kbps), inputs=inputs)
        free = best_format(unbound(a), unbound(b), needs, asked.table)
        assert free is not None
        if free == picture:
            return line
        inputs = given(value=picture.video_kbps, usable=usable, height=free.height, fps=free.fps)
        return replace(line, result=Result.compromise, inputs=inputs)
    if best_format(unbound(a), unbound(b), needs, asked.table) is None:
        return replace(line, result=Result.open)
    sides = [
        side
        for side, profile in (("A", (a, unbound(b))), ("B", (unbound(a), b)))
        if best_format(*profile, needs, asked.table) is None
    ]
    inputs = given(
        side=" and ".join(sides or ["A", "B"]), height=needs.least_height, fps=needs.least_fps, usable=usable
    )
    options = ("more_bandwidth", "fewer_cameras", "accept_smaller")
    return replace(line, result=Result.conflict, inputs=inputs, options=options)


# --- the other items ---------------------------------------------------------------------------------------------


def _common(
    asked: Asked,
    item: str,
    kind: str,
    offered: Callable[[Profile], frozenset[str]],
    chosen: str | None = None,
) -> NegotiatedLine:
    """The first value, in the order of preference, that both offer and the room carries."""
    a, b = offered(asked.a), offered(asked.b)
    both = asked.in_order(kind, a & b)
    carried = [row["id"] for row in asked.rows(kind) if row["carried"] and row["id"] in both]
    line = NegotiatedLine(
        item=item,
        rule=item,
        result=Result.agreed,
        offered_a=asked.in_order(kind, a),
        offered_b=asked.in_order(kind, b),
    )
    if not carried:
        able = ", ".join(row["id"] for row in asked.rows(kind) if row["carried"])
        rule = f"{item}_not_carried" if both else item
        inputs = given(common=", ".join(both) or "–", able=able)
        return replace(line, rule=rule, result=Result.conflict, inputs=inputs, options=(f"offer_{item}",))
    value = chosen or carried[0]
    better = [word for word in asked.in_order(kind, a | b) if word != value]
    better = better[
        : next(
            (at for at, word in enumerate(better) if _rank(asked, kind, word) > _rank(asked, kind, value)), len(better)
        )
    ]
    inputs = given(value=value, given_up=", ".join(better) or "–")
    return replace(line, value=value, inputs=inputs, result=Result.compromise if better else Result.agreed)


def _rank(asked: Asked, kind: str, word: str) -> int:
    return [row["id"] for row in asked.rows(kind)].index(word)


def _each(asked: Asked, item: str, kind: str, offered: Callable[[Profile], frozenset[str]]) -> NegotiatedLine:
    """Each site connects to the room by itself, and must offer a way that the room carries."""
    able = [row["id"] for row in asked.rows(kind) if row["carried"]]
    line = NegotiatedLine(
        item=item,
        rule=item,
        result=Result.agreed,
        offered_a=asked.in_order(kind, offered(asked.a)),
        offered_b=asked.in_order(kind, offered(asked.b)),
    )
    unable = [side for side, profile in asked.sides() if not offered(profile) & set(able)]
    inputs = given(side=" and ".join(unable), able=", ".join(able))
    if unable:
        return replace(line, result=Result.conflict, inputs=inputs, options=(f"offer_{item}",))
    common = [word for word in able if word in offered(asked.a) & offered(asked.b)]
    return replace(line, value=(common or able)[0], inputs=inputs)


def _encryption(asked: Asked) -> NegotiatedLine:
    """The strongest that both have; end-to-end encryption if the server must not be able to decrypt."""
    line = _common(asked, "encryption", "encryption", lambda site: site.encryption)
    if not asked.needs.end_to_end:
        return line
    carried = {row["id"] for row in asked.rows("encryption") if row["carried"]}
    if "e2ee_sframe" in carried & asked.a.encryption & asked.b.encryption:
        return line
    lacking = [side for side, profile in asked.sides() if "e2ee_sframe" not in profile.encryption]
    inputs = given(
        side=" and ".join(lacking),
        common=", ".join(asked.in_order("encryption", asked.a.encryption & asked.b.encryption)) or "–",
    )
    rule = "end_to_end" if lacking else "end_to_end_not_carried"
    options = ("offer_end_to_end", "accept_hop_by_hop") if lacking else ("accept_hop_by_hop",)
    return replace(line, rule=rule, result=Result.conflict, value="", inputs=inputs, options=options)


def _srtp(asked: Asked) -> NegotiatedLine:
    """Every SRTP protection profile that both and the media worker have; it accepts no other in the hearing."""
    line = _common(asked, "srtp_profile", "srtp_profiles", lambda site: site.srtp_profiles)
    carried = frozenset(row["id"] for row in asked.rows("srtp_profiles") if row["carried"])
    every = asked.in_order("srtp_profiles", asked.a.srtp_profiles & asked.b.srtp_profiles & carried)
    return replace(line, value=", ".join(every)) if every else line


def _lip_sync(asked: Asked) -> Iterator[NegotiatedLine]:
    """Whether sound and picture must be synchronous; the line test measures it (ITU-R BT.1359)."""
    if not asked.needs.lip_sync:
        return
    limits = asked.table["line_test"]
    yield NegotiatedLine(
        item="lip_sync",
        rule="lip_sync",
        result=Result.agreed,
        offered_a=(),
        offered_b=(),
        value="measured",
        inputs=given(ahead=limits["sound_ahead_ms"], behind=limits["sound_behind_ms"]),
    )


def _fingerprints(asked: Asked) -> NegotiatedLine:
    """Whether fingerprints are compared aloud before the start. Every site can; the States may waive it (checklist of
    the hearing, item 13, from the EU guide on videoconferencing, 67)."""
    wanted = asked.needs.fingerprints
    return NegotiatedLine(
        item="fingerprints",
        rule="fingerprints" if wanted else "fingerprints_waived",
        result=Result.agreed if wanted else Result.compromise,
        offered_a=("compared_aloud",),
        offered_b=("compared_aloud",),
        value="compared_aloud" if wanted else "not_compared",
    )


def _recording(asked: Asked) -> NegotiatedLine:
    """The recording requested, or the most below it that both laws allow."""
    words = [row["id"] for row in asked.rows("recordings")]
    carried = {row["id"] for row in asked.rows("recordings") if row["carried"]}
    wanted = asked.needs.recording.value
    below = words[words.index(wanted) :]
    allowed = [word for word in below if word in asked.a.recordings & asked.b.recordings]
    able = [word for word in allowed if word in carried]
    line = NegotiatedLine(
        item="recording",
        rule="recording",
        result=Result.agreed,
        offered_a=asked.in_order("recordings", asked.a.recordings),
        offered_b=asked.in_order("recordings", asked.b.recordings),
        inputs=given(wanted=wanted, value=able[0] if able else "", allowed=", ".join(allowed) or "–"),
    )
    if not able:
        rule = "recording_not_carried" if allowed else "recording"
        options = ("record_by_law", "other_place") if allowed else ("change_recording", "record_by_law")
        return replace(line, rule=rule, result=Result.conflict, options=options)
    return replace(line, value=able[0], result=Result.agreed if able[0] == wanted else Result.compromise)


def _breakdown(asked: Asked) -> Breakdown:
    """The smallest figures of both sites and the needs, and the steps that both have. Never a conflict."""
    three = (asked.a, asked.b, asked.needs)
    both = asked.a.fallbacks & asked.b.fallbacks
    return Breakdown(
        redial=min(source.redial for source in three),
        second_line="second_line" in both,
        phone="phone" in both and asked.needs.phone,
        adjourn_after_minutes=min(source.adjourn_after_minutes for source in three),
    )


def _breakdown_line(asked: Asked, agreed: Breakdown) -> NegotiatedLine:
    ways = frozenset(way for way in ("second_line", "phone") if getattr(agreed, way))
    wanted = (asked.a.fallbacks | asked.b.fallbacks) - ways - {"adjourn"}
    given_up = asked.in_order("fallbacks", wanted if asked.needs.phone else wanted - {"phone"})
    figures = {(source.redial, source.adjourn_after_minutes) for source in (asked.a, asked.b, asked.needs)}
    rule = "breakdown_ways" if ways else "breakdown"
    inputs = given(
        redial=agreed.redial,
        ways=", ".join(asked.in_order("fallbacks", ways)),
        minutes=agreed.adjourn_after_minutes,
        given_up=", ".join(given_up) or "–",
    )
    return NegotiatedLine(
        item="breakdown",
        rule=rule,
        result=Result.compromise if given_up or len(figures) > 1 else Result.agreed,
        offered_a=_offered_breakdown(asked, asked.a),
        offered_b=_offered_breakdown(asked, asked.b),
        value=", ".join((*asked.in_order("fallbacks", ways), "adjourn")),
        inputs=inputs,
        options=("offer_fallback",) if given_up else (),
    )


def _offered_breakdown(asked: Asked, site: Profile) -> tuple[str, ...]:
    ways = asked.in_order("fallbacks", site.fallbacks - {"adjourn"})
    return (f"{site.redial} ×", *ways, f"{site.adjourn_after_minutes} min")
