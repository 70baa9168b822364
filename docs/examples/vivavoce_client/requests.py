"""Requests: drafted, submitted, taken up, answered, signed; and what a person has consented to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from vivavoce_client.calls import Calls, said


class RequestSummary(TypedDict):
    """A request in a list."""

    id: str
    reference: str
    requesting_state: str
    requested_state: str
    status: str
    version: int
    created_at: str
    submitted_at: str | None
    answered_at: str | None
    answer_due: str | None
    info_due: str | None


class Request(RequestSummary):
    """A request, whole; `content` has every field a person fills in."""

    priority: int
    answered_ground: str
    answered_reason: str
    conditions: str
    condition_rules: list[dict[str, Any]]
    content: dict[str, Any]


class Signature(TypedDict):
    """A signed statement, byte for byte, and the key that checks it."""

    state: str
    act: str
    about: str
    kid: str
    public_key: str
    authority: str
    signed_at: str
    received_at: str
    jws: str


class Demand(TypedDict):
    """One item an instrument asks for."""

    provision: str
    asks: str
    found: str


class Completeness(TypedDict):
    """What a request must say, and whether it does."""

    complete: bool
    demands: list[Demand]


class Expected(TypedDict):
    """A rule that asks for consent and is not on record."""

    rule: str
    provision: str
    text: str


class Consent(Expected):
    """Whether the person agrees, as one rule asks it."""

    id: str
    status: str
    since: str
    counsel: str
    counsel_present: bool | None
    lawyer_access: bool | None
    given_at: str | None
    note: str


class Consents(TypedDict):
    """What is on record, what is asked for besides, and how the whole stands."""

    items: list[Consent]
    expected: list[Expected]
    standing: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a person has said: `answer` is `pending`, `given` or `refused`; `given_at` with its offset."""

    answer: str
    given_at: str | None = None
    counsel: str | None = None
    counsel_present: bool | None = None
    lawyer_access: bool | None = None
    note: str | None = None


class Requests(Calls):
    """What is done with requests."""

    def requests(self, **params: str) -> Iterator[RequestSummary]:
        """Requests made or received (`side`, `status`), newest first."""
        return self.pages("/requests", **params)

    def request(self, request_id: str) -> Request:
        """A request. Reading another State's is seen by it."""
        return cast(Request, self.get(f"/requests/{request_id}"))

    def draft(self, requested_state: str, content: Mapping[str, Any]) -> Request:
        """Begin a request."""
        return cast(Request, self.post("/requests", {"requested_state": requested_state, "content": dict(content)}))

    def submit(self, request_id: str) -> Request:
        """Submit a draft, signed as it stands."""
        path = f"/requests/{request_id}"
        return cast(Request, self.signed(f"{path}/submit", f"{path}/statements/submit_request"))

    def completeness(self, request_id: str) -> Completeness:
        """What a request must say, and what of it there is."""
        return cast(Completeness, self.get(f"/requests/{request_id}/completeness"))

    def acknowledge(self, request_id: str) -> Request:
        """Take a request up."""
        return cast(Request, self.post(f"/requests/{request_id}/acknowledge"))

    def ask(self, request_id: str, question: str, due: str | None = None) -> Request:
        """Ask the requesting State for what is missing."""
        return cast(Request, self.post(f"/requests/{request_id}/ask", {"question": question, "due": due}))

    def accept(self, request_id: str, reason: str = "") -> Request:
        """Accept, signed."""
        path = f"/requests/{request_id}"
        return cast(Request, self.signed(f"{path}/accept", f"{path}/statements/accept_request", {"reason": reason}))

    def refuse(self, request_id: str, ground: str, reasons: str, motive: str = "") -> Request:
        """Refuse on a ground of the closed list, signed; `motive`: what the ground rests on, where that is said."""
        path, body = f"/requests/{request_id}", {"ground": ground, "motive": motive, "reasons": reasons}
        return cast(Request, self.signed(f"{path}/refuse", f"{path}/statements/refuse_request", body))

    def signatures(self, path: str) -> list[Signature]:
        """What was signed about `/requests/…`, `/hearings/…` or an agreement."""
        return list(self.pages(f"{path}/signatures"))

    def consents(self, request_id: str) -> Consents:
        """The person's consents, rule by rule."""
        return cast(Consents, self.get(f"/requests/{request_id}/consents"))

    def expect_consents(self, request_id: str) -> Consents:
        """Put on record what the law asks for now, to be answered one by one."""
        return cast(Consents, self.post(f"/requests/{request_id}/consents"))

    def record_consent(self, request_id: str, consent_id: str, words: Said) -> Consent:
        """Record what the person has said."""
        return cast(Consent, self.post(f"/requests/{request_id}/consents/{consent_id}/record", said(words)))

    def withdraw_consent(self, request_id: str, consent_id: str, reason: str = "") -> Consent:
        """The person withdraws. Where they are being heard, the floor closes at once."""
        path = f"/requests/{request_id}/consents/{consent_id}/withdraw"
        return cast(Consent, self.post(path, {"reason": reason}))
