"""A database filled for the benchmarks: hearings and what lies around them, by a fixed seed.

Every status is as frequent as every other, so that what waits grows with the database, and a good part of it never
ends: a harder case than an installation whose old hearings are over. Around a hearing lies what fits its status: an
agreement once it is agreed, signed minutes once it is over; of fifty minutes four still wait for a step, and of twenty
accepted requests one still waits for the person's answer. One clerk of a State takes part in every tenth hearing.
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from hearings.clocks import tzdb_version
from hearings.db import Database
from hearings.ids import new_id
from hearings.models import (
    Agreement,
    AgreementOffer,
    Consent,
    Hearing,
    HearingRequest,
    Minutes,
    MinutesReading,
    Participant,
    Person,
    Signature,
    SigningKey,
    Site,
    SiteProfile,
    StatusChange,
)
from hearings.models.columns import Row
from hearings.models.minutes import ReadingOutcome
from hearings.models.signature import Act
from hearings.requests.consent_answers import UNANSWERED
from hearings.roles import Role
from hearings.status import AgreementStatus, ConsentStatus, HearingStatus, MinutesStatus, RequestStatus

NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
STATES = ("RO", "TH", "FR", "IT", "BR", "JP")
BY = {"created_by": "bench", "created_at": NOW}

A, C, H, M, R = AgreementStatus, ConsentStatus, HearingStatus, MinutesStatus, RequestStatus
AGREEMENTS: dict[HearingStatus, Sequence[AgreementStatus | None]] = {
    H.proposed: (None, A.proposed),
    H.countered: (None, A.countered),
    H.agreed: (A.proposed, A.agreed, A.tested),
    H.cancelled: (A.void, A.void, A.proposed),
}
"""What the agreement of a hearing in this status can be; in any other it is tested."""
CONSENTS: dict[RequestStatus, Sequence[ConsentStatus | None]] = {
    R.draft: (None,),
    R.refused: (C.refused, C.not_asked),
    R.withdrawn: (C.given, C.not_asked),
    **dict.fromkeys((R.submitted, R.received, R.under_review, R.postponed), (C.not_asked, C.pending, C.given)),
}
"""As `AGREEMENTS`, for the person's consent; in any other status one of twenty is still asked for."""
ANSWERED = (C.pending, *[C.given] * 19)
MINUTES = (M.drafted, M.in_review, M.read_back, *[M.signed] * 47)
READ = (M.read_back, M.signed)


class _Sides:
    """What both States bring along, once: a site with its profile, and a key each signs with."""

    def __init__(self) -> None:
        self.sites = {
            state: Site(owner_state=state, name="A", court="B", city="C", zone="UTC", **BY) for state in STATES
        }
        self.profiles = {
            one: SiteProfile(
                owner_state=one, site_id=site.id, version=1, abilities={}, created_label="Bench", **BY
            )
            for one, site in self.sites.items()
        }  # fmt: skip
        self.keys = {
            state: SigningKey(owner_state=state, authority_name="A", kid=new_id(), public_key="-", **BY)
            for state in STATES
        }
        self.clerks = {
            state: Person(
                owner_state=state, name=state, email=f"{new_id()}@x.example", functions=["clerk", "authority"]
            )
            for state in STATES
        }


def rows(count: int, first: int, sides: _Sides) -> list[Row]:
    """Requests, their hearings, a change of each, and what lies around them, spread over States and five years."""
    chance = random.Random(first)
    made: list[Row] = []
    for number in range(first, first + count):
        asking, asked = chance.sample(STATES, 2)
        at = NOW - timedelta(minutes=chance.randrange(3 * 365 * 24 * 60))
        begins = NOW + timedelta(minutes=30 * chance.randrange(-2 * 365 * 48, 2 * 365 * 48))
        own = {"requesting_state": asking, "requested_state": asked, "owner_state": asking}
        request = HearingRequest(
            **own,
            reference=f"{asking}-2026-{number:06d}",
            created_by="bench",
            created_at=at,
            submitted_at=at,
            status=chance.choice(list(RequestStatus)),
            priority=chance.randrange(16),
            unscheduled=chance.random() < 0.05,
            **{due: at + timedelta(days=30) for due in ("answer_due", "info_due", "review_due")},
        )
        hearing = Hearing(
            **own,
            ref=f"B{number:07d}",
            request_id=request.id,
            starts_at=begins,
            ends_at=begins + timedelta(hours=1),
            wall_start=begins.replace(tzinfo=None).isoformat(),
            wall_zone="Europe/Bucharest",
            requesting_zone="Europe/Bucharest",
            requesting_city="A",
            requested_zone="Asia/Bangkok",
            requested_city="B",
            tzdb_version=tzdb_version(),
            language_requesting="ro",
            language_requested="th",
            created_by="bench",
            created_at=at,
            status=chance.choice(list(HearingStatus)),
            requesting_signed="5a" * 32,
            requested_signed="5a" * 32,
        )
        made += [request, hearing]
        for subject in (request, hearing):
            made.append(
                StatusChange(
                    owner_state=asking, subject=subject.__tablename__, subject_id=subject.id, before="", after="draft",
                    at=at, actor="bench", actor_label="Bench",
                )
            )  # fmt: skip
        made += _around(request, hearing, sides, chance)
    return made


