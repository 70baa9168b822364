"""What the minutes say of recorded acts: when and by whom, by both clocks and the time code of the recording.

A corrected entry is written once, with its newest words, at the time of the first; a withdrawn one is left out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hearings.events import EventKind
from hearings.languages import language_name, same, state_name
from hearings.minutes.facts import DraftContext, PassageLine, line, open_line
from hearings.models import HearingEvent, Participant
from hearings.roles import LABELS, Role
from hearings.sentences import N_, Sentence, Series, WrittenDay, tell
from hearings.sitting.cards import CARDS
from hearings.sitting.recorded_acts import GROUNDS, PRIVILEGES, RecordedAct, in_force

K = EventKind
SAID: Mapping[tuple[str, str], str] = {
    (K.log_note, ""): N_("{time}: {who} noted: “{text}”"),
    (K.remark, ""): N_("{time}: {who} ({function}) remarked: “{text}”"),
    (K.rights_notice, ""): N_("{time}: {by} informed {person} of the rights under the law of {law}, in {language}."),
    (K.counsel_waived, ""): N_(
        "{time}: {person} waived counsel under the law of {law}, in {language}, and {by} accepted it: “{text}”"
    ),
    (K.oath, "oath taken"): N_(
        "{time}: {by} administered the oath to {person} under the law of {law}, in {language}. The oath was taken."
    ),
    (K.oath, "oath refused"): N_(
        "{time}: {by} administered the oath to {person} under the law of {law}, in {language}. The oath was refused."
    ),
    (K.oath, "oath not_required"): N_("{time}: {by} found that the law of {law} requires no oath of {person}."),
    (K.oath, "affirmation taken"): N_(
        "{time}: {by} administered the affirmation to {person} under the law of {law}, in {language}. "
        "The affirmation was made."
    ),
    (K.oath, "affirmation refused"): N_(
        "{time}: {by} administered the affirmation to {person} under the law of {law}, in {language}. "
        "The affirmation was refused."
    ),
    (K.oath, "affirmation not_required"): N_(
        "{time}: {by} found that the law of {law} requires no affirmation of {person}."
    ),
    (K.oath, "caution taken"): N_(
        "{time}: {by} cautioned {person} under the law of {law}, in {language}. The caution was acknowledged."
    ),
    (K.oath, "caution refused"): N_(
        "{time}: {by} cautioned {person} under the law of {law}, in {language}. The caution was not acknowledged."
    ),
    (K.oath, "caution not_required"): N_("{time}: {by} found that the law of {law} requires no caution of {person}."),
    (K.interpreting, "consecutive"): N_("{time}: from then on {person} interpreted consecutively."),
    (K.interpreting, "simultaneous"): N_("{time}: from then on {person} interpreted simultaneously."),
    (K.interpreting, "break_begun"): N_("{time}: a break in the interpreting by {person} began."),
    (K.interpreting, "break_ended"): N_("{time}: a break in the interpreting by {person} ended."),
    (K.interpreting, "handed_over"): N_("{time}: {person} took over the interpreting."),
    (K.interpreting, "quality_good"): N_("{time}: the quality of the interpreting by {person} was found good."),
    (K.interpreting, "quality_poor"): N_("{time}: the quality of the interpreting by {person} was found poor."),
    (K.objection, ""): N_("{time}: {person} objected: “{text}”"),
    (K.objection_withdrawn, ""): N_("{time}: {by} withdrew the objection or claim raised at {raised}."),
    (K.privilege_claim, ""): N_("{time}: {person} claimed a privilege under the law of {law}: “{text}”"),
    (K.ruling, "upheld"): N_("{time}: {by} upheld the objection or claim raised at {raised}, under the law of {law}."),
    (K.ruling, "upheld_in_part"): N_(
        "{time}: {by} upheld in part the objection or claim raised at {raised}, under the law of {law}."
    ),
    (K.ruling, "rejected"): N_(
        "{time}: {by} rejected the objection or claim raised at {raised}, under the law of {law}."
    ),
    (K.ruling, "reserved"): N_(
        "{time}: {by} reserved the ruling on the objection or claim raised at {raised}, under the law of {law}."
    ),
    (K.exhibit_shown, ""): N_("{time}: {by} showed {person} the exhibit {exhibit}."),
    (K.counsel_asked, ""): N_("{time}: {person} asked to speak to counsel."),
    (K.card_adopted, ""): N_("{time}: {who} took over a draft text for a card, under the law of {law}."),
    (K.card_read, ""): N_("{time}: {by} read a card to {person}, under the law of {law}, in {language}."),
    (K.card_rendered, ""): N_("{time}: {interpreter} interpreted the card for {person} into {language}."),
    (K.card_answered, "yes"): N_("{time}: {person} answered the card with yes."),
    (K.card_answered, "no"): N_("{time}: {person} answered the card with no."),
    (K.card_answered, "other"): N_("{time}: {person} answered the card: “{text}”"),
    (K.intervention, ""): N_("{time}: {who} intervened under the law of {law}: “{text}”"),
}
"""The sentence of each kind of act; for some kinds, of each outcome."""
WORDLESS: Mapping[str, str] = {
    K.objection: N_("{time}: {person} objected."),
    K.privilege_claim: N_("{time}: {person} claimed a privilege under the law of {law}."),
}
"""The sentence of an act that has a ground and no text."""
WORDED = frozenset(kind for (kind, _what), message in SAID.items() if "{text}" in message)
"""Kinds whose sentence contains the text; the text of other kinds follows in a line of its own."""


def recorded(draft: DraftContext, *kinds: EventKind) -> list[RecordedAct]:
    """The recorded acts of these kinds in force, in the order of the log."""
    return [act for act in in_force(draft.facts.events) if act.event.kind in kinds]


def of(entries: list[RecordedAct], participant: Participant) -> list[RecordedAct]:
    """The entries about one participant."""
    return [entry for entry in entries if entry.event.data.get("participant") == participant.id]


def said(draft: DraftContext, entry: RecordedAct) -> Iterator[PassageLine]:
    """The lines of one entry, with its time code in the recording and its author."""
    event, data = entry.event, entry.event.data
    sources = tuple(f"event:{logged.seq}" for logged in entry.events)
    wordless = WORDLESS.get(event.kind) if not data.get("text") else None
    yield in_recording(
        draft, entry, line(wordless or SAID[event.kind, _outcome(event)], *sources, **_values(draft, entry))
    )
    if data.get("ground"):
        yield line(N_("    Ground: {ground}."), *sources, ground=tell({**GROUNDS, **PRIVILEGES}[data["ground"]]))
    yield from _card(event, sources)
    if event.kind == K.objection and data.get("law"):
        yield line(N_("    Under the law of {law}."), *sources, law=state_name(data["law"]))
    if data.get("text") and event.kind not in WORDED:
        yield line(N_("    Wording, or where it is found: “{text}”"), *sources, text=draft.quoted(str(data["text"])))
    if entry.first.data.get("timecode_ms") is None:
        yield line(N_("    No recording was running."), *sources)
        if event.kind in (K.objection, K.privilege_claim):
            yield line(N_("    Entry {number} in the log."), *sources, number=str(entry.first.seq))


def in_recording(draft: DraftContext, entry: RecordedAct, told: PassageLine) -> PassageLine:
    """The line with the time code of its act in the recording, in brackets; before it, where there are several
    recordings, the number of the sitting.
    """
    code = _code(draft, entry.first)
    return replace(told, says=Series.of((told.says, code), "space")) if code else told


def _code(draft: DraftContext, event: HearingEvent) -> str:
    """Where an entry is in the recording, in brackets; empty if none was running."""
    code = event.data.get("timecode_ms")
    if code is None:
        return ""
    number = draft.sitting_of(str(event.data.get("recording", "")))
    return f"[{clock(code)}]" if len(draft.recorded) < 2 else f"[{number}/{clock(code)}]"


def _raised(draft: DraftContext, on: object) -> Series:
    """When an objection or claim was raised, and what tells it from others of the same minute: its time code; without
    one, or where it is not in these minutes, its number in the log.
    """
    acts = (act.first for act in in_force(draft.facts.events) if on in {event.seq for event in act.events})
    raised = next(acts, None) or next((event for event in draft.facts.events if event.seq == on), None)
    if raised is None:
        return Series.of(("–", tell(ENTRY, number=str(on))), "space")
    return Series.of((draft.when(raised.at), _code(draft, raised) or tell(ENTRY, number=str(raised.seq))), "space")


ENTRY = N_("(entry {number} in the log)")


def _outcome(event: HearingEvent) -> str:
    """What tells the sentences of a kind apart; of an oath, affirmation or caution which of them, and the outcome."""
    data = event.data
    if event.kind == K.oath:
        return f"{data['form']} {data['outcome']}"
    return str(data.get("what") or data.get("ruling") or data.get("answer") or "")


def _card(event: HearingEvent, sources: tuple[str, ...], *, hashes: bool = False) -> Iterator[PassageLine]:
    """The script card of an entry: its version, and what was read in each language; with its hash for the annex."""
    card = event.data.get("card")
    if not card:
        return
    name = CARDS[card["id"]]
    title = tell(name)
    if not card["texts"]:
        yield line(N_("    Card: {card}. It was not read out."), *sources, card=title)
    for text in card["texts"]:
        message = (CARD_TEXTS if hashes else CARDS_READ)["approved" if text["approved"] else "draft"]
        values = {"card": title, "version": card["version"], "language": language_name(text["language"])}
        approval = (
            {"authority": text["approved_by"], "day": WrittenDay.of(date.fromisoformat(text["approved_on"]))}
            if text["approved"]
            else {}
        )
        yield line(message, *sources, hash=text["sha256"], **values, **approval)
        if not hashes and not same(text["language"], text["wanted"]):
            yield line(NO_TRANSLATION, *sources, language=language_name(text["wanted"]))


CARD_TEXTS: Mapping[str, str] = {
    "approved": N_(
        "    Card: {card}, version {version}, in {language}, approved by {authority} on {day}, SHA-256 {hash}."
    ),
    "draft": N_(
        "    Card: {card}, version {version}, in {language}, a draft that no State has approved, SHA-256 {hash}."
    ),
}
CARDS_READ: Mapping[str, str] = {
    "approved": N_("    Card: {card}, version {version}, in {language}, approved by {authority} on {day}."),
    "draft": N_("    Card: {card}, version {version}, in {language}, a draft that no State has approved."),
}
NO_TRANSLATION = N_("    There was no text of this card in {language}.")


def _values(draft: DraftContext, entry: RecordedAct) -> dict[str, Any]:
    data = entry.event.data
    exhibit = data.get("exhibit") or {}
    return {
        "time": draft.when(entry.first.at),
        "who": draft.who(entry.first),
        "function": tell(LABELS[Role(entry.first.actor_role)]) if entry.first.actor_role else "–",
        "person": draft.about(entry.event) if "participant" in data else tell("everybody in the room"),
        "interpreter": draft.names.get(str(data.get("interpreter", "")), "–"),
        "by": draft.names.get(str(data.get("by", "")), "–"),
        "law": state_name(str(data.get("law", "–"))),
        "language": language_name(str(data.get("language", "–"))),
        "raised": _raised(draft, data["on"]) if "on" in data else "–",
        "exhibit": draft.quoted(str(exhibit.get("name", "–"))),
        "text": draft.quoted(str(data.get("text", ""))),
    }


def entered(draft: DraftContext, entry: RecordedAct) -> Iterator[PassageLine]:
    """For the annex: who entered an act, at which number of the log, where it is in the recording; the hash of what
    was shown or read; and who corrected it.
    """
    event, source, code = entry.first, f"event:{entry.first.seq}", entry.first.data.get("timecode_ms")
    values = {"number": str(event.seq), "time": draft.when(event.at), "who": draft.who(event)}
    if code is None:
        yield line(N_("Entry {number}, {time}: entered by {who}. No recording was running."), source, **values)
    else:
        message = N_("Entry {number}, {time}: entered by {who}. Recording {id}, time code {code}.")
        yield line(message, source, id=event.data["recording"], code=clock(code), **values)
    for later in entry.events[1:]:
        values = {"number": str(later.seq), "time": draft.when(later.at), "who": draft.who(later)}
        yield line(N_("    Entered in correction, {time}, by {who}."), f"event:{later.seq}", **values)
    if exhibit := entry.event.data.get("exhibit"):
        values = {"name": draft.quoted(str(exhibit["name"])), "hash": str(exhibit["sha256"])}
        yield line(N_("    Exhibit {name}, SHA-256 {hash}."), f"event:{entry.event.seq}", **values)
    yield from _card(entry.event, (f"event:{entry.event.seq}",), hashes=True)


def clock(milliseconds: int) -> str:
    """A time code in hours, minutes and seconds: `0:42:17`."""
    return str(timedelta(seconds=milliseconds // 1000))


# --- sections ----------------------------------------------------------------------------------------------------


def lines(draft: DraftContext, entries: list[RecordedAct]) -> list[PassageLine]:
    """The lines of several entries."""
    return [written for entry in entries for written in said(draft, entry)]


def each(
    draft: DraftContext,
    entries: list[RecordedAct],
    people: list[Participant],
    *,
    who: str,
    nothing: Sentence,
    missing: str,
) -> Iterator[PassageLine]:
    """The lines of the entries, and open lines: `nothing` without any entry, `missing` for each person without one."""
    yield from lines(draft, entries)
    if not entries:
        yield open_line(who, nothing)
        return
    for person in people:
        if not of(entries, person):
            yield open_line(who, tell(missing, name=draft.names[person.id]))


def interpreter(draft: DraftContext, participant: Participant) -> Iterator[PassageLine]:
    """Oath, mode, breaks and quality of one interpreter; an open line for each of these that was not recorded."""
    entries = of(recorded(draft, K.oath, K.interpreting), participant)
    yield from lines(draft, entries)
    if not entries:
        yield open_line("clerk", tell("Oath, mode, breaks and quality of the interpreting"))
        return
    kinds = {str(entry.event.data.get("what") or entry.event.kind) for entry in entries}
    for kinds_of_entries, what in (
        ({K.oath.value}, CARDS["oath_interpreter"]),
        ({"consecutive", "simultaneous"}, N_("Mode of the interpreting")),
        ({"break_begun", "handed_over"}, N_("Breaks of the interpreting")),
        ({"quality_good", "quality_poor"}, N_("Quality of the interpreting")),
    ):
        if not kinds & kinds_of_entries:
            yield open_line("clerk", tell(what))


def objections(draft: DraftContext) -> Iterator[PassageLine]:
    """Objections, claims of privilege, withdrawals of them and rulings, in the order of the log; an open line for each
    that is neither decided nor withdrawn."""
    entries = recorded(draft, K.objection, K.privilege_claim, K.objection_withdrawn, K.ruling)
    yield from lines(draft, entries)
    if not entries:
        what = tell("Objections, privileges claimed and rulings, with the applicable law")
        yield open_line("presiding_judge", what)
    ruled = {entry.event.data.get("on") for entry in entries}
    for entry in entries:
        if entry.event.kind in (K.objection, K.privilege_claim) and not ruled & {event.seq for event in entry.events}:
            yield open_line(
                "presiding_judge",
                tell("Ruling on the objection or claim raised at {time}", time=_raised(draft, entry.first.seq)),
            )
