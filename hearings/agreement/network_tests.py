"""Network tests: which ways lead from a person's browser to the media server, how good they are, and what follows.

A browser tries four ways, each by itself: directly over UDP, and by the court's relay over UDP, TCP and TLS. It sends a
test picture and a tone to the server and receives them back as another participant would. Nothing is recorded. The
limits are those of a line test (data/negotiation.yaml), of which one site's line may take half of the round trip.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.agreement import profiles
from hearings.agreement.line_tests import figure
from hearings.errors import Invalid
from hearings.models import Hearing, NetworkTest, Participant
from hearings.sentences import Series, tell

WAYS = ("direct", "udp", "tcp", "tls")
"""Ways of a line, those preferred first: directly, or by a relay that the browser reaches over UDP, TCP or TLS."""
STATES = ("open", "closed", "absent")
"""Of a way: media have passed, or not; `absent`: the court has no such relay."""
FIGURES: Mapping[str, tuple[float, float]] = {
    "rtt_ms": (0, 60_000),
    "loss_up_percent": (0, 100),
    "loss_down_percent": (0, 100),
    "up_kbps": (0, 10_000_000),
    "height": (0, 10_000),
    "fps": (0, 1_000),
}
"""Figures of an open way, with their bounds. `height` (lines) and `fps` are of the picture as it came back."""
DEVICES = ("camera", "microphone", "speaker")
"""What a person checks beside the network, where they do."""
DEFAULT_KBPS, DEFAULT_HEIGHT = 700, 360
"""What a line needs upwards, and the picture asked for, where there is no agreement yet."""
KEPT = 10
"""Tests that are kept of one person in one hearing; the oldest are deleted."""

Verdict = Literal["good", "weak", "closed"]


@dataclass(frozen=True)
class LineNeed:
    """What a line needs, by the agreed session or by default."""

    up_kbps: float
    height: float
    loss_percent: float
    rtt_ms: float


@dataclass(frozen=True)
class Assessment:
    """`way`: the way that a hearing takes, empty when none is open. `short`: figures of it that miss the need."""

    verdict: Verdict
    way: str
    short: tuple[str, ...]


def need(session: Mapping[str, Any]) -> LineNeed:
    """The need of an agreed session; of an empty one, the defaults."""
    limits = profiles.table()["line_test"]
    up = session["video_kbps"] + session["audio_kbps"] if session else DEFAULT_KBPS
    height = session["height"] if session else DEFAULT_HEIGHT
    return LineNeed(up_kbps=up, height=height, loss_percent=limits["loss_percent"], rtt_ms=limits["rtt_ms"] / 2)


def read(measured: Mapping[str, Any]) -> dict[str, Any]:
    """A report out of JSON: for each way its state, and the figures of an open one; under `devices`, if they were
    checked, whether each of `DEVICES` works.

    Raises `Invalid` naming the field for what is missing, unknown, out of bounds or no number.
    """
    if set(measured) - {"devices"} != set(WAYS):
        raise Invalid(tell("Each of these ways is needed: {ways}", ways=Series.of(WAYS)), "ways")
    found = {way: _way(measured[way], way) for way in WAYS}
    return found | ({"devices": _devices(measured["devices"])} if "devices" in measured else {})


def _devices(told: Any) -> dict[str, bool]:
    good = isinstance(told, Mapping) and set(told) == set(DEVICES)
    if not good or not all(isinstance(works, bool) for works in told.values()):
        raise Invalid(
            tell("Whether each of these works is needed, as true or false: {devices}", devices=Series.of(DEVICES)),
            "devices",
        )
    return {device: told[device] for device in DEVICES}


def _way(told: Any, way: str) -> dict[str, Any]:
    if not isinstance(told, Mapping) or told.get("state") not in STATES:
        raise Invalid(tell("A state is needed: {states}", states=Series.of(STATES)), way)
    if told["state"] != "open":
        return {"state": told["state"]}
    if set(told) != {"state", "sound", *FIGURES}:
        raise Invalid(tell("These figures are needed: {figures}", figures=Series.of(("sound", *FIGURES))), way)
    if not isinstance(told["sound"], bool):
        raise Invalid(tell("Whether sound came back is needed, as true or false"), "sound")
    figures = {name: figure(told[name], name, *bounds) for name, bounds in FIGURES.items()}
    return {"state": "open", "sound": told["sound"], **figures}


def assess(measured: Mapping[str, Mapping[str, Any]], needed: LineNeed) -> Assessment:
    """The way that a hearing would take and whether it suffices. A browser takes the direct way if it is open, else the
    first relay that is."""
    way = next((way for way in WAYS if measured[way]["state"] == "open"), "")
    if not way:
        return Assessment("closed", "", ())
    figures = measured[way]
    missed = {
        "sound": not figures["sound"],
        "loss_up_percent": figures["loss_up_percent"] > needed.loss_percent,
        "loss_down_percent": figures["loss_down_percent"] > needed.loss_percent,
        "rtt_ms": figures["rtt_ms"] > needed.rtt_ms,
        "up_kbps": figures["up_kbps"] < needed.up_kbps,
    }
    short = tuple(name for name, missing in missed.items() if missing)
    return Assessment("weak" if short else "good", way, short)


async def report(
    db: AsyncSession,
    *,
    hearing: Hearing,
    participant: Participant | None,
    session: Mapping[str, Any],
    measured: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> NetworkTest:
    """Keep what a person's browser has measured. `session`: as agreed, or empty.

    Raises `Invalid`. Effects: adds the test; deletes the oldest of this person beyond `KEPT`.
    """
    figures = read(measured)
    row = NetworkTest(
        owner_state=actor.state,
        hearing_id=hearing.id,
        participant_id=participant.id if participant else None,
        measured=figures,
        verdict=assess(figures, need(session)).verdict,
        at=now,
        actor=actor.id,
        actor_label=actor.label,
    )
    db.add(row)
    await db.flush()
    own = select(NetworkTest.id).where(NetworkTest.hearing_id == hearing.id, NetworkTest.actor == actor.id)
    surplus = (await db.exec(own.order_by(col(NetworkTest.id).desc()).offset(KEPT))).all()
    await db.exec(delete(NetworkTest).where(col(NetworkTest.id).in_(surplus)))
    return row


async def tests(db: AsyncSession, hearing: Hearing, *, actor_id: str = "", limit: int = 200) -> Sequence[NetworkTest]:
    """The tests of a hearing, the newest first. `actor_id`: of one person."""
    query = select(NetworkTest).where(NetworkTest.hearing_id == hearing.id)
    if actor_id:
        query = query.where(NetworkTest.actor == actor_id)
    return (await db.exec(query.order_by(col(NetworkTest.id).desc()).limit(limit))).all()


def latest_by_person(rows: Sequence[NetworkTest]) -> list[NetworkTest]:
    """Of each person the newest, of tests that are the newest first."""
    seen: dict[str, NetworkTest] = {}
    for row in rows:
        seen.setdefault(row.actor, row)
    return list(seen.values())
