"""Signed acts on pages: the statement that a State's authority signs before an act that binds the State.

A page displays the result of `prepare` (web/server/templates/sign.html), and before the act it calls `receive` with the
form's value `jws`. Without a signature nothing is done (`SignatureRequired`), as in the API.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.hearing import agreed_terms
from hearings.models import Hearing, HearingRequest, Offer
from hearings.models.columns import Row
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from web.server import statements as signing
from web.words import court_clocks, diary as diary_words, roles
from web.words.i18n import _, city_here, span


@dataclass(frozen=True, kw_only=True)
class StatementToSign:
    """A statement of `state` towards `other` on `subject`; `facts` are its body in words, label and text."""

    act: Act
    state: str
    other: str
    about: str
    subject: Row
    body: Mapping[str, Any]
    facts: Sequence[tuple[str, str]] = ()

    async def prepare(self, db: AsyncSession, *, now: datetime) -> signing.Prepared:
        """The statement as displayed for signing."""
        return await signing.prepare(
            db,
            state=self.state,
            other=self.other,
            act=self.act,
            about=self.about,
            body=self.body,
            now=now,
            facts=self.facts,
        )

    async def receive(self, db: AsyncSession, *, jws: str, actor: Actor, now: datetime) -> None:
        """Receive the signed statement. Raises and effects: those of `signatures.receive`."""
        await signatures.receive(
            db,
            jws=jws,
            state=self.state,
            other=self.other,
            act=self.act,
            about=self.about,
            subject=self.subject,
            actor=actor,
            now=now,
            expect_body=self.body,
        )


def of_request(
    row: HearingRequest, *, act: Act, state: str, body: Mapping[str, Any], facts: Sequence[tuple[str, str]] = ()
) -> StatementToSign:
    """The statement for an act of `state` on a request."""
    return StatementToSign(
        act=act,
        state=state,
        other=row.requested_state if state == row.requesting_state else row.requesting_state,
        about=row.reference,
        subject=row,
        body=body,
        facts=facts,
    )


async def of_hearing(db: AsyncSession, hearing: Hearing, offer: Offer | None, *, state: str) -> StatementToSign:
    """The statement of agreement to a hearing's terms: those with `offer` accepted; without one, the present ones."""
    terms = await (agreed_terms.terms_if(db, hearing, offer) if offer else agreed_terms.terms_of(db, hearing))
    return StatementToSign(
        act=Act.agree_hearing,
        state=state,
        other=hearing.requested_state if state == hearing.requesting_state else hearing.requesting_state,
        about=hearing.ref,
        subject=hearing,
        body=agreed_terms.statement(hearing, terms, offer),
        facts=[*_days(hearing, terms, state), *_conduct(hearing), *diary_words.rooms_and_capacity(terms.body)],
    )


def _days(hearing: Hearing, terms: agreed_terms.Terms, state: str) -> list[tuple[str, str]]:
    """Each day by the clocks of both courts, the own first."""
    days = []
    for day in terms.body["days"]:
        begins, ends = (datetime.fromisoformat(day[name]) for name in ("starts_at", "ends_at"))
        for place in court_clocks.own_first(court_clocks.of_hearing(hearing), state):
            days.append((city_here(place.city), span(begins, ends, place.zone)))
    return days


def _conduct(hearing: Hearing) -> list[tuple[str, str]]:
    people = [roles.label(seat_class) for seat_class in sorted(hearing.participant_classes)]
    return [
        (_("Recording"), diary_words.policy(hearing.recording_policy)),
        (_("Who may take part"), " · ".join(people)),
    ]
