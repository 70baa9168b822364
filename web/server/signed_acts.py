"""What binds a State: the act, and the statement its authority signs before the act happens. Pages share it.

A page shows what `prepare` gives (web/server/templates/sign.html), and before it does the act it calls `receive` with
what came back as `jws`. Without one nothing happens (`SignatureRequired`), as in the API.
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
from web.words import diary as diary_words, places, roles
from web.words.i18n import _, span


@dataclass(frozen=True, kw_only=True)
class Bond:
    """A statement of `state` towards `other` on `subject`; `facts` are its body in words, label and text."""

    act: Act
    state: str
    other: str
    about: str
    subject: Row
    body: Mapping[str, Any]
    facts: Sequence[tuple[str, str]] = ()

    async def prepare(self, db: AsyncSession, *, now: datetime) -> signing.Prepared:
        """As a page shows it to be signed."""
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
        """Take the signed statement in. Raises and effects: those of `signatures.receive`."""
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
) -> Bond:
    """An act of `state` on a request."""
    return Bond(
        act=act,
        state=state,
        other=row.requested_state if state == row.requesting_state else row.requesting_state,
        about=row.reference,
        subject=row,
        body=body,
        facts=facts,
    )


async def of_hearing(db: AsyncSession, hearing: Hearing, offer: Offer | None, *, state: str) -> Bond:
    """Agreeing to the terms of a hearing as they are once `offer` is accepted; without one, as they stand."""
    found = await (agreed_terms.terms_if(db, hearing, offer) if offer else agreed_terms.terms_of(db, hearing))
    return Bond(
        act=Act.agree_hearing,
        state=state,
        other=hearing.requested_state if state == hearing.requesting_state else hearing.requesting_state,
        about=hearing.ref,
        subject=hearing,
        body=agreed_terms.statement(hearing, found, offer),
        facts=[*_days(hearing, found, state), *_manner(hearing)],
    )


def _days(hearing: Hearing, found: agreed_terms.Terms, state: str) -> list[tuple[str, str]]:
    """Each day by the clocks of both courts, the own first."""
    told = []
    for day in found.body["days"]:
        begins, ends = (datetime.fromisoformat(day[name]) for name in ("starts_at", "ends_at"))
        for place in places.own_first(places.of_hearing(hearing), state):
            told.append((place.city, span(begins, ends, place.zone)))
    return told


def _manner(hearing: Hearing) -> list[tuple[str, str]]:
    people = [roles.label(one) for one in sorted(hearing.participant_classes)]
    return [
        (_("Recording"), diary_words.policy(hearing.recording_policy)),
        (_("Who may take part"), " · ".join(people)),
    ]
