"""A client of the Vivavoce API: tokens, proofs, signed acts, repeats that do no harm, problems, pages, events.

Copy this folder into your system. It needs `httpx`, `cryptography` and `rfc8785`, and nothing of Vivavoce. Two keys are
used, and they are not the same: the system's own (`Key`, registered as a client) says who is asking; the authority's
(`Authority`) binds the State, and never leaves your side. docs/client.md tells the rest.
"""

from typing import TypedDict, cast

from vivavoce_client.agreements import Agreement, Agreements, LineTest, Measured, NewSite, Site
from vivavoce_client.calls import Event, Tagged
from vivavoce_client.hearings import (
    Hearing,
    Hearings,
    Invitation,
    Offer,
    Participant,
    Place,
    Proposal,
    Right,
    Search,
    Slot,
    SlotDay,
    Slots,
    Time,
)
from vivavoce_client.keys import Authority, Key, KeyAuthority, thumbprint, verified
from vivavoce_client.law import Case, Entry, Evaluation, Law, SigningKey, State
from vivavoce_client.minutes import Minutes, MinutesActs, MinutesSummary, Passage, Reading
from vivavoce_client.problems import NotAllowed, NotNow, NotRight, NotThere, Problem
from vivavoce_client.requests import (
    Completeness,
    Consent,
    Consents,
    Demand,
    Expected,
    Request,
    Requests,
    RequestSummary,
    Said,
    Signature,
)

__all__ = [
    "Agreement",
    "Agreements",
    "Authority",
    "Case",
    "Completeness",
    "Consent",
    "Consents",
    "Demand",
    "Entry",
    "Evaluation",
    "Event",
    "Expected",
    "Hearing",
    "Hearings",
    "Invitation",
    "Key",
    "KeyAuthority",
    "Law",
    "LineTest",
    "Measured",
    "Minutes",
    "MinutesActs",
    "MinutesSummary",
    "NewSite",
    "NotAllowed",
    "NotNow",
    "NotRight",
    "NotThere",
    "Offer",
    "Participant",
    "Passage",
    "Place",
    "Problem",
    "Proposal",
    "Reading",
    "Request",
    "RequestSummary",
    "Requests",
    "Right",
    "Said",
    "Search",
    "Signature",
    "SigningKey",
    "Site",
    "Slot",
    "SlotDay",
    "Slots",
    "State",
    "Tagged",
    "Time",
    "Vivavoce",
    "Webhook",
    "thumbprint",
    "verified",
]


class Webhook(TypedDict):
    """A webhook; `secret` is there once, when it is made."""

    id: str
    url: str
    events: list[str]
    secret: str


class Vivavoce(Requests, Hearings, Agreements, MinutesActs, Law):
    """The API of one installation, for one client of one State."""

    def subscribe(self, url: str, events: list[str]) -> Webhook:
        """Make a webhook. Keep its secret: it is told once, so where that answer was lost another one is made."""
        made = self.post("/webhooks", {"url": url, "events": events})
        if made["secret"] is None:
            self.call("DELETE", f"/webhooks/{made['id']}")
            return self.subscribe(url, events)
        return cast(Webhook, made)
