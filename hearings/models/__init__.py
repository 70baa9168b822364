"""The tables, one file per noun. Import them from here; `metadata` is what migrations are compared with."""

from sqlmodel import SQLModel

from hearings.models.hearing import Hearing
from hearings.models.history import HearingEvent, StatusChange
from hearings.models.participant import Invitation, Participant
from hearings.models.people import AuthorityKey, Login, Person, SignInLink
from hearings.models.request import HearingRequest
from hearings.models.sitting import Recording, Sitting, SoundCheck

metadata = SQLModel.metadata

__all__ = [
    "AuthorityKey",
    "Hearing",
    "HearingEvent",
    "HearingRequest",
    "Invitation",
    "Login",
    "Participant",
    "Person",
    "Recording",
    "SignInLink",
    "Sitting",
    "SoundCheck",
    "StatusChange",
    "metadata",
]
