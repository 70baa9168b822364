"""Booths of interpreters: who of them has the turn. Pure; the present time is passed in.

The interpreters of a hearing with the same languages and directions share a booth. At most one of them is live, and no
other microphone of the booth is heard or recorded. The turn passes by a handover, which both press and which follows
three seconds later; or, when the line of the one who is live is lost, to the partner who takes over. Source of the
times: AIIC and ISO practice of turns of 20 to 30 minutes.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from hearings.hearing import floor
from hearings.languages import signed
from hearings.models import Participant
from hearings.roles import Role
from hearings.status import PresenceStatus

COUNTDOWN = timedelta(seconds=3)
"""Between the second press and the change."""
TAKE_OVER_WITHIN = timedelta(seconds=5)
"""After a lost line, the time the partner has before the floor is held for the language."""
RELIEF = timedelta(minutes=20)
LATE_RELIEF = timedelta(minutes=30)

Relief = Literal["", "due", "late"]


@dataclass(frozen=True, slots=True)
class Booth:
    """A booth. Participants are named by id; empty: nobody."""

    live: str = ""
    since: datetime | None = None
    """Begin of the turn of the one who is live."""
    asked: tuple[str, ...] = ()
    """Who has pressed for the handover."""
    change_at: datetime | None = None
    """When the turn passes to the one other who has pressed."""
    lost: str = ""
    """Whose line was lost while live, as long as nobody has taken over."""
    lost_at: datetime | None = None
    held: bool = False
    """Whether the loss was acted upon after `TAKE_OVER_WITHIN`."""
    told: Relief = ""
    """How far the one who is live has been reminded of the relief."""

    def as_json(self) -> dict[str, Any]:
        """For `Sitting.booths`."""
        times = {name: at.isoformat() if (at := getattr(self, name)) else "" for name in _TIMES}
        plain = {"live": self.live, "lost": self.lost, "held": self.held, "told": self.told}
        return {**plain, "asked": list(self.asked), **times}


_TIMES = ("since", "change_at", "lost_at")


def from_json(stored: Mapping[str, Any]) -> Booth:
    """The reverse of `Booth.as_json`."""
    times = {name: datetime.fromisoformat(stored[name]) if stored.get(name) else None for name in _TIMES}
    return Booth(
        live=stored.get("live", ""),
        asked=tuple(stored.get("asked", ())),
        lost=stored.get("lost", ""),
        held=bool(stored.get("held", False)),
        told=stored.get("told", ""),
        **times,
    )


# --- who is in which booth -----------------------------------------------------------------------------------------


def key(person: Participant, booked: Sequence[str]) -> str:
    """The booth of an interpreter, such as `fr,ro` or, into Romanian only, `fr,ro>ro`; empty for others. `booked`: the
    languages of the hearing."""
    if person.role is not Role.interpreter or person.vacated_at is not None or person.device_of_id is not None:
        return ""
    between, into = floor.interprets(person, booked), floor.renders_into(person, booked)
    directions = "" if set(into) == set(between) else f">{','.join(sorted(into))}"
    return ",".join(sorted(between)) + directions


def members(people: Iterable[Participant], booked: Sequence[str]) -> dict[str, list[Participant]]:
    """The interpreters by booth."""
    found: dict[str, list[Participant]] = {}
    for person in people:
        if name := key(person, booked):
            found.setdefault(name, []).append(person)
    return found


def has_partner(person: Participant, people: Iterable[Participant], booked: Sequence[str]) -> bool:
    """Whether another interpreter of the same booth is in the room, who can take over: a lost line is then the
    booth's affair."""
    name = key(person, booked)
    team = members(people, booked).get(name, []) if name else []
    return any(other.id != person.id and other.presence is PresenceStatus.present for other in team)


def silenced(people: Iterable[Participant], booked: Sequence[str], stored: Mapping[str, Any]) -> frozenset[str]:
    """The interpreters who are neither heard nor recorded because somebody else of their booth has the turn: where
    nobody has it, the first whose microphone is on. `stored`: `Sitting.booths`."""
    found: set[str] = set()
    for name, team in members(people, booked).items():
        live = from_json(stored.get(name, {})).live
        live = live or next((person.id for person in team if person.microphone), "")
        found |= {person.id for person in team if person.id != live}
    return frozenset(found)


# --- the machine ---------------------------------------------------------------------------------------------------


def opened(booth: Booth, who: str, now: datetime) -> Booth | None:
    """Somebody opens the microphone: they have the turn if nobody has it. None when somebody else does."""
    if booth.live == who:
        return booth
    return Booth(live=who, since=now) if not booth.live else None


