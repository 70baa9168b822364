"""The rights checklist in words: gates, states, answers, whom an item is for, and where its evidence is."""

from collections.abc import Mapping

from hearings.models import Hearing, HearingRequest
from hearings.models.rights import RightAnswerKind
from hearings.rights.checklist import Gate, ItemAnswerer, RightItem, RightSide
from hearings.rights.item_states import RightState
from hearings.roles import StaffFunction
from web.words.i18n import N_, _, city_here

K = RightAnswerKind
GATES: Mapping[Gate, str] = {
    Gate.agree: N_("Before the time is agreed"),
    Gate.ready: N_("Before the hearing is marked as ready"),
    Gate.start: N_("Before the sitting starts"),
    Gate.first_question: N_("Before the first question"),
    Gate.during: N_("During the sitting"),
    Gate.complete: N_("At the close"),
}
WAITS: Mapping[Gate, str] = {
    Gate.agree: N_("Neither State can agree to the time while one of these is open."),
    Gate.ready: N_("The hearing cannot be marked as ready while one of these is open."),
    Gate.start: N_("The sitting cannot start while one of these is open."),
    Gate.first_question: N_("Nobody heard can take an oath or be shown an exhibit while one of these is open."),
    Gate.during: N_("Nothing waits for these: the minutes say how they stand."),
    Gate.complete: N_("The sitting can be closed without these: the minutes say how they stand."),
}
NOT_BEGUN = N_("Nothing yet: the acts of this hearing do not wait for the checklist.")
EXAMINED = N_("The act examines this itself, and refuses with a reason of its own.")
REMINDER = N_("Nothing: this is a reminder, and the minutes say how it stands.")
STATES: Mapping[RightState, tuple[str, str]] = {
    RightState.by_evidence: ("ok", N_("Kept: the case shows it")),
    RightState.by_answer: ("ok", N_("Kept: answered")),
    RightState.not_applicable: ("plain", N_("Does not apply")),
    RightState.overridden: ("warn", N_("Gone on without it")),
    RightState.not_kept: ("rec", N_("Not kept")),
    RightState.open: ("ask", N_("Open")),
}
"""Of each state, the kind of its chip and its words."""
ANSWERS: Mapping[RightAnswerKind, str] = {
    K.kept: N_("Kept"),
    K.not_applicable: N_("Does not apply"),
    K.not_kept: N_("Not kept"),
    K.overridden: N_("Go on without it"),
    K.objection: N_("Objection"),
}
ANSWERERS: Mapping[StaffFunction, str] = {
    StaffFunction.judge: N_("Judge, {city}"),
    StaffFunction.clerk: N_("Clerk, {city}"),
    StaffFunction.authority: N_("Authority, {city}"),
}
SOURCES: tuple[tuple[str, str], ...] = (
    ("event:", "/h/{ref}/log"),
    ("row:agreement", "/h/{ref}/technical"),
    ("row:participant", "/h/{ref}#people"),
    ("row:consent", "/requests/{reference}/consents"),
    ("row:summons_service", "/h/{ref}/summons"),
    ("row:minutes", "/h/{ref}/minutes"),
    ("row:hearing_event", "/h/{ref}/log"),
    ("row:", "/requests/{reference}"),
)
"""By how a source begins, the page that shows it."""


def waits(item: RightItem, *, begun: bool) -> str:
    """What waits for an item of a hearing: nothing by this list before that is begun."""
    if item.examined_by_the_act:
        return _(EXAMINED)
    if not item.blocks:
        return _(REMINDER)
    return _(WAITS[item.gate]) if begun or not item.stops else _(NOT_BEGUN)


def exception(item: RightItem) -> str:
    """Why an item does not stop the act under which it stands on the page; empty where it does, or no act waits."""
    if item.gate in (Gate.during, Gate.complete):
        return ""
    return _(EXAMINED) if item.examined_by_the_act else "" if item.blocks else _(REMINDER)


def href(source: str, hearing: Hearing, request: HearingRequest) -> str:
    """The page that shows a source, for staff."""
    page = next(page for begin, page in SOURCES if source.startswith(begin))
    return page.format(ref=hearing.ref, reference=request.reference)


def answerer(who: ItemAnswerer, hearing: Hearing) -> str:
    """Whom an item waits for."""
    city = hearing.requesting_city if who.side is RightSide.requesting else hearing.requested_city
    return _(ANSWERERS[who.function]).format(city=city_here(city))
