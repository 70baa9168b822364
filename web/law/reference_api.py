"""What the installation knows: States, instruments, what a legal basis needs, and the codes of refusals."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from hearings import reference
from hearings.errors import NotFound
from hearings.law import law, legal_bases, rows as law_rows
from hearings.law.law import Law
from web.api import problems
from web.api.access import Caller
from web.api.fields import Shown
from web.api.problems import ApiError
from web.api.routes import Resource
from web.law.facts import Inputs, sent

router = Resource("law")

InstrumentId = Annotated[str, Field(max_length=60)]


class ShownAcceptance(Shown):
    """Whether a State accepts something: yes, no, on conditions, or unknown; since when, and by which source."""

    what: str
    answer: str
    as_of: str
    source: str


class ShownState(Shown):
    """A State as the data have it. What nobody has verified says so in its confidence."""

    state: str
    name: str
    central_authority: str
    central_authority_confidence: str
    accepted_languages: list[str]
    conditional_languages: list[str]
    languages_confidence: str
    default_zone: str
    zones: list[str]
    acceptances: list[ShownAcceptance]


class StateList(Shown):
    """All States there are data for, by name."""

    items: list[ShownState]


class Instrument(Shown):
    """A treaty or act, in short."""

    id: str
    name: str
    status: str
    selectable: bool
    source: str
    confidence: str


class InstrumentList(Shown):
    """All instruments, the most specific first."""

    items: list[Instrument]


class ShownInstrument(Instrument):
    """A treaty or act with all that the data say of it; docs of the data tell the members of `data`."""

    data: dict[str, Any]


class Evaluation(Shown):
    """What each text needs and what was given. It does not say what is lawful: the authorities decide."""

    on: str
    law: int = Field(description="Number of the newest edit of the law it was made with; 0 for the data as shipped.")
    usable: list[str]
    first: str
    fallbacks: list[str]
    decision: str
    verdicts: list[dict[str, Any]]
    consents: list[dict[str, Any]]


class ProblemCode(Shown):
    """A stable code of a problem."""

    code: str
    status: int
    title: str


class CodeList(Shown):
    """Every code a problem may have."""

    items: list[ProblemCode]


@router.read("/states", scope="law:read")
async def list_states(caller: Caller) -> StateList:
    """The States there are data for: central authority, languages, zones."""
    rows = (await law.current(caller.db)).jurisdictions.values()
    shown = (ShownState(**{name: _plain(getattr(row, name)) for name in ShownState.model_fields}) for row in rows)
    return StateList(items=list(shown))


@router.read("/law/instruments", scope="law:read")
async def list_instruments(caller: Caller) -> InstrumentList:
    """The instruments the law data hold, those an administrator has added among them."""
    rows = (await law.current(caller.db)).instruments.values()
    return InstrumentList(items=[Instrument(**_instrument(row)) for row in rows])


@router.read("/law/instruments/{instrument}", scope="law:read", errors=(404,))
async def read_instrument(caller: Caller, instrument: InstrumentId) -> ShownInstrument:
    """One instrument with everything the data say of it, sources and confidences included."""
    row = (await law.current(caller.db)).instruments.get(instrument)
    if row is None:
        raise NotFound
    return ShownInstrument(**_instrument(row), data=plain_json(row))


@router.act("/legal-bases/evaluate", scope="law:read")
async def evaluate_legal_bases(caller: Caller, body: Inputs) -> Evaluation:
    """Ask every legal basis between two States what it needs, and compare that with what is given. Changes nothing.

    It takes every fact the page for checking legal bases takes, and no other (`unknown_field`), and only instruments
    that there are (`invalid_input`).
    """
    known, today = await law.current(caller.db), caller.now.date()
    if unknown := set(body.instruments or ()) - set(known.instruments):
        raise ApiError("invalid_input", f"Unknown instrument: {min(unknown)}", more={"field": "instruments"})
    return evaluation(legal_bases.evaluate(sent(body, today), body.instruments, law=known), known, today)


def evaluation(result: legal_bases.GateResult, known: Law, today: date) -> Evaluation:
    """A result as the API answers it, with what of the law's data is overdue for review today."""
    found = result.as_json()
    for verdict, shown in zip(result.verdicts, found["verdicts"], strict=True):
        for line, told in zip(verdict.lines, shown["lines"], strict=True):
            told["stale"] = law_rows.stale(known, line.row, today)
    return Evaluation(**{name: found[name] for name in Evaluation.model_fields})


@router.read("/problems", scope=None)
async def list_problems() -> CodeList:
    """Every code a problem may have, its status and what it means. Needs no token."""
    return CodeList(
        items=[ProblemCode(code=code, status=status, title=title) for code, (status, title) in problems.codes().items()]
    )


def _instrument(row: Any) -> dict[str, Any]:
    texts = {name: str(row.get(name) or "") for name in ("id", "name", "status", "source", "confidence")}
    return {**texts, "selectable": bool(row.get("selectable"))}


def _plain(value: Any) -> Any:
    if isinstance(value, reference.Acceptance):
        return ShownAcceptance(what=value.what, answer=value.answer, as_of=value.as_of, source=value.source)
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def plain_json(value: Any) -> Any:
    """Data of the files as JSON: dates become text."""
    if isinstance(value, dict):
        return {str(name): plain_json(one) for name, one in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [plain_json(one) for one in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
