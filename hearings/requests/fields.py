"""The fields of a request a person may fill in, and how each is read: a table, and what is not in it is refused.

The letters are those of UNTOC art. 18(15) and UNCAC art. 46(15); the rest is what ETS 182 art. 9(3)
and practice ask for.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from hearings import clocks, reference
from hearings.errors import Invalid
from hearings.languages import language
from hearings.law import legal_bases
from hearings.law.law import LAW, Law
from hearings.models import HearingRequest
from hearings.models.request import (
    Capacity,
    Channel,
    InterpretingMode,
    OathForm,
    OffenceScope,
    Procedure,
    Protection,
    ReasonNoAttendance,
    Side,
    Stage,
)
from hearings.requests.rules import rules
from hearings.sentences import tell, tell_n
from hearings.texts import clean

Reader = Callable[[str, Any], Any]
MINUTES = range(5, 721)
"""How long a proposed slot lasts."""


def _text(name: str, value: Any, *, most: int, lines: bool) -> str:
    if not isinstance(value, str):
        raise TypeError(name)
    return clean(value, name, most=most, lines=lines)


def _line(most: int) -> Reader:
    return partial(_text, most=most, lines=False)


def _lines(most: int) -> Reader:
    return partial(_text, most=most, lines=True)


def _answer(name: str, value: Any) -> bool | None:
    if value not in (True, False, None) or not isinstance(value, bool | None):
        raise ValueError(name)
    return value


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(name)
    return value


def _choice(name: str, value: Any, *, of: type[StrEnum], default: StrEnum | None = None) -> StrEnum | None:
    return of(value) if value else default


def _one(of: type[StrEnum], default: StrEnum | None = None) -> Reader:
    return partial(_choice, of=of, default=default)


def _several(name: str, value: Any, *, of: type[StrEnum]) -> list[str]:
    if isinstance(value, str):
        raise TypeError(name)
    return sorted({of(one).value for one in value})


def _some(of: type[StrEnum]) -> Reader:
    return partial(_several, of=of)


def _tag(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(name)
    return language(value) if value else ""


def _tags(name: str, value: Any) -> list[str]:
    if isinstance(value, str):
        raise TypeError(name)
    found = list(dict.fromkeys(language(one) for one in value if one))
    if len(found) > 6:
        raise ValueError(name)
    return found


def _instruments(name: str, value: Any, law: Law = LAW) -> list[str]:
    if isinstance(value, str):
        raise TypeError(name)
    chosen = set(value)
    known = legal_bases.selectable(law=law)
    if not chosen <= set(known):
        raise ValueError(name)
    return [instrument for instrument in known if instrument in chosen]


def _day(name: str, value: Any) -> date | None:
    if value in ("", None):
        return None
    found = value if type(value) is date else date.fromisoformat(value)
    if not 1900 <= found.year <= 2100:
        raise ValueError(name)
    return found


def _number(name: str, value: Any, *, of: range) -> int | None:
    if value in ("", None):
        return None
    if isinstance(value, bool) or (isinstance(value, str) and not value.isascii()):
        raise TypeError(name)
    found = int(value)
    if found not in of:
        raise ValueError(name)
    return found


def _instant(name: str, value: Any) -> datetime | None:
    if value in ("", None):
        return None
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if found.tzinfo is None or not 1900 < found.year < 2100:
        raise ValueError(name)
    return found.astimezone(UTC)


def _state(name: str, value: Any) -> str:
    if not isinstance(value, str) or not (value == "" or (len(value) == 2 and value.isascii() and value.isupper())):
        raise ValueError(name)
    return value


def _slots(name: str, value: Any) -> list[dict[str, Any]]:
    """Proposed times: none, or three to ten of them. Each is `wall` and `zone`, and `fold` where the clocks show it
    twice; where they do not, it is not kept.

    `at` and `until` follow from these and are made anew.

    Raises what `hearings.clocks` raises for a time that does not exist or exists twice.
    """
    if isinstance(value, str):
        raise TypeError(name)
    least, most = rules()["slots"]["least"], rules()["slots"]["most"]
    found: dict[datetime, dict[str, Any]] = {}
    for one in value:
        if set(one) - {"at", "until", "wall", "zone", "fold", "minutes"}:
            raise ValueError(name)
        wall = datetime.fromisoformat(one["wall"]).replace(microsecond=0)
        if not 2000 < wall.year < 2100:
            raise ValueError(name)
        minutes = int(one.get("minutes", 60))
        if minutes not in MINUTES:
            raise ValueError(name)
        at = clocks.to_utc(wall, one["zone"], one.get("fold"))
        twice = clocks.to_utc(wall, one["zone"], 0) != clocks.to_utc(wall, one["zone"], 1)
        found[at] = {
            "at": at.isoformat(),
            "until": (at + timedelta(minutes=minutes)).isoformat(),
            "minutes": minutes,
            "wall": wall.isoformat(timespec="seconds" if wall.second else "minutes"),
            "zone": one["zone"],
        } | ({"fold": one["fold"]} if twice else {})
    if found and not least <= len(found) <= most:
        raise Invalid(
            tell_n(
                "Propose at least {n} time, and at most {most}, or none",
                "Propose at least {n} different times, and at most {most}, or none",
                least,
                most=most,
            ),
            name,
        )
    return [found[at] for at in sorted(found)]


FIELDS: Mapping[str, Reader] = {
    # (a) who asks, and who is asked
    "requesting_authority": _line(300),
    "requested_authority": _line(300),
    "authority_contact": _line(200),
    "authority_mailbox": _line(254),
    "authority_phone": _line(40),
    "case_number": _line(100),
    # (b) the matter, and who conducts it
    "procedure": _one(Procedure, Procedure.criminal_proceedings),
    "stage": _one(Stage),
    "proceeding_nature": _line(300),
    "proceeding_subject": _lines(4000),
    "conducting_authority": _line(300),
    "conducting_functions": _line(300),
    "judicial_authority": _line(300),
    "persons_conducting": _lines(1000),
    # (c) the facts
    "offence_summary": _lines(4000),
    "offences": _lines(2000),
    "penalty_max": _line(300),
    "penalty_years": partial(_number, of=range(100)),
    "convention_link": _lines(2000),
    "offence_scope": _some(OffenceScope),
    "offence_serious": _answer,
    "offence_transnational": _answer,
    "offence_organised": _answer,
    "grave_offence_or_jury": _answer,
    # (d) the assistance
    "special_procedure": _lines(4000),
    "reason_no_attendance": _one(ReasonNoAttendance),
    "reason_text": _lines(4000),
    "recording_asked": _answer,
    "recording_by": _one(Side),
    "recording_format": _line(300),
    "interpreter_languages": _tags,
    "interpreter_side": _one(Side),
    "interpreter_mode": _one(InterpretingMode),
    "oath_form": _one(OathForm),
    "oath_text": _lines(2000),
    "rights_notice_requesting": _lines(4000),
    "rights_notice_requested": _lines(4000),
    "question_list": _lines(8000),
    "exhibits": _lines(4000),
    "protection_requested": _some(Protection),
    "protection_reason": _lines(2000),
    "costs": _one(Side),
    "costs_note": _lines(2000),
    "proposed_slots": _slots,
    # (e) the person
    "person_name": _line(200),
    "capacity": _one(Capacity),
    "person_born": _day,
    "person_nationality": _state,
    "person_address": _line(500),
    "person_age_under_18": _answer,
    "custody_place": _line(300),
    "detained_since": _day,
    "custody_limit": _day,
    "language_of_person": _tag,
    # (f) the purpose
    "purpose": _lines(4000),
    "evidential_purpose": _answer,
    # the legal basis
    "instruments": _instruments,
    "prefer_convention": _flag,
    "lawyer_access": _answer,
    "domestic_law_confirmed": _answer,
    "authorities_agree": _answer,
    "domestic_basis": _lines(2000),
    "reciprocity": _lines(2000),
    "dual_criminality": _lines(2000),
    # the way it goes
    "language_of_court": _tag,
    "language_of_request": _tag,
    "channel": _one(Channel, Channel.central_authority),
    "urgent": _flag,
    "urgent_reason": _lines(2000),
    "both_agree_urgent_route": _answer,
    "oral": _flag,
    "oral_at": _instant,
    "wanted_by": _day,
    "wanted_by_reason": _lines(1000),
    "confidential": _flag,
    "confidentiality_note": _lines(2000),
    "use_limits": _lines(2000),
    "evidence_risk": partial(_number, of=range(4)),
    "evidence_risk_reason": _lines(1000),
}
"""Every field `draft` and `update` take, with its reader."""


def read(fields: Mapping[str, Any], *, law: Law = LAW) -> dict[str, Any]:
    """The fields, checked; `law` says which instruments there are. Raises `Invalid` naming the field."""
    unknown = sorted(str(name) for name in set(fields) - set(FIELDS))
    if unknown:
        raise Invalid(tell("Not a field of a request: {name}", name=unknown[0][:40]), unknown[0][:40])
    return {name: _read(name, value, law) for name, value in fields.items()}


def _read(name: str, value: Any, law: Law) -> Any:
    try:
        if name == "instruments":
            return _instruments(name, value, law)
        return FIELDS[name](name, value)
    except Invalid as error:
        if name == "proposed_slots":
            error.field = name
        raise
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise Invalid(tell("Not one of the values this field takes"), name) from error


def folded(name: str) -> str:
    """A name without differences of case, in every script; both databases compare it the same."""
    return name.casefold()[:400]


def fill(request: HearingRequest, fields: Mapping[str, Any], *, law: Law = LAW) -> list[str]:
    """Set the fields given and what follows from them; returns the names of those that changed."""
    values = read(fields, law=law)
    changed = [name for name, value in values.items() if getattr(request, name) != value]
    for name in changed:
        setattr(request, name, values[name])
    request.pseudonym = Protection.pseudonym.value in request.protection_requested
    request.person_folded = folded(request.person_name)
    request.case_folded = folded(request.case_number)[:300]
    if not request.oral:
        request.oral_at = request.written_due = request.written_confirmed_at = None
    elif request.oral_at is None:
        raise Invalid(tell("Say when the request was made by word of mouth"), "oral_at")
    else:
        hours = reference.defaults()["timers"]["oral_written_confirmation_hours"]
        request.written_due = request.oral_at + timedelta(hours=hours)
    if request.detained_since and request.custody_limit and request.custody_limit < request.detained_since:
        raise Invalid(tell("The custody cannot end before it began"), "custody_limit")
    return changed
