"""What a page shows of a coordination room: to a State that is invited, or to the facilitator who has convened it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hearings.coordination import room_steps, rooms
from hearings.coordination.room_steps import RoomStep
from hearings.coordination.rooms import RoomFile
from hearings.documents.file_types import LARGEST
from hearings.models import CoordinationRoom, RoomState, StatusChange
from hearings.models.coordination import RoomAnswer, SummaryWord
from web.coordination import room_forms
from web.server import wall_fields
from web.server.forms import FormError
from web.words import court_clocks, labels
from web.words.court_clocks import CourtClock
from web.words.i18n import N_, _, language_here, state_name

ANSWER_CHIPS = {
    RoomAnswer.invited: "ask",
    RoomAnswer.accepts: "ok",
    RoomAnswer.declines: "plain",
    RoomAnswer.proposes_other_time: "warn",
}
WORD_CHIPS = {SummaryWord.agreed: "ok", SummaryWord.dissents: "warn"}
STEPS: Mapping[RoomStep, tuple[str, str, str]] = {
    RoomStep.answer: (N_("Answer the invitation"), N_("Your State has not said yet whether it takes part."), "answers"),
    RoomStep.decide_time: (
        N_("Another time is proposed"),
        N_("Set it, and the other States are asked again; or leave the time as it is."),
        "time",
    ),
    RoomStep.set_agenda: (N_("Write the agenda"), N_("Those invited see what the meeting is about."), "agenda"),
    RoomStep.name_people: (N_("Name who takes part"), N_("Nobody is named for your State yet."), "people"),
    RoomStep.wait_answers: (N_("Wait for the answers"), N_("Not every State has answered its invitation."), "answers"),
    RoomStep.wait_time: (
        N_("Wait for the time"),
        N_("Another time is proposed. Whoever has convened the room decides."),
        "answers",
    ),
    RoomStep.wait_meeting: (N_("Ready for the meeting"), N_("Every State has answered."), "when"),
    RoomStep.summarise: (
        N_("Record the outcomes and write the summary"),
        N_("Every State then says whether it agrees."),
        "outcomes",
    ),
    RoomStep.agree: (N_("Agree to the summary, or dissent"), N_("A dissent stands beside the summary."), "summary"),
    RoomStep.wait_words: (
        N_("Wait for the States"),
        N_("Not every State has said its word on the summary."),
        "summary",
    ),
    RoomStep.close: (N_("Close the room"), N_("Every State has said its word."), "close"),
    RoomStep.do_owed: (N_("Your State owes an outcome"), N_("Say when it is done, or draft the request."), "outcomes"),
    RoomStep.declined: (N_("Your State does not take part"), N_("You can still accept the invitation."), "answers"),
    RoomStep.nothing: (N_("Nothing to do"), N_("Nothing is open here."), ""),
}
"""Of each next step: heading, words, and the part of the page where it is done."""
WAITING = frozenset({RoomStep.wait_answers, RoomStep.wait_time, RoomStep.wait_meeting, RoomStep.wait_words})
DONE = frozenset({RoomStep.declined, RoomStep.nothing})


def state_chip(room: CoordinationRoom, now: datetime) -> tuple[str, str]:
    """Kind of chip and words for how a room stands."""
    if room.closed_at is not None:
        return "plain", _("Closed room")
    if now < room.starts_at:
        return "info", _("To come")
    return ("ok", _("Now")) if now < room.ends_at else ("warn", _("Held, not closed"))


def clocks(states: Sequence[str], own: Sequence[CourtClock]) -> list[CourtClock]:
    """The clocks of all States of a room, after the reader's own; each zone once."""
    places = {place.zone: place for place in (*own, *court_clocks.of_states(*states))}
    return list(places.values())


def listing(
    found: Sequence[CoordinationRoom], invited: Mapping[str, list[str]], own: Sequence[CourtClock], now: datetime
) -> list[dict[str, Any]]:
    """Lines of a list of rooms."""
    return [
        {
            "room": row,
            "states": invited[row.id],
            "places": clocks(invited[row.id], own),
            "standing": state_chip(row, now),
        }
        for row in found
    ]


def words() -> dict[str, Any]:
    """What every page of rooms says things with."""
    return {
        "terms": labels,
        "answer_chip": ANSWER_CHIPS.__getitem__,
        "word_chip": WORD_CHIPS.__getitem__,
        "language_name": language_here,
    }


def of_room(
    file: RoomFile,
    history: Sequence[StatusChange],
    *,
    state: str,
    convener: bool,
    own: Sequence[CourtClock],
    values: Mapping[str, Any],
    wrong: list[FormError],
    now: datetime,
) -> dict[str, Any]:
    """What the page of a room shows. `state`: the reader's, `NO_STATE` of a facilitator; `convener`: the reader may set
    the time; `own`: the reader's clock; `values`: what was typed into a form that was refused."""
    room = file.room
    step = room_steps.next_step(file, state=state, convener=convener, now=now)
    heading, text, where = STEPS[step]
    zone = own[0].zone
    states = [one.owner_state for one in file.states]
    # An agenda that was typed takes the place of all there is: an item that was taken out does not come back.
    agenda = {} if "item_1" in values else room_forms.agenda_values(room)
    kept = agenda | room_forms.time_values(room, zone) | {"summary_text": room.summary} | dict(values)
    mine: RoomState | None = next((one for one in file.states if one.owner_state == state), None)
    return words() | {
        "room": room,
        "file": file,
        "history": history,
        "step": step.value,
        "step_words": (_(heading), _(text), where),
        "step_kind": "done" if step in DONE else "empty" if step in WAITING else "",
        "mine": mine,
        "convener": convener,
        "own": state,
        "open_room": room.closed_at is None,
        "begun": now >= room.starts_at,
        "standing": state_chip(room, now),
        "places": clocks(states, own),
        "zone_city": own[0].city,
        "state_options": [(code, f"{code} {state_name(code)}") for code in states],
        "roles": labels.options("room_role"),
        "outcome_kinds": labels.options("room_outcome"),
        "twice": wall_fields.doubled(kept, ["starts_at", "other_time"], zone),
        "agenda_rows": room_forms.rows(kept, len(room.agenda)),
        "largest": LARGEST // 1024 // 1024,
        "summary_mark": rooms.summary_mark(room),
        "heard": [(one.name, state_name(one.owner_state), about.reference) for one, about in rooms.heard(file)],
        "references": {one.id: one.reference for one in file.links},
        "wrong_at": {error.field for error in wrong},
        "agenda_wrong": any(error.field.startswith(("item_", "state_", "minutes_")) for error in wrong),
        "values": kept,
        "errors": wrong,
    }
