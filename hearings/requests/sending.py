"""Channels by which a request may be sent, whatever its legal basis: what blocks it, and until when. Pure.

UNTOC art. 18(13)-(14), UNCAC art. 46(13)-(14): INTERPOL only in urgent circumstances and where both States agree;
orally likewise, and then confirmed in writing forthwith. One entered here when the time for that has passed is
confirmed by its submission, late. Rules of each instrument are in `hearings.law.transmission`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hearings import reference
from hearings.law.law import LAW, Law, cite
from hearings.models import HearingRequest
from hearings.models.request import Approach, Channel
from hearings.sentences import N_, Series, tell

RULE_OF_SERVICE = N_("a rule of this service")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A reason why the request may not be sent. `code` is a block code of data/enums.yaml."""

    code: str
    field: str
    provision: str
    text: str

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "field": self.field, "provision": self.provision, "text": self.text}


def blocks(request: HearingRequest, *, now: datetime, law: Law = LAW) -> tuple[Block, ...]:
    """Blocks of this request's sending or execution by the channel chosen. Each cites the instruments relied on; if
    they have no such rule, it is a rule of this service.
    """
    open_blocks = []
    if request.channel is Channel.interpol and not (
        request.urgent and not _refused(request, "both_agree_urgent_route")
    ):
        text = tell("By INTERPOL only when urgent and agreed by both States")
        open_blocks.append(_block("interpol_conditions_not_met", "channel", "13", text))
    if request.approach is Approach.direct_to_person:
        text = tell("Nobody is approached directly in another State without the approval of its authorities")
        open_blocks.append(_block("direct_contact_without_approval", "approach", "13", text))
    if request.oral and not (request.urgent and not _refused(request, "both_agree_oral")):
        text = tell("Orally only when urgent and agreed by both States")
        open_blocks.append(_block("oral_conditions_not_met", "oral", "14", text))
    if request.submitted_at is not None and overdue(request, now=now):
        text = tell(
            "Made orally and not confirmed in writing by {time} UTC",
            time=f"{request.written_due:%Y-%m-%d %H:%M}",
        )
        open_blocks.append(_block("oral_written_confirmation_overdue", "oral", "14", text))
    return tuple(replace(block, provision=_cited(request, TOPICS[block.provision], law)) for block in open_blocks)


def confirmation_due(oral_at: datetime) -> datetime:
    """By when a request made orally at that instant must be confirmed in writing (data/defaults.yaml)."""
    return oral_at + timedelta(hours=reference.defaults()["timers"]["oral_written_confirmation_hours"])


def confirmed_late(request: HearingRequest) -> bool:
    """Whether an oral request was confirmed in writing after that time."""
    at, oral_at = request.written_confirmed_at, request.oral_at
    return at is not None and oral_at is not None and at > confirmation_due(oral_at)


def _refused(request: HearingRequest, fact: str) -> bool:
    """Whether a State has said no; the requested one answers after the submission."""
    return False in request.gate_answers.get(fact, {}).values()


def overdue(request: HearingRequest, *, now: datetime) -> bool:
    """Whether the written confirmation of an oral request is late."""
    waiting = request.written_confirmed_at is None and request.written_due is not None
    return bool(waiting and request.written_due is not None and request.written_due < now)


TOPICS: Mapping[str, tuple[str, ...]] = {"13": ("channel",), "14": ("form_language", "channel")}
"""By paragraph number: topics of data/rules.yaml of the same rule in other instruments, the most fitting first."""


def _block(code: str, field: str, paragraph: str, text: str) -> Block:
    return Block(code=code, field=field, provision=paragraph, text=text)


def _cited(request: HearingRequest, topics: tuple[str, ...], law: Law) -> str:
    provisions = []
    for instrument in request.instruments:
        rules = law.rules_of.get(instrument, ())
        provisions += [cite(rule) for topic in topics for rule in rules if rule["topic"] == topic][:1]
    return Series.of(provisions) if provisions else tell(RULE_OF_SERVICE)
