"""When an item of the rights checklist counts for a hearing: one small function for each condition of the data."""

from collections.abc import Callable, Mapping

from hearings.models.request import Capacity, Protection, Stage
from hearings.requests.conditions import ConditionKind
from hearings.rights.facts import RightsFacts

ROOM = frozenset({ConditionKind.nobody_else_in_room, ConditionKind.camera_shows_room})
MANDATORY = "mandatory"
"""Value of `presence_requested_authority` (data/enums.yaml)."""


def _conditions(facts: RightsFacts) -> frozenset[ConditionKind]:
    return frozenset(condition.kind for condition in facts.rules.conditions)


def _authority_must_be_present(facts: RightsFacts) -> bool:
    terms = (term for verdict in facts.verdicts if verdict.usable for term in verdict.terms)
    by_text = any(term.key == "presence_requested_authority" and term.value == MANDATORY for term in terms)
    return by_text or ConditionKind.official_present in _conditions(facts)


def _counsel_apart(facts: RightsFacts) -> bool:
    """Counsel who does not sit at the device of the person heard, or a client in custody."""
    if not facts.counsel:
        return False
    heard = {person.id for person in facts.heard}
    beside = {person.device_of_id for person in facts.heard}
    apart = any(one.device_of_id not in heard and one.id not in beside for one in facts.counsel)
    return apart or bool(facts.request.in_custody)


def _need_stated(facts: RightsFacts) -> bool:
    return bool(facts.agreement is not None and facts.agreement.needs.get("accessibility"))


def _child_or_vulnerable(facts: RightsFacts) -> bool:
    child = Protection.child_measures in facts.request.protection_requested
    return child or bool(facts.request.person_age_under_18)


APPLIES: Mapping[str, Callable[[RightsFacts], bool]] = {
    "always": lambda facts: True,
    "accused_or_trial": lambda facts: facts.accused or facts.request.stage is Stage.trial,
    "trial_or_appeal": lambda facts: facts.request.stage in (Stage.trial, Stage.appeal),
    "consent_asked": lambda facts: facts.asked,
    "authority_must_be_present": _authority_must_be_present,
    "languages_differ": lambda facts: len(facts.hearing.languages) > 1,
    "counsel_apart": _counsel_apart,
    "fingerprints_agreed": lambda facts: facts.rules.fingerprints,
    "need_stated": _need_stated,
    "child_or_vulnerable": _child_or_vulnerable,
    "protection_asked": lambda facts: bool(facts.request.protection_requested),
    "exhibits_named": lambda facts: bool(facts.request.exhibits.strip()),
    "room_to_be_shown": lambda facts: facts.request.capacity is Capacity.witness or bool(_conditions(facts) & ROOM),
    "death_penalty": lambda facts: bool(facts.request.death_penalty),
}
"""By the id in data/rights.yaml, whether the item counts. Pure."""
