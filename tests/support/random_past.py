"""Requests with a history made at random, as rows: what happened to each, step by step, and what lies around it.

Every step is one that the status tables allow; nothing else about it is likely. Texts hold `NAME` where a person could
have typed one.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hearings.db import Database
from hearings.models import (
    Consent,
    Consultation,
    Hearing,
    HearingEvent,
    HearingRequest,
    Offer,
    RequestEvent,
    StatusChange,
)
from hearings.models.columns import Row
from hearings.models.request import Capacity, Channel, OffenceScope, ReasonNoAttendance, Stage
from hearings.models.request_parts import ConsultationWay, RequestAct
from hearings.status import (
    CONSENT_MOVES,
    HEARING_MOVES,
    REQUEST_MOVES,
    ConsentStatus,
    HearingStatus,
    OfferStatus,
    RequestStatus,
)
from tests.support.rows import NAME, make_hearing, make_request

BEGIN = datetime(2025, 1, 3, tzinfo=UTC)
GROUNDS = ("ne_bis_in_idem", "no_consent", "essential_interests")
INSTRUMENTS = ("untoc", "uncac", "eio", "eu_uk_tca")
BY = {"actor": "x", "actor_label": NAME}


@dataclass
class RandomPast:
    """Makes the rows. `rows` in an order in which they may be added."""

    chance: random.Random
    states: Sequence[str]
    days: int = 700
    rows: list[Row] = field(default_factory=list)

    def add(self, number: int) -> None:
        """One request with its history."""
        pick = self.chance.choice
        one, other = self.chance.sample(list(self.states), 2)
        at = BEGIN + timedelta(hours=self.chance.randrange(self.days * 24))
        request = make_request(
            owner_state=one, reference=f"{one}-{number:05}", requesting_state=one, requested_state=other,
            created_at=at, submitted_at=None, status=RequestStatus.draft, urgent=pick((True, False)),
            instruments=self.chance.sample(INSTRUMENTS, self.chance.randrange(3)),
            offence_scope=self.chance.sample(list(OffenceScope), self.chance.randrange(3)),
            capacity=pick((None, *Capacity)), stage=pick((None, *Stage)), channel=pick(list(Channel)),
            reason_no_attendance=pick((None, *ReasonNoAttendance)), custody_place=pick(("", NAME)),
            custody_limit=pick((None, date(2025, 12, 31))), priority=self.chance.randrange(16),
        )  # fmt: skip
        self.rows.append(request)
        for moved in self._steps("hearing_request", request, REQUEST_MOVES, RequestStatus.draft, at, 14):
            if request.status is RequestStatus.submitted:
                request.submitted_at = moved
                self._around(request, moved)
            if request.status is RequestStatus.executing:
                self._hearing(request, number, moved)

    def _steps(self, subject: str, row: Any, moves: Any, status: Any, at: datetime, most: int) -> Iterator[datetime]:
        """The history of a row by its table of moves, with its status as it goes. Yields the instant of each move."""
        self._change(subject, row, "", status.value, at, "")
        for _step in range(self.chance.randrange(1, most)):
            following = sorted(moves[status])
            if not following:
                return
            rare = [one for one in following if one not in ("withdrawn", "cancelled")]
            before, status = status, self.chance.choice(rare if rare and self.chance.random() < 0.9 else following)
            at += timedelta(minutes=self.chance.randrange(1, 60 * 24 * 40))
            reason = f"{self.chance.choice(GROUNDS)}: {NAME}" if status == "refused" else NAME
            row.status = status
            self._change(subject, row, before.value, status.value, at, reason)
            yield at

    def _change(self, subject: str, row: Any, before: str, after: str, at: datetime, reason: str) -> None:
        self.rows.append(
            StatusChange(
                owner_state=row.owner_state, subject=subject, subject_id=row.id, before=before, after=after, at=at,
                reason=reason, **BY,
            )
        )  # fmt: skip

    def _later(self, at: datetime, days: int = 200) -> datetime:
        return at + timedelta(minutes=self.chance.randrange(1, 60 * 24 * days))

    def _around(self, request: HearingRequest, at: datetime) -> None:
        """Consultations, changes of priority and assignment, and a consent."""
        about: dict[str, Any] = {"request_id": request.id}
        for _one in range(self.chance.randrange(2)):
            held = self._later(at)
            self.rows.append(
                Consultation(
                    owner_state=request.requested_state, held_at=held, way=ConsultationWay.video, with_whom=NAME,
                    subject=NAME, outcome=NAME, recorded_by="x", recorded_by_label=NAME, recorded_at=held, **about,
                )
            )  # fmt: skip
        changed = at
        for _one in range(self.chance.randrange(3)):
            changed, after = self._later(changed), self.chance.randrange(16)
            data = {"before": request.priority, "after": after}
            request.priority = after
            self._line(request, request.requested_state, RequestAct.priority_set, changed, data)
        for _one in range(self.chance.randrange(3)):
            state = self.chance.choice((request.requesting_state, request.requested_state))
            to = self.chance.choice(("", "officer 1", "officer 2"))
            self._line(request, state, RequestAct.delegated, self._later(at), {"to": NAME, "to_id": to})
        consent = Consent(
            owner_state=request.owner_state, rule="x", since=at, status=ConsentStatus.not_asked, given_at=at, **about
        )
        self.rows.append(consent)
        for _at in self._steps("consent", consent, CONSENT_MOVES, ConsentStatus.not_asked, at, 5):
            pass

    def _line(self, request: HearingRequest, state: str, act: RequestAct, at: datetime, data: dict[str, Any]) -> None:
        self.rows.append(
            RequestEvent(owner_state=state, request_id=request.id, act=act, at=at, reason=NAME, data=data, **BY)
        )

    def _hearing(self, request: HearingRequest, number: int, at: datetime) -> None:
        hearing = make_hearing(
            request.id, owner_state=request.requesting_state, requesting_state=request.requesting_state,
            requested_state=request.requested_state, ref=f"R{number:07}", status=HearingStatus.proposed,
        )  # fmt: skip
        self.rows.append(hearing)
        starts = self._later(at, 60)
        offer = Offer(
            owner_state=hearing.owner_state, hearing_id=hearing.id, round=1, number=1, by_state=hearing.owner_state,
            starts_at=starts, ends_at=starts + timedelta(hours=1), wall_start="2026-01-01T09:00:00",
            wall_zone="Europe/Bucharest", tzdb_version="2026a", status=OfferStatus.accepted, created_by="x",
            created_at=at,
        )  # fmt: skip
        self.rows.append(offer)
        self._change("offer", offer, "offered", "accepted", at, "")
        seq = 0
        for moved in self._steps("hearing", hearing, HEARING_MOVES, HearingStatus.proposed, at, 12):
            kinds = {
                HearingStatus.in_progress: ["started", "signal", "render_changed", "hold"],
                HearingStatus.concluded: ["closed"],
                HearingStatus.part_heard: ["closed"],
                HearingStatus.aborted: ["aborted", "closed"],
            }
            for kind in kinds.get(hearing.status, []):
                seq += 1
                data = {"cause": self.chance.choice(("fault", "order")), "lang": "th", "reason": NAME}
                self.rows.append(
                    HearingEvent(
                        owner_state=hearing.owner_state, hearing_id=hearing.id, seq=seq, at=moved, kind=kind, actor="x",
                        data=data,
                    )
                )  # fmt: skip


async def kept(database: Database, made: RandomPast) -> None:
    """Put the rows into a database, those first to which others refer."""
    order = (HearingRequest, Hearing)
    async with database.transaction() as db:
        for kind in order:
            db.add_all([row for row in made.rows if isinstance(row, kind)])
            await db.flush()
        db.add_all([row for row in made.rows if not isinstance(row, order)])


def random_past(seed: int, number: int, states: Sequence[str] = ("RO", "TH", "FR")) -> RandomPast:
    """So many requests between these States."""
    made = RandomPast(random.Random(seed), states)
    for each in range(number):
        made.add(each)
    return made
