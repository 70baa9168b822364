"""Refusal of a request on its page: the grounds grouped by the paragraphs that name them, and objections to a
ground."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from hearings.errors import Invalid
from hearings.law.law import Law
from hearings.law.legal_bases import refusal_grounds
from hearings.law.refusals import Objection
from hearings.models import HearingRequest
from hearings.requests import requests
from hearings.status import RequestStatus
from web.words import labels
from web.words.i18n import _, one_by_one
from web.words.sentences import english


class Unconfirmed(Exception):
    """There are objections to this refusal, and the officer has not confirmed it in spite of them."""

    def __init__(self, objections: Sequence[Objection]) -> None:
        super().__init__("not confirmed")
        self.objections = objections


def groups(row: HearingRequest, law: Law) -> list[tuple[str, list[tuple[str, str]]]]:
    """Groups of grounds as label and (code, words): first the grounds that paragraphs name, one group by set of
    paragraphs.

    A single group with an empty label where the data name no grounds for the instruments the request relies on.
    """
    grounds = refusal_grounds(requests.relied_on(row, law), law=law)
    named: dict[str, list[tuple[str, str]]] = {}
    rest: list[tuple[str, str]] = []
    formal: list[tuple[str, str]] = []
    for ground in grounds:
        choice = (ground.code, labels.ground(ground.code))
        if ground.provisions:
            label = _("Named in {provisions}").format(provisions=one_by_one(ground.provisions))
            named.setdefault(label, []).append(choice)
        else:
            (formal if ground.formal else rest).append(choice)
    if not named:
        return [("", rest + formal)]
    return [
        *named.items(),
        (_("Require no paragraph that names them"), formal),
        (_("Not named in what the request relies on"), rest),
    ]


def objections_in_words(objections: Sequence[Objection]) -> str:
    """The objections that do not bar a refusal, in one sentence; empty when there are none."""
    names = one_by_one(dict.fromkeys(english(objection.provision) for objection in objections if not objection.binding))
    text = _("In the paragraphs the data hold, this ground is not named by: {names}.")
    return Markup(escape(text)).format(names=Markup(names)) if names else ""


def warning(row: HearingRequest, ground: str, reasons: str, law: Law) -> str:
    """The objections to a refusal before it is signed, in one sentence; empty also for an unknown ground, which the act
    refuses."""
    try:
        return objections_in_words(requests.objections(row, ground=ground, reasons=reasons, law=law))
    except Invalid:
        return ""


def against(row: HearingRequest, law: Law) -> str:
    """The objections to the refusal of a refused request by the law now in force, in one sentence; empty for other
    statuses."""
    if row.status is not RequestStatus.refused:
        return ""
    ground, reasons = row.answered_ground, row.answered_reason
    return objections_in_words(requests.objections(row, ground=ground, reasons=reasons, law=law))
