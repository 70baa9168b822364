"""In whose name a client of the API acts where a person has to: an account of its State that the request names.

What the account may do is decided as on the pages: by its functions, and by its role in the hearing. In records and
custody logs the client stands behind the name, since it is the client that says so, and no sign-in.
"""

from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from hearings import errors, queries
from hearings.actors import Actor, person_actor
from hearings.models import Hearing, Recording
from hearings.people import staff
from hearings.sentences import tell
from media.evidence.log import custody
from web.api.access import Caller

LONGEST = 200
"""Characters of a name with the client behind it, as columns take it."""
LEAST = 40
"""Characters of it that are left to the person."""
RecordingId = Annotated[str, Field(max_length=36, pattern="^[!-~]+$", description="Id of the recording.")]
PersonId = Annotated[
    str,
    Field(
        max_length=36,
        pattern="^[!-~]+$",
        description="Id of the account in whose name this is done (`GET /staff`): its rights count, as on the pages.",
    ),
]


MaybePerson = Annotated[
    str,
    Field(
        max_length=36,
        pattern="^[!-~]*$",
        description="Id of the account in whose name it is sent (`GET /staff`); without it `confirmed_by` is null.",
    ),
]


@dataclass(frozen=True)
class NamedPerson:
    """A recording, its hearing, and the person in whose name a client acts on it."""

    recording: Recording
    hearing: Hearing
    actor: Actor

    @property
    def accessor(self) -> custody.Accessor:
        """The person, role and State for the custody log."""
        return custody.Accessor(self.actor.label, str(self.actor.role or "staff"), self.actor.state)


async def recording_of(caller: Caller, recording: str) -> tuple[Recording, Hearing]:
    """The recording and its hearing, as one of the hearing's two States. Raises `NotFound`."""
    found = await queries.recording(caller.db, recording, state=caller.state)
    caller.shown.append(found[1])
    return found


async def named_person(caller: Caller, recording: str, person: str) -> NamedPerson:
    """The recording, and the person as an actor with their functions and their role in the hearing.

    Raises `NotFound` for the recording; `Invalid` where the client's State has no such active account; `NotReady` as
    `label_of`.
    """
    found, hearing = await recording_of(caller, recording)
    try:
        account = await staff.member(caller.db, person, state=caller.state)
    except errors.NotFound:
        account = None
    if account is None or not account.active:
        raise errors.Invalid(tell("Your State has no active account with this id"), "person")
    try:
        role = (await queries.seat_of(caller.db, hearing_id=hearing.id, person_id=account.id)).role
    except errors.NotFound:
        role = None
    label = label_of(account.name, caller.client.name)
    return NamedPerson(found, hearing, replace(person_actor(account), role=role, label=label, client=caller.client.id))


def label_of(person: str, client: str) -> str:
    """The name of a person with that of the client behind it, in `LONGEST` characters: where they do not fit, the
    person's is shortened, never the client's. Raises `NotReady` where that leaves a person less than `LEAST`. Pure."""
    behind = f" ({client})"
    room = LONGEST - len(behind)
    if room < LEAST:
        raise errors.NotReady(
            tell("The name of this API client is too long to stand behind a person's: your administrator shortens it")
        )
    return f"{person if len(person) <= room else person[: room - 1] + '…'}{behind}"
