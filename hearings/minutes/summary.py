"""The summary at the head of the minutes, and the annex at their end: who entered each act, and every hash."""

from collections.abc import Callable, Iterator, Mapping

from hearings.events import EventKind as K
from hearings.languages import state_name
from hearings.minutes import acts as minutes_acts, spans
from hearings.minutes.facts import DraftContext, Passage, PassageLine, lasted, line, passage
from hearings.minutes.spans import Span
from hearings.roles import HEARD, LABELS
from hearings.sentences import N_, Sentence, WrittenDay, tell, tell_n
from hearings.sitting.recorded_acts import in_force


def summary(draft: DraftContext) -> Iterator[Passage]:
    """What a reader has to know first: who heard whom, when, for how long, what came up, and where it is recorded."""
    yield passage("summary.all", *_heard(draft), *_lasted(draft), *_came_up(draft), *_recorded(draft))


def _heard(draft: DraftContext) -> Iterator[PassageLine]:
    hearing, request = draft.facts.hearing, draft.facts.request
    yield line(
        N_("{day}: hearing by videoconference for {asking} ({asks}), with {asked_authority} ({asked})."),
        "row:hearing.starts_at",
        "row:hearing_request.requesting_authority",
        day=WrittenDay.of(draft.day),
        asking=draft.quoted(request.requesting_authority) or tell("the requesting court"),
        asks=state_name(hearing.requesting_state),
        asked_authority=draft.quoted(request.requested_authority) or tell("the requested authority"),
        asked=state_name(hearing.requested_state),
    )
    for person in draft.facts.participants:
        if person.role in HEARD:
            yield line(
                N_("Heard: {name}, {role}, in {state}."),
                f"row:participant.{person.role}_{person.number}",
                name=draft.names[person.id],
                role=tell(LABELS[person.role]),
                state=state_name(person.state),
            )


def _lasted(draft: DraftContext) -> Iterator[PassageLine]:
    for number, sitting in enumerate(draft.facts.sittings, 1):
        if sitting.started_at and sitting.closed_at:
            yield line(
                N_("Sitting {number}: in session {time} ({length})."),
                f"row:sitting.{number}",
                number=number,
                time=draft.when(sitting.started_at, sitting.closed_at),
                length=lasted((sitting.closed_at - sitting.started_at).total_seconds()),
            )
    stops = [span for span in spans.closed(draft.facts.events) if span.ended]
    if stops:
        total = lasted(sum(span.seconds for span in stops))
        said = tell_n("{n} break or interruption, {length}.", "{n} breaks or interruptions, {length} in all.",
                      len(stops), length=total)  # fmt: skip
        yield PassageLine(says=said, sources=tuple(source for span in stops for source in _entries(span)))


def _entries(span: Span) -> tuple[str, ...]:
    return tuple(f"event:{event.seq}" for event in (span.begun, span.ended) if event)


def _came_up(draft: DraftContext) -> Iterator[PassageLine]:
    for says, kinds in COUNTED:
        entries = minutes_acts.recorded(draft, *kinds)
        if entries:
            sources = tuple(f"event:{entry.first.seq}" for entry in entries)
            yield PassageLine(says=says(len(entries)), sources=sources)


COUNTED: tuple[tuple[Callable[[int], Sentence], tuple[K, ...]], ...] = (
    (lambda n: tell_n("{n} exhibit was shown.", "{n} exhibits were shown.", n), (K.exhibit_shown,)),
    (
        lambda n: tell_n(
            "{n} objection or claim of privilege was raised.",
            "{n} objections or claims of privilege were raised.",
            n,
        ),
        (K.objection, K.privilege_claim),
    ),
    (lambda n: tell_n("{n} ruling was given.", "{n} rulings were given.", n), (K.ruling,)),
)
"""What is counted in the summary."""


def _recorded(draft: DraftContext) -> Iterator[PassageLine]:
    opened = draft.recorded
    if not opened:
        yield line(N_("The hearing was not recorded."), "row:recording.status")
        return
    without = list(_not_recorded(draft))
    message = RECORDED["in part" if without else "whole"]
    yield line(message, "row:recording.opened_at")
    yield from without
    if len(opened) == 1:
        yield line(N_("A time in square brackets is a time code of the recording."), "row:recording.id")
    else:
        yield line(
            N_("A time in square brackets is a time code of the recording of the sitting whose number stands before."),
            "row:recording.id",
        )


RECORDED: Mapping[str, str] = {
    "whole": N_("The hearing was recorded in sound and picture; questions and answers are in the recording."),
    "in part": N_("The hearing was recorded in sound and picture, except for what follows:"),
}
"""Of a hearing of which there is a recording: whether of all of it."""


def _not_recorded(draft: DraftContext) -> Iterator[PassageLine]:
    """The sittings without a recording, and the times in which two persons had decided to go on without."""
    kept = {row.sitting_id for row in draft.recorded}
    for number, sitting in enumerate(draft.facts.sittings, 1):
        if sitting.id not in kept:
            yield line(N_("    Sitting {number} was not recorded."), "row:recording.status", number=number)
    for span in spans.unrecorded(draft.facts.events):
        two = [draft.names.get(str(span.begun.data.get(name)), "–") for name in ("by", "confirmed_by")]
        end = span.ended or draft.facts.events[-1]
        yield line(
            N_("    {time} ({length}): not recorded, as {by} and {confirmed} had decided."),
            *_entries(span),
            time=draft.when(span.begun.at, end.at),
            length=lasted((end.at - span.begun.at).total_seconds()),
            by=two[0],
            confirmed=two[1],
        )


def annex(draft: DraftContext) -> Iterator[Passage]:
    """Who entered each recorded act, at which time code of which recording; the hash of each exhibit and card."""
    filed = [
        line(
            N_("In the file: {name}, SHA-256 {hash}."),
            exhibit.source,
            name=draft.quoted(exhibit.name),
            hash=exhibit.sha256,
        )
        for exhibit in draft.facts.exhibits
    ]
    if filed:
        yield passage("annex.exhibits", *filed)
    entries = [told for entry in in_force(draft.facts.events) for told in minutes_acts.entered(draft, entry)]
    if entries:
        yield passage("annex.entries", *entries)
    heads = [
        line(
            N_("Recording {id}: head {size}:{root} (size and root)."),
            "row:recording.root",
            id=row.id,
            size=row.size,
            root=row.root,
        )
        for row in draft.facts.recordings.values()
        if row.root
    ]
    if draft.facts.events:
        heads.append(_stretch(draft))
    yield passage("annex.numbers", *(heads or [line(N_("No entry in the log."), "row:hearing_event")]))


def _stretch(draft: DraftContext) -> PassageLine:
    seqs = [event.seq for event in draft.facts.events]
    message = N_("Drafted from entries {first} to {last} of the log of the hearing.")
    return line(message, f"event:{min(seqs)}-{max(seqs)}", first=str(min(seqs)), last=str(max(seqs)))