def _around(request: HearingRequest, hearing: Hearing, sides: _Sides, chance: random.Random) -> list[Row]:
    own = {"owner_state": hearing.owner_state}
    both = hearing.requesting_state, hearing.requested_state
    made: list[Row] = []

    def signed(subject: Row, act: Act, states: Sequence[str]) -> list[Row]:
        return [
            Signature(
                owner_state=state, other_state=next(other for other in both if other != state),
                key_id=sides.keys[state].id,
                act=act, about="-", subject=subject.__tablename__, subject_id=subject.id, jti=new_id(),
                payload_sha256=new_id().replace("-", "") * 2, jws="-", signed_at=NOW, received_at=NOW, actor="bench",
                actor_label="Bench",
            )
            for state in states
        ]  # fmt: skip

    if chance.random() < 0.1:
        clerk = sides.clerks[both[0]]
        made.append(
            Participant(
                **own, hearing_id=hearing.id, person_id=clerk.id, role=Role.clerk, number=1, display_name="A",
                state=both[0], speaks="en", presence_since=NOW,
            )
        )  # fmt: skip
    consent = chance.choice(CONSENTS.get(request.status, ANSWERED))
    if consent is not None:
        at = NOW if consent is C.given else None
        request.unanswered = consent in UNANSWERED
        made.append(Consent(**own, request_id=request.id, rule="treaty", status=consent, since=NOW, given_at=at))
    status = chance.choice(AGREEMENTS.get(hearing.status, (A.tested,)))
    if status is not None:
        by = chance.choice(both)
        agreement = Agreement(
            **own, hearing_id=hearing.id, requested_state=both[1], starts_at=hearing.starts_at, number=1, by_state=by,
            needs={}, terms={}, status=status,
            terms_sha256="a" * 64, requesting_profile_id=sides.profiles[both[0]].id,
            requested_profile_id=sides.profiles[both[1]].id, **BY,
        )  # fmt: skip
        offer = AgreementOffer(
            **own, agreement_id=agreement.id, round=1, by_state=by, needs={}, terms={}, terms_sha256="a" * 64, at=NOW,
            actor="bench", actor_label="Bench",
        )  # fmt: skip
        made += [agreement, offer]
        who = both if status in (A.agreed, A.tested) else chance.choice([(), (by,)])
        made += signed(agreement, Act.sign_agreement, who)
    if hearing.status in (H.concluded, H.part_heard):
        status_ = chance.choice(MINUTES)
        at = NOW if status_ is M.signed else None
        minutes = Minutes(
            **own, requested_state=hearing.requested_state, hearing_id=hearing.id, number=1, status=status_,
            language_requesting="ro", language_requested="th", text_sha256="a" * 64, signed_at=at,
            received_at=at if chance.random() < 0.98 else None, **BY,
        )  # fmt: skip
        made.append(minutes)
        if status_ in READ:
            made.append(
                MinutesReading(
                    **own, minutes_id=minutes.id, number=1, outcome=ReadingOutcome.accepted, read_by="Bench",
                    passages_sha256="a" * 64, author="bench", author_label="Bench", at=NOW,
                )
            )  # fmt: skip
            made += signed(minutes, Act.sign_minutes, both if status_ is M.signed else chance.choice([(), both[:1]]))
    return made


ORDER = (
    HearingRequest,
    Hearing,
    StatusChange,
    Participant,
    Consent,
    Agreement,
    AgreementOffer,
    Minutes,
    MinutesReading,
    Signature,
)


async def fill(database: Database, count: int, first: int) -> None:
    """Add that many hearings, in portions, and let the database count what it has."""
    sides = _Sides()
    async with database.transaction() as db:
        for group in (sides.sites, sides.profiles, sides.keys, sides.clerks):
            db.add_all(group.values())
            await db.flush()
    for start in range(first, first + count, 5_000):
        made = rows(min(5_000, first + count - start), start, sides)
        async with database.transaction() as db:
            for table in ORDER:
                told = [
                    {name: value for name, value in vars(one).items() if name[0] != "_"}
                    for one in made
                    if type(one) is table
                ]
                if told:
                    await db.exec(insert(table), params=told)
    async with database.engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("ANALYZE")
