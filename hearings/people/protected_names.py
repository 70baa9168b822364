"""Names of people whose identity is protected: where one may not stand, and the refusal of a text that has one."""

from collections.abc import Sequence

from hearings.errors import Invalid
from hearings.models import Participant
from hearings.roles import HEARD
from hearings.sentences import tell


def protected(participant: Participant) -> bool:
    """Whether the identity of this person is not to be in the minutes."""
    return participant.identity_method == "protected_identity"


def protected_names(person_name: str, people: Sequence[Participant]) -> list[tuple[str, Participant]]:
    """Names that must not stand in the record, longest first, with whose they are. `person_name`: of the person heard,
    as the request has it.
    """
    found: dict[str, Participant] = {}
    for one in people:
        if protected(one):
            found[one.display_name] = one
            if one.role in HEARD and person_name:
                found.setdefault(person_name, one)
    return sorted(((name, whose) for name, whose in found.items() if len(name) > 2), key=lambda pair: -len(pair[0]))


def refuse_names(text: str, names: Sequence[str], field: str) -> None:
    """Raise `Invalid` when the text names somebody who is protected."""
    if any(name.casefold() in text.casefold() for name in names):
        raise Invalid(tell("This names a person whose identity is protected: write the pseudonym"), field)