def pressed(booth: Booth, who: str, now: datetime) -> Booth:
    """Somebody asks for the handover or agrees to it; who has pressed before takes it back. The change follows when
    the one who is live and one other have pressed."""
    if not booth.live:
        return booth
    if who in booth.asked:
        return replace(booth, asked=tuple(other for other in booth.asked if other != who), change_at=None)
    others = [other for other in booth.asked if other == booth.live] if who != booth.live else list(booth.asked[-1:])
    asked = (*others, who)
    return replace(booth, asked=asked, change_at=now + COUNTDOWN if len(asked) > 1 else None)


def taken_over(booth: Booth, who: str, now: datetime) -> Booth | None:
    """The partner takes over from one whose line was lost. None when nobody was lost or somebody else is live."""
    return Booth(live=who, since=now) if booth.lost and not booth.live else None


def advanced(booth: Booth, present: Collection[str], now: datetime) -> Booth:
    """The booth as it is now: a line lost and found again, the change of a countdown that has ended.

    `present`: the interpreters of the booth who are in the room with a line.
    """
    if booth.live and booth.live not in present:
        booth = Booth(lost=booth.live, lost_at=now)
    if booth.lost and not booth.live and booth.lost in present:
        booth = Booth(live=booth.lost, since=now)
    if any(who not in present for who in booth.asked):
        booth = replace(booth, asked=tuple(who for who in booth.asked if who in present), change_at=None)
    if booth.change_at is not None and now >= booth.change_at:
        booth = Booth(live=next(who for who in booth.asked if who != booth.live), since=now)
    return booth


def unanswered(booth: Booth, now: datetime) -> bool:
    """Whether the line of the one who was live is lost and nobody has taken over in time."""
    return not booth.held and booth.lost_at is not None and now >= booth.lost_at + TAKE_OVER_WITHIN


def relief(booth: Booth, now: datetime) -> Relief:
    """How long the turn has lasted: from 20 minutes on relief is due, from 30 late."""
    if booth.since is None or not booth.live:
        return ""
    lasted = now - booth.since
    return "late" if lasted >= LATE_RELIEF else "due" if lasted >= RELIEF else ""


def next_step(booth: Booth) -> datetime | None:
    """When the booth changes by itself, if nobody acts."""
    times = [booth.change_at]
    if booth.lost_at is not None and not booth.held:
        times.append(booth.lost_at + TAKE_OVER_WITHIN)
    if booth.live and booth.since is not None and booth.told != "late":
        times.append(booth.since + (LATE_RELIEF if booth.told else RELIEF))
    return min((at for at in times if at is not None), default=None)


# --- who needs interpreting ----------------------------------------------------------------------------------------


def needed(
    people: Iterable[Participant], booked: Collection[str], *, open_only: bool, waiting: str = ""
) -> frozenset[str]:
    """The languages into which somebody in the room needs interpreting: they hear one that another person there does
    not speak. `open_only`: of the others, those count whose microphone is on, and the one whose words wait to be
    interpreted (`waiting`, an id). Somebody who hears the floor as spoken needs nothing, and a language that everybody
    speaks raises no question."""
    here = [person for person in people if person.presence is PresenceStatus.present and not _interprets(person)]
    voices = [
        person
        for person in here
        if floor.has_voice(person.role) and (person.microphone or not open_only or person.id == waiting)
    ]
    found = set()
    for person in here:
        lang = floor.channel(person, booked)
        if lang and any(voice is not person and voice.speaks != lang for voice in voices):
            found.add(lang)
    return frozenset(found)


def interpreted(people: Sequence[Participant], booked: Sequence[str], stored: Mapping[str, Any]) -> frozenset[str]:
    """The languages somebody interprets into now: an interpreter in the room who has the turn and has chosen the
    language, with the microphone on, or for a signed language the camera."""
    quiet = silenced(people, booked, stored)
    return frozenset(
        person.renders
        for person in people
        if _interprets(person)
        and person.presence is PresenceStatus.present
        and person.id not in quiet
        and (person.camera if signed(person.renders) else person.microphone and not person.muted_by_court)
    ) - {""}


def covered(people: Iterable[Participant], booked: Sequence[str], present: Collection[str]) -> frozenset[str]:
    """The languages that some interpreter in the room with a line could interpret into."""
    return frozenset(
        lang
        for person in people
        if _interprets(person) and person.id in present
        for lang in floor.renders_into(person, booked)
    )


def only_by(person: Participant, people: Sequence[Participant], booked: Sequence[str]) -> frozenset[str]:
    """The languages that somebody in the room needs and into which nobody there but this interpreter could
    interpret."""
    others = {other.id for other in people if other.presence is PresenceStatus.present and other.id != person.id}
    mine = frozenset(floor.renders_into(person, booked)) - covered(people, booked, others)
    return needed(people, booked, open_only=False) & mine


def _interprets(person: Participant) -> bool:
    return person.role is Role.interpreter
