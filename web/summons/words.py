"""The summons in words: how it stands, what came of serving it, and how it was served."""

from collections.abc import Mapping

from hearings.models.participant import SummonsOutcome, SummonsWay
from hearings.summons.summons_states import SummonsState
from web.words.i18n import N_

STATES: Mapping[SummonsState, tuple[str, str]] = {
    SummonsState.open: ("ask", N_("Not recorded yet")),
    SummonsState.served: ("ok", N_("Served")),
    SummonsState.late: ("warn", N_("Served too late")),
    SummonsState.other_time: ("warn", N_("Served for another time")),
    SummonsState.refused: ("warn", N_("Not accepted by the person")),
    SummonsState.not_served: ("rec", N_("Could not be served")),
    SummonsState.not_owed: ("plain", N_("Not owed")),
}
"""Of each state, the kind of its chip and its words."""
OUTCOMES: Mapping[SummonsOutcome, str] = {
    SummonsOutcome.served: N_("Served"),
    SummonsOutcome.refused: N_("Not accepted by the person"),
    SummonsOutcome.not_served: N_("Could not be served"),
}
WAYS: Mapping[SummonsWay, str] = {
    SummonsWay.in_person: N_("In person"),
    SummonsWay.by_post: N_("By post, with an acknowledgement of receipt"),
    SummonsWay.by_court: N_("By the court"),
    SummonsWay.electronically: N_("Electronically"),
    SummonsWay.by_police: N_("By the police"),
}
