"""The file of one request in words: its head, stages and tabs, which all pages of the request share; and what its
overview sums up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, reference
from hearings.law.handling.deadlines import set_by
from hearings.law.law import Law
from hearings.models import Hearing, HearingRequest, Person, RequestEvent, Signature, StatusChange
from hearings.models.request import Capacity
from hearings.overview import request_file
from hearings.overview.milestones import Milestone
from hearings.overview.request_file import RequestFile
from hearings.overview.worklist import OpenStep
from hearings.requests.document import receipt_form
from hearings.status import RequestStatus
from web.server import statements
from web.server.sign_in import may_on
from web.words import court_clocks, labels, statuses, tasks as task_words
from web.words.court_clocks import CourtClock
from web.words.i18n import N_, NP_, _, short_day

TITLES: Mapping[Capacity | None, str] = {
    Capacity.witness: N_("Witness hearing: {name}"),
    Capacity.expert: N_("Expert hearing: {name}"),
    Capacity.victim: N_("Hearing of a victim: {name}"),
    Capacity.suspect: N_("Hearing of a suspect: {name}"),
    Capacity.accused: N_("Hearing of the accused: {name}"),
    Capacity.convicted_person: N_("Hearing of a convicted person: {name}"),
    Capacity.affected_person: N_("Hearing of a person concerned: {name}"),
    None: N_("Hearing by video: {name}"),
}
MILESTONES: Mapping[Milestone, str] = {
    Milestone.draft: NP_("request", "Draft"),
    Milestone.sent: NP_("request", "Sent"),
    Milestone.received: NP_("request", "Received"),
    Milestone.under_review: N_("Under review"),
    Milestone.accepted: NP_("request", "Accepted"),
    Milestone.time_agreed: N_("Time agreed"),
    Milestone.hearing: N_("Hearing"),
    Milestone.minutes: N_("Minutes"),
    Milestone.closed: NP_("request", "Closed"),
    Milestone.refused: NP_("request", "Refused"),
    Milestone.withdrawn: NP_("request", "Withdrawn"),
}
ACTS: Mapping[str, str] = {
    "submit": "submit",
    "answer_question": "answer",
    "acknowledge": "acknowledge",
    "review": "again",
    "confirm_in_writing": "confirm",
    "close": "close",
}
"""The acts (`web.requests.acts`) by which steps of a request are taken on its page."""
SOON = 3
"""Days before a deadline from which on a task is marked as due soon."""


@dataclass(frozen=True, kw_only=True)
class FileTask:
    """An open step of the file. `act`: name of the act by which it is taken here; empty where `href` leads there.

    `own`: it is the reader's State that takes it; `mine`: the reader may. `tick`: its mark (components.html).
    """

    word: str
    text: str
    button: str
    href: str
    act: str
    state: str
    own: bool
    mine: bool
    due: datetime | None
    tick: str
    hearing: Hearing | None


async def head(db: AsyncSession, row: HearingRequest, person: Person) -> dict[str, Any]:
    """What the head of every page of a request needs, as `file`, and the clocks as `places`."""
    now = datetime.now(UTC)
    file = await request_file.gather(db, row, own=person.owner_state, now=now)
    places = court_clocks.of_states(row.requesting_state, row.requested_state)
    places = court_clocks.own_first(places, person.owner_state)
    return {
        "row": row,
        "places": places,
        "file": {
            "title": title(row),
            "stages": [_stage(stage, places[0].zone) for stage in file.stages],
            "counts": file.counts,
            "history": len(file.history),
            "may_export": may_on("export_case", person, row),
            "receipt": receipt_form(row),
            "may_edit": row.status is RequestStatus.draft and may_on("draft_request", person, row),
            "own": person.owner_state,
            "tasks": list(_tasks(file, person, now)),
            "hearings": file.hearings,
            "endings": _endings(file),
        },
    }


def _endings(file: RequestFile) -> list[StatusChange]:
    """How the request and its latest hearing came to their ends, if they have."""
    found = (statuses.ending(file.history, "hearing_request"), statuses.ending(file.hearing_history, "hearing"))
    return [change for change in found if change is not None]


def title(row: HearingRequest) -> str:
    """What the request is about: who is to be heard, and in what capacity; a protected name is not in it."""
    if row.pseudonym:
        return _("Hearing of a person whose name is protected")
    if not row.person_name:
        return _("Request {reference}").format(reference=row.reference)
    return _(TITLES[row.capacity]).format(name=row.person_name)


def _stage(stage: Any, zone: str) -> tuple[str, str, str]:
    return _(MILESTONES[stage.name]), short_day(stage.at, zone) if stage.at else "", stage.state.value


def _tasks(file: RequestFile, person: Person, now: datetime) -> Iterator[FileTask]:
    for step in file.steps:
        word, subject = step.step.word, step.subject
        own = step.state == person.owner_state
        href = task_words.address(word, subject)
        yield FileTask(
            word=word,
            text=labels.word("step", word),
            button=_("Set a time for the hearing") if word == "set_time" else _(task_words.BUTTONS[word]),
            href=f"{href}/schedule" if word == "set_time" else href,
            act=ACTS.get(word, "") if isinstance(subject, HearingRequest) else "",
            state=step.state,
            own=own,
            mine=own and may_on(step.step.right, person, subject),
            due=step.due,
            tick=_tick(step, now),
            hearing=subject if isinstance(subject, Hearing) else None,
        )


def _tick(step: OpenStep, now: datetime) -> str:
    if step.due is None:
        return "to_do"
    return "late" if step.due < now else "warn" if (step.due - now).days < SOON else "to_do"


# --- what the overview sums up ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deadline:
    """A deadline of the request, with a name in words. `kind`: `late`, `soon` or empty."""

    text: str
    at: datetime
    kind: str
    icon: str = "clock"
    provision: str = ""
    """What set it, where an instrument relied on did."""


DEADLINES: Mapping[str, str] = {
    "receipt_due": N_("Acknowledgement of receipt due"),
    "execution_due": N_("Execution due"),
    "answer_due": N_("Answer due"),
    "info_due": N_("Answer to the question due"),
    "written_due": N_("Confirmation in writing due"),
    "review_due": N_("Review due"),
}


def deadlines(row: HearingRequest, hearings: Sequence[Hearing], now: datetime, law: Law) -> list[Deadline]:
    """The deadlines of a request and its hearings to come, the earliest first; days as their end in the own zone."""
    zone = reference.jurisdiction(row.requesting_state).default_zone
    open_ = row.status not in (RequestStatus.refused, RequestStatus.withdrawn, RequestStatus.closed)
    limits = set_by(row, law=law)
    ended = ENDED.get(row.status, frozenset[str]())
    found = [
        Deadline(_(text), at, _kind(at, now), provision=limits.get(name, ""))
        for name, text in DEADLINES.items()
        if (at := getattr(row, name)) and name not in ended
    ]
    days = [(row.wanted_by, _("Reply requested by")), (row.custody_limit, _("Custody ends on"))] if open_ else []
    dated = [(text, clocks.end_of_day(day, zone)) for day, text in days if day]
    dated += [(_("Hearing"), hearing.starts_at) for hearing in hearings if hearing.starts_at > now]
    found += [Deadline(text, at, _kind(at, now), "calendar") for text, at in dated]
    return sorted(found, key=lambda one: one.at)


ENDED: Mapping[RequestStatus, frozenset[str]] = dict.fromkeys(
    (RequestStatus.executed, RequestStatus.closed), frozenset({"execution_due"})
)
"""Deadlines that a status has met."""


def _kind(at: datetime, now: datetime) -> str:
    return "late" if at < now else "soon" if (at - now).days < SOON else ""


@dataclass(frozen=True)
class HistoryLine:
    """One line of the history of a request. `kind`: a filter of the page (`KINDS`)."""

    kind: str
    at: datetime
    what: str
    by: str
    reason: str
    more: str = ""
    late: bool = False


KINDS: Mapping[str, str] = {
    "": N_("All"),
    "status": N_("Status"),
    "acts": N_("Other acts"),
    "signatures": N_("Signed statements"),
}


def history_lines(
    changes: Sequence[StatusChange], log: Sequence[RequestEvent], signed: Sequence[Signature]
) -> list[HistoryLine]:
    """Everything that has happened to a request, newest first."""
    lines = [
        HistoryLine(
            "status",
            change.at,
            statuses.historic(change.subject, change.after),
            change.actor_label,
            statuses.because(change.reason),
        )
        for change in reversed(changes)
    ]
    lines += [
        HistoryLine(
            "acts",
            event.at,
            labels.word("act", event.act.value),
            event.actor_label,
            event.reason,
            _more(event.data),
            bool(event.data.get("late")),
        )
        for event in log
    ]
    lines += [
        HistoryLine(
            "signatures",
            line.signed_at,
            _(statements.ACTS[line.act]),
            line.owner_state,
            "",
            f"SHA-256 {line.payload_sha256}",
        )
        for line in signed
    ]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _more(data: Mapping[str, Any]) -> str:
    if "after" in data:
        return _("from {before} to {after}").format(before=data["before"], after=data["after"])
    return str(data.get("to", ""))


def verdict_in_brief(gate: Mapping[str, Any], chosen: Sequence[str]) -> Mapping[str, Any] | None:
    """The verdict that the overview shows, of the instruments relied on: of the one that takes precedence, else of the
    first."""
    verdicts = [verdict for verdict in gate["verdicts"] if verdict["instrument"] in chosen]
    first = [verdict for verdict in verdicts if verdict["instrument"] == gate.get("first")]
    return next(iter(first or verdicts), None)


def clocks_of(hearing: Hearing, own: str) -> list[CourtClock]:
    """Both courts of a hearing, the reader's own first."""
    return court_clocks.own_first(court_clocks.of_hearing(hearing), own)
