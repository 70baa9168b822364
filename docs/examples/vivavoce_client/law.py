"""What the service knows of States: their languages, the texts between two of them, authorities and their keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from vivavoce_client.calls import Calls, said


class State(TypedDict):
    """A State, and how sure what is said of it is."""

    state: str
    name: str
    central_authority: str
    central_authority_confidence: str
    accepted_languages: list[str]
    conditional_languages: list[str]
    languages_confidence: str
    default_zone: str
    zones: list[str]


class Evaluation(TypedDict):
    """What each text needs, and what was given. It does not say what is lawful: the authorities decide."""

    on: str
    law: int
    usable: list[str]
    first: str
    fallbacks: list[str]
    decision: str
    verdicts: list[dict[str, Any]]
    consents: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What the texts are asked about. What is left out counts as not said, never as met."""

    requesting_state: str
    requested_state: str
    on: str | None = None
    capacity: str | None = None
    offence_scope: list[str] | None = None
    answers: dict[str, bool | None] | None = None
    reason_no_attendance: str | None = None
    reason_text: str | None = None
    language_of_request: str | None = None
    procedure: str | None = None
    stage: str | None = None
    channel: str | None = None
    approach: str | None = None
    consent: str | None = None
    urgent: bool | None = None
    hearing_on: str | None = None
    instruments: list[str] | None = None


class Entry(TypedDict):
    """An authority or a contact point. `old`: to be checked before it is used."""

    id: str
    state: str
    kind: str
    name: str
    contact: str
    email: str
    phone: str
    address: str
    languages: list[str]
    networks: list[str]
    source: str
    as_of: str | None
    old: bool
    confidence: str


class SigningKey(TypedDict):
    """A key by which an authority of a State signs, as the service has it: compare it with what you know yourself."""

    kid: str
    state: str
    authority: str
    public_key: str
    demo: bool
    created_at: str
    retired_at: str | None


class Law(Calls):
    """What can be looked up."""

    def states(self) -> list[State]:
        """Every State there are data for."""
        return cast(list[State], self.get("/states")["items"])

    def evaluate(self, case: Case) -> Evaluation:
        """Ask every legal basis between two States what it needs. Changes nothing."""
        return cast(Evaluation, self.post("/legal-bases/evaluate", said(case)))

    def legal_bases(self, request_id: str) -> Evaluation:
        """The legal check of a request as its page shows it: today's law, the consents, the day of the hearing."""
        return cast(Evaluation, self.get(f"/requests/{request_id}/legal-bases"))

    def directory(self, **params: str) -> Iterator[Entry]:
        """Authorities and contact points, of one `state`, one `network`, or with some `words` in them."""
        return self.pages("/directory", **params)

    def signing_keys(self, state: str) -> list[SigningKey]:
        """The keys of a State's authorities."""
        return cast(list[SigningKey], self.get("/signing-keys", state=state)["items"])
