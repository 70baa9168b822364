"""What the person to be heard has answered, rule by rule, against the rules that ask today.

Which rules ask is judged anew each time by the law as it is then: an answer noted at submission is not the last word.
Strictest wins: a consent that was refused or withdrawn stands in the way whatever else is given, and a rule of which
the data do not know whether it asks counts as one that does (checklist of CEPEJ(2021)4: consent, recorded, revocable).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import ConsentMissing
from hearings.law import legal_bases
from hearings.law.law import LAW, Law, current
from hearings.models import Consent, HearingRequest
from hearings.sentences import Sentence, Series, Word, tell
from hearings.status import ConsentStatus

REFUSED = frozenset({ConsentStatus.refused, ConsentStatus.withdrawn})
"""Answers that stand in the way also where no rule asks any more."""
UNANSWERED = frozenset({ConsentStatus.not_asked, ConsentStatus.pending})


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule that asks for the person's consent."""

    key: str
    provision: str
    text: str
    known: bool = True
    """False where the data do not know whether the rule asks: it counts as if it did."""


@dataclass(frozen=True, kw_only=True)
class Outstanding:
    """One consent that is not given, or no longer."""

    who: str
    """The person's part: a capacity, never a name; empty while it is not said."""
    rule: str
    provision: str
    status: ConsentStatus
    known: bool

    @property
    def sentence(self) -> Sentence:
        """Who, by which rule, and how it stands."""
        given = {
            "who": Word.of("capacity", self.who) if self.who else tell("person to be heard"),
            "provision": self.provision,
            "status": Word.of("ConsentStatus", self.status.value),
        }
        if self.known:
            return tell("{who}, {provision}: {status}", **given)
        return tell(
            "{who}, {provision}: {status}, and it is not known whether this rule asks, so it counts as if it did",
            **given,
        )

    def kept(self) -> dict[str, Any]:
        """As it stands in the log of a hearing; the minutes tell it in each of their languages."""
        return {"who": self.who, "provision": self.provision, "status": self.status.value, "known": self.known}


def asked_by(result: legal_bases.GateResult) -> tuple[Rule, ...]:
    """The rules that ask, each once."""
    found: dict[str, Rule] = {}
    for need in result.consents:
        key = f"{need.layer}:{need.state}:{need.provision}"[:80]
        rule = Rule(key=key, provision=need.provision[:300], text=need.text, known=need.known)
        found.setdefault(key, rule)
    return tuple(found.values())


def asking(request: HearingRequest, *, now: datetime, law: Law = LAW) -> tuple[Rule, ...]:
    """The rules that ask today, on the instruments the request relies on. Pure."""
    chosen = tuple(request.instruments) or legal_bases.selectable(now.date(), law=law)
    return asked_by(legal_bases.evaluate(legal_bases.ask_about(request, on=now.date(), law=law), chosen, law=law))


def missing(request: HearingRequest, rows: Sequence[Consent], rules: Sequence[Rule]) -> list[Outstanding]:
    """What is not given: refused or withdrawn in any case, else what one of `rules` asks for. Pure."""
    asked = {rule.key: rule for rule in rules}
    noted = {row.rule: row for row in rows}
    found = [
        (row.rule, row.provision, row.status)
        for row in rows
        if row.status in REFUSED or (row.status is not ConsentStatus.given and row.rule in asked)
    ]
    found += [(rule.key, rule.provision, ConsentStatus.not_asked) for rule in rules if rule.key not in noted]
    who = request.capacity.value if request.capacity else ""
    return [
        Outstanding(who=who, rule=key, provision=provision, status=status, known=key not in asked or asked[key].known)
        for key, provision, status in found
    ]


async def of_request(db: AsyncSession, request_id: str) -> Sequence[Consent]:
    """What is noted of the person's consent, rule by rule."""
    query = select(Consent).where(Consent.request_id == request_id).order_by(col(Consent.id))
    return (await db.exec(query.execution_options(populate_existing=True))).all()


async def outstanding(db: AsyncSession, request: HearingRequest, *, now: datetime) -> list[Outstanding]:
    """Consents that are not given, by the law as it is now."""
    rules = asking(request, now=now, law=await current(db))
    return missing(request, await of_request(db, request.id), rules)


async def require_given(db: AsyncSession, request: HearingRequest, *, now: datetime) -> None:
    """Raise `ConsentMissing`, naming each rule and how its consent stands, unless all are given."""
    if found := [one.sentence for one in await outstanding(db, request, now=now)]:
        text = tell(
            "A consent to be heard by video is missing: {rules}. "
            "Record the person's answer to each on the page Consents of the request ({way})",
            rules=Series.of(found, "semicolon"),
            way="POST …/consents/{consent}/record",
        )
        raise ConsentMissing(text, found)


def standing(rows: Sequence[Consent]) -> str:
    """What all rules together come to, for the legal engine: the worst of them; `not_asked` when there is none."""
    order = (ConsentStatus.withdrawn, ConsentStatus.refused, ConsentStatus.not_asked, ConsentStatus.pending)
    found = {one.status for one in rows}
    worst = next((one for one in order if one in found), None)
    return worst.value if worst else (ConsentStatus.given if rows else ConsentStatus.not_asked).value
