"""Refusal of a request on its page: the grounds grouped by the paragraphs that name them, objections to a ground, and
what is signed in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from hearings import reference
from hearings.actors import Actor
from hearings.law.law import Law
from hearings.law.legal_bases import refusal_grounds
from hearings.law.refusals import NOT_NAMED, Objection
from hearings.models import HearingRequest
from hearings.requests import requests
from hearings.status import RequestStatus
from web.words import labels
from web.words.i18n import _, long_date, one_by_one
from web.words.sentences import english, translated_markup


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
    """The objections to a refusal, each in a sentence; empty when there are none."""
    return kept_in_words([objection.as_json() for objection in objections])


def kept_in_words(objections: Sequence[Mapping[str, Any]]) -> str:
    """As `objections_in_words`, of objections that are kept with a request."""
    unnamed = [objection for objection in objections if objection["code"] == NOT_NAMED]
    sentences = [
        Markup("{}: {}.").format(english(objection["provision"]), translated_markup(objection["text"]))
        for objection in objections
        if objection not in unnamed
    ]
    if unnamed:
        names = one_by_one(dict.fromkeys(english(objection["provision"]) for objection in unnamed))
        text = _("In the paragraphs the data hold, this ground is not named by: {names}.")
        sentences.append(Markup(escape(text)).format(names=Markup(names)))
    return Markup(" ").join(sentences)


def against(row: HearingRequest, law: Law) -> str:
    """The objections that stand with a refusal or a postponement; of a refusal from before they were kept, those by the
    law now in force. Empty for other statuses."""
    if row.status not in (RequestStatus.refused, RequestStatus.postponed):
        return ""
    if row.answered_objections or row.status is RequestStatus.postponed:
        return kept_in_words(row.answered_objections)
    raised = requests.objections(row, ground=row.answered_ground, reasons=row.answered_reason, law=law)
    return objections_in_words([objection for objection in raised if not objection.binding])


# --- what is signed, in words ---


def reason_facts(row: HearingRequest, values: Mapping[str, Any], actor: Actor) -> list[tuple[str, str]]:
    """The reason that is signed."""
    text = values.get("reason") or values.get("reasons")
    return [(labels.label("reason"), text)] if text else []


def _left_out_facts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    because = values["consultation_left_out_because"]
    return [(_("Why the two States did not consult"), because)] if because else []


def postponement_facts(row: HearingRequest, values: Mapping[str, Any], actor: Actor) -> list[tuple[str, str]]:
    """What is signed with a postponement."""
    review, zone = values["review"], reference.jurisdiction(actor.state).default_zone
    return [
        *reason_facts(row, values, actor),
        *([(labels.label("review"), long_date(review, zone))] if review else []),
        *_left_out_facts(values),
    ]


def refusal_facts(row: HearingRequest, values: Mapping[str, Any], actor: Actor) -> list[tuple[str, str]]:
    """What is signed with a refusal."""
    lines = [(_("Ground of refusal"), labels.ground(values["ground"]))]
    if values["motive"]:
        lines.append((_("Legal basis of the refusal"), labels.motive(values["motive"])))
    return [*lines, *reason_facts(row, values, actor), *_left_out_facts(values)]
