"""The person's consents, rule by rule, compared with the rules that ask for consent today.

The rules are evaluated each time by the law in force then; those noted at submission may be outdated.
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
from hearings.sentences import N_, Sentence, Series, Word, tell
from hearings.status import ConsentStatus

OUTSTANDING_UNSURE = N_(
    "{who}, {provision}: {status}; whether this rule applies is not known, so it is treated as applying"
)

OUTSTANDING = N_("{who}, {provision}: {status}")
PERSON_TO_BE_HEARD = N_("person to be heard")

REFUSED = frozenset({ConsentStatus.refused, ConsentStatus.withdrawn})
"""Answers that prevent a hearing even if no rule asks any more."""
UNANSWERED = frozenset({ConsentStatus.not_asked, ConsentStatus.pending})


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule that asks for the person's consent."""

    key: str
    provision: str
    text: str
    known: bool = True
    """False if the data do not say whether the rule asks; it is treated as if it did."""


@dataclass(frozen=True, kw_only=True)
class Outstanding:
    """One consent that is not given, or has been withdrawn."""

    who: str
    """The person's capacity, never a name; empty if unknown."""
    rule: str
    provision: str
    status: ConsentStatus
    known: bool

    @property
    def sentence(self) -> Sentence:
        """The person, the rule and the status of the consent, as a sentence."""
        given = {
            "who": Word.of("capacity", self.who) if self.who else tell(PERSON_TO_BE_HEARD),
            "provision": self.provision,
            "status": Word.of("ConsentStatus", self.status.value),
        }
        return tell(OUTSTANDING if self.known else OUTSTANDING_UNSURE, **given)

    def kept(self) -> dict[str, Any]:
        """Its form in the log of a hearing; the minutes translate it."""
        return {"who": self.who, "provision": self.provision, "status": self.status.value, "known": self.known}


def asked_by(result: legal_bases.GateResult) -> tuple[Rule, ...]:
    """The rules that ask for consent, each once."""
    rules: dict[str, Rule] = {}
    for need in result.consents:
        key = f"{need.layer}:{need.state}:{need.provision}"[:80]
        rule = Rule(key=key, provision=need.provision[:300], text=need.text, known=need.known)
        rules.setdefault(key, rule)
    return tuple(rules.values())


def asking(request: HearingRequest, *, now: datetime, law: Law = LAW) -> tuple[Rule, ...]:
    """The rules that ask for consent today, for the instruments the request relies on. Pure."""
    chosen = tuple(request.instruments) or legal_bases.selectable(now.date(), law=law)
    return asked_by(legal_bases.evaluate(legal_bases.ask_about(request, on=now.date(), law=law), chosen, law=law))


def missing(request: HearingRequest, rows: Sequence[Consent], rules: Sequence[Rule]) -> list[Outstanding]:
    """Outstanding consents: those refused or withdrawn in any case, and others that one of `rules` asks for. Pure."""
    asked = {rule.key: rule for rule in rules}
    noted = {row.rule: row for row in rows}
    unanswered = [
        (row.rule, row.provision, row.status)
        for row in rows
        if row.status in REFUSED or (row.status is not ConsentStatus.given and row.rule in asked)
    ]
    unanswered += [(rule.key, rule.provision, ConsentStatus.not_asked) for rule in rules if rule.key not in noted]
    who = request.capacity.value if request.capacity else ""
    return [
        Outstanding(who=who, rule=key, provision=provision, status=status, known=key not in asked or asked[key].known)
        for key, provision, status in unanswered
    ]


async def of_request(db: AsyncSession, request_id: str) -> Sequence[Consent]:
    """The recorded consents of a request, one for each rule."""
    query = select(Consent).where(Consent.request_id == request_id).order_by(col(Consent.id))
    return (await db.exec(query.execution_options(populate_existing=True))).all()


async def outstanding(db: AsyncSession, request: HearingRequest, *, now: datetime) -> list[Outstanding]:
    """Consents that are not given, by the law in force now."""
    rules = asking(request, now=now, law=await current(db))
    return missing(request, await of_request(db, request.id), rules)


async def require_given(db: AsyncSession, request: HearingRequest, *, now: datetime) -> None:
    """Raise `ConsentMissing`, naming each rule and how its consent stands, unless all are given."""
    if sentences := [consent.sentence for consent in await outstanding(db, request, now=now)]:
        text = tell(
            "A consent to be heard by video is missing: {rules}. Record the person's answer to each on the "
            "Consents page of the request ({way})",
            rules=Series.of(sentences, "semicolon"),
            way="POST …/consents/{consent}/record",
        )
        raise ConsentMissing(text, sentences)


def overall(rows: Sequence[Consent]) -> str:
    """The worst status of all consents, for the legal engine; `not_asked` if there are none."""
    order = (ConsentStatus.withdrawn, ConsentStatus.refused, ConsentStatus.not_asked, ConsentStatus.pending)
    statuses = {row.status for row in rows}
    worst = next((status for status in order if status in statuses), None)
    return worst.value if worst else (ConsentStatus.given if rows else ConsentStatus.not_asked).value
