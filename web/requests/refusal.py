"""Refusing a request on its page: the grounds by the paragraphs that name them, and what can be said against one."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from hearings.errors import Invalid
from hearings.law.law import Law
from hearings.law.legal_bases import refusal_grounds
from hearings.law.refusals import Objection
from hearings.models import HearingRequest
from hearings.requests import requests
from hearings.status import RequestStatus
from web.words import terms
from web.words.i18n import _, one_by_one
from web.words.sentences import english


class Unconfirmed(Exception):
    """Something can be said against this refusal, and the officer has not said that they refuse all the same."""

    def __init__(self, objections: Sequence[Objection]) -> None:
        super().__init__("not confirmed")
        self.objections = objections


def groups(row: HearingRequest, law: Law) -> list[tuple[str, list[tuple[str, str]]]]:
    """Label and grounds, code and words: first those that are named, by the paragraphs that name them.

    One group without a label where the data hold no named grounds for what the request relies on.
    """
    found = refusal_grounds(requests.relied_on(row, law), law=law)
    named: dict[str, list[tuple[str, str]]] = {}
    rest: list[tuple[str, str]] = []
    formal: list[tuple[str, str]] = []
    for one in found:
        said = (one.code, terms.ground(one.code))
        if one.provisions:
            label = _("Named in {provisions}").format(provisions=one_by_one(one.provisions))
            named.setdefault(label, []).append(said)
        else:
            (formal if one.formal else rest).append(said)
    if not named:
        return [("", rest + formal)]
    return [
        *named.items(),
        (_("Need no paragraph that names them"), formal),
        (_("Not named in what the request relies on"), rest),
    ]


def told(objections: Sequence[Objection]) -> str:
    """What can be said against a refusal that does not bar it, in a sentence; empty when nothing can."""
    names = one_by_one(dict.fromkeys(english(one.provision) for one in objections if not one.binding))
    text = _("In the paragraphs the data hold, this ground is not named by: {names}.")
    return Markup(escape(text)).format(names=Markup(names)) if names else ""


def warning(row: HearingRequest, ground: str, reasons: str, law: Law) -> str:
    """The same before it is signed; empty also for what is no ground, which the act refuses."""
    try:
        return told(requests.objections(row, ground=ground, reasons=reasons, law=law))
    except Invalid:
        return ""


def against(row: HearingRequest, law: Law) -> str:
    """The same of a request that has been refused, by the law as it stands now."""
    if row.status is not RequestStatus.refused:
        return ""
    ground, reasons = row.answered_ground, row.answered_reason
    return told(requests.objections(row, ground=ground, reasons=reasons, law=law))
