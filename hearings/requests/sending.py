"""By which way a request may be sent, whatever its legal basis: what stops it, and until when. Pure.

UNTOC art. 18(13)-(14), UNCAC art. 46(13)-(14): INTERPOL only in urgent circumstances and where both States agree; by
word of mouth likewise, and then confirmed in writing forthwith. What each instrument says besides is in `channels`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hearings.law.law import LAW, Law, cite
from hearings.models import HearingRequest
from hearings.models.request import Channel
from hearings.sentences import Series, tell


@dataclass(frozen=True, kw_only=True)
class Block:
    """One thing that stops the sending. `code` is a block code of data/enums.yaml."""

    code: str
    field: str
    provision: str
    text: str

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "field": self.field, "provision": self.provision, "text": self.text}


def blocks(request: HearingRequest, *, now: datetime, law: Law = LAW) -> tuple[Block, ...]:
    """What stops this request from going, or from being carried out, the way it was chosen.

    Each cites what the instruments relied on say of it; where they say nothing, it is a rule of this service.
    """
    found = []
    allowed = request.urgent and request.both_agree_urgent_route is True
    if request.channel is Channel.interpol and not allowed:
        text = tell("By INTERPOL only when it is urgent and both States agree to that way")
        found.append(_block("interpol_conditions_not_met", "channel", "13", text))
    if request.channel is Channel.direct_to_person:
        text = tell("A person is not asked directly in another State without the approval of its authorities")
        found.append(_block("direct_contact_without_approval", "channel", "13", text))
    if request.oral and not allowed:
        text = tell("By word of mouth only when it is urgent and both States agree to it")
        found.append(_block("oral_conditions_not_met", "oral", "14", text))
    if overdue(request, now=now):
        text = tell(
            "Made by word of mouth and not confirmed in writing by {time} UTC",
            time=f"{request.written_due:%Y-%m-%d %H:%M}",
        )
        found.append(_block("oral_written_confirmation_overdue", "oral", "14", text))
    return tuple(replace(one, provision=_cited(request, TOPICS[one.provision], law)) for one in found)


def overdue(request: HearingRequest, *, now: datetime) -> bool:
    """Whether the written confirmation of an oral request is late."""
    waiting = request.written_confirmed_at is None and request.written_due is not None
    return bool(waiting and request.written_due is not None and request.written_due < now)


TOPICS: Mapping[str, tuple[str, ...]] = {"13": ("channel",), "14": ("form_language", "channel")}
"""By the paragraph above: topics of data/rules.yaml under which other instruments say it, the fittest first."""


def _block(code: str, field: str, paragraph: str, text: str) -> Block:
    return Block(code=code, field=field, provision=paragraph, text=text)


def _cited(request: HearingRequest, topics: tuple[str, ...], law: Law) -> str:
    found = []
    for instrument in request.instruments:
        rules = law.rules_of.get(instrument, ())
        found += [cite(rule) for topic in topics for rule in rules if rule["topic"] == topic][:1]
    return Series.of(found) if found else tell("a rule of this service")
