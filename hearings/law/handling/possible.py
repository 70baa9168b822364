"""What a draft cannot say though each value is valid by itself: days on the wrong side of today, and a capacity that no
instrument relied on covers. Pure. Refused on the step where it is typed; what was saved before is left alone.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from hearings import reference
from hearings.clocks import zone
from hearings.errors import Invalid
from hearings.law import legal_bases
from hearings.law.answer import LineStatus
from hearings.law.law import Law
from hearings.law.legal_bases import Verdict
from hearings.models import HearingRequest
from hearings.sentences import N_, Series, tell

HAS_BEEN = N_("This day is still to come; give one that has been")
TO_COME = N_("This day has passed; give one that is still to come")
PASSED = frozenset({"person_born", "detained_since"})
"""Fields that are days which have been."""
COMING = frozenset({"wanted_by"})
"""Fields that are days which are still to come."""


def impossible(request: HearingRequest, values: Mapping[str, Any], law: Law, now: datetime) -> list[Invalid]:
    """Why the request cannot take these values, one error a field. Values that are saved already are not judged."""
    new = {name: value for name, value in values.items() if value and getattr(request, name) != value}
    today = now.astimezone(zone(reference.jurisdiction(request.requesting_state).default_zone)).date()
    wrong = [Invalid(tell(HAS_BEEN), name) for name in sorted(PASSED & new.keys()) if new[name] > today]
    wrong += [Invalid(tell(TO_COME), name) for name in sorted(COMING & new.keys()) if new[name] < today]
    if new.get("oral_at") and new["oral_at"] > now:
        wrong.append(Invalid(tell("This time is still to come; give one that has been"), "oral_at"))
    if any(datetime.fromisoformat(slot["at"]) <= now for slot in new.get("proposed_slots", ())):
        wrong.append(
            Invalid(tell("A proposed time has passed; propose times that are still to come"), "proposed_slots")
        )
    if uncovered := _uncovered(request, new, values, law, today):
        wrong.append(uncovered)
    return wrong


def not_bound(request: HearingRequest, law: Law, today: date) -> list[tuple[str, str]]:
    """The instruments that cannot bind both States of the request, or that another goes before; with the reason."""
    ask = legal_bases.ask_about(request, on=today, law=law)
    result = legal_bases.evaluate(ask, legal_bases.selectable(today, law=law), law=law)
    return [(verdict.instrument, reason) for verdict in result.verdicts if (reason := _unbound(verdict))]


def _unbound(verdict: Verdict) -> str | None:
    lines = [line for line in verdict.lines if line.key.startswith("part") and line.status is LineStatus.missing]
    lines += [verdict.displaced] if verdict.displaced else []
    return lines[0].text if lines else None


def _covers(verdict: Verdict) -> bool:
    """Whether the capacity of the person is covered, as far as is known."""
    return not any(line.key == "person" and line.status is LineStatus.missing for line in verdict.lines)


def _uncovered(
    request: HearingRequest, new: Mapping[str, Any], values: Mapping[str, Any], law: Law, today: date
) -> Invalid | None:
    """The refusal where the capacity and the instruments meet: with the reason, and what covers the capacity."""
    field = next((name for name in ("instruments", "capacity") if name in new), "")
    instruments = new.get("instruments", request.instruments)
    if not field or not instruments or not new.get("capacity", request.capacity):
        return None
    merged = HearingRequest(**request.model_dump())
    for name, value in values.items():
        setattr(merged, name, value)
    ask = legal_bases.ask_about(merged, on=today, law=law)
    verdicts = legal_bases.evaluate(ask, instruments, law=law).verdicts
    if not verdicts or any(_covers(verdict) for verdict in verdicts):
        return None
    every = legal_bases.evaluate(ask, legal_bases.selectable(today, law=law), law=law).verdicts
    others = [verdict.provision for verdict in every if _covers(verdict) and not _unbound(verdict)]
    text = next(line.text for line in verdicts[0].lines if line.key == "person" and line.status is LineStatus.missing)
    if not others:
        return Invalid(
            tell("{reason}. No other instrument between the two States covers this capacity", reason=text), field
        )
    return Invalid(
        tell(
            "{reason}. What covers this capacity between the two States: {others}",
            reason=text,
            others=Series.of(others),
        ),
        field,
    )
