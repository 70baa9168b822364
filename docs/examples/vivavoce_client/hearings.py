"""Hearings: times found, offered and agreed to, the people, and the links they join by."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from vivavoce_client.calls import Calls, said


class Place(TypedDict):
    """One of the two courts, and what its clocks show at the start."""

    state: str
    city: str
    zone: str
    language: str
    start: str


class Hearing(TypedDict):
    """A hearing."""

    ref: str
    request_id: str
    case_number: str
    status: str
    starts_at: str
    ends_at: str
    wall_start: str
    wall_zone: str
    recording_policy: str
    participant_classes: list[str]
    requesting: Place
    requested: Place
    signed_by: list[str]


class Offer(TypedDict):
    """A time on the table."""

    hearing: str
    id: str
    by_state: str
    status: str
    starts_at: str
    ends_at: str
    wall_start: str
    wall_zone: str
    signed: bool


class Right(TypedDict):
    """An item of the rights checklist of a hearing. `blocks`: the act at `gate` is refused because of it."""

    hearing: str
    item: str
    title: str
    gate: str
    state: str
    blocks: bool
    missing: list[str]


class Invitation(TypedDict):
    """A link to join a hearing by, and its PIN. They are there once: give them to the person by two different ways."""

    hearing: str
    participant: str
    status: str
    replaced: bool
    address: str
    pin: str


class Participant(TypedDict):
    """Somebody who takes part."""

    hearing: str
    id: str
    role: str
    number: int
    display_name: str
    state: str
    city: str
    speaks: str
    hears: str
    presence: str


class SlotDay(TypedDict):
    """One day of a slot, as it is proposed."""

    starts_at: str
    wall_start: str
    wall_zone: str
    fold: int


class Slot(TypedDict):
    """A time that fits; a lower `penalty` is more comfortable for everybody."""

    starts_at: str
    ends_at: str
    days: list[SlotDay]
    penalty: int
    clock_changes: list[str]


class Slots(TypedDict):
    """Times that fit, the best first, and for each day without any the reasons."""

    slots: list[Slot]
    count: int
    excluded: list[dict[str, Any]]
    notes: list[str]


@dataclass(frozen=True, kw_only=True)
class Search:
    """What is looked for, `since` and `until` with their offsets: for a request, or another time for a hearing."""

    since: str
    until: str
    request: str | None = None
    hearing: str | None = None
    duration_minutes: int | None = None
    days: int | None = None
    any_hour: bool | None = None
    resources: list[int] | None = None
    limit: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, kw_only=True)
class Time:
    """A time on the clocks of one place: `wall_start` without offset; `fold` where that time comes twice."""

    wall_start: str
    wall_zone: str
    duration_minutes: int | None = None
    fold: int | None = None

    @classmethod
    def of(cls, slot: Slot, minutes: int) -> "Time":
        """The first day of a slot."""
        day = slot["days"][0]
        return cls(wall_start=day["wall_start"], wall_zone=day["wall_zone"], fold=day["fold"], duration_minutes=minutes)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A hearing of an accepted request: its courts, and the times that are offered, the preferred first."""

    request: str
    times: list[Time]
    requesting_zone: str
    requesting_city: str
    requested_zone: str
    requested_city: str
    resources: list[int] | None = None
    recording_policy: str | None = None


class Hearings(Calls):
    """What is done with hearings."""

    def hearing(self, ref: str) -> Hearing:
        """A hearing."""
        return cast(Hearing, self.get(f"/hearings/{ref}"))

    def offers(self, ref: str) -> list[Offer]:
        """The times on the table. Those of the other State count as read from now on."""
        return cast(list[Offer], self.get(f"/hearings/{ref}/offers")["items"])

    def accept_offer(self, ref: str, offer_id: str) -> Hearing:
        """Accept one of the other State's times, signed over the terms it makes; agreed once both have signed."""
        path = f"/hearings/{ref}/offers/{offer_id}"
        return cast(Hearing, self.signed(f"{path}/accept", f"{path}/statement"))

    def sign_offer(self, ref: str, offer_id: str) -> Offer:
        """Sign a time the own State offers: accepted by the other, it is agreed at once."""
        path = f"/hearings/{ref}/offers/{offer_id}"
        return cast(Offer, self.signed(f"{path}/sign", f"{path}/statement"))

    def sign_terms(self, ref: str) -> list[str]:
        """Sign the time the other State has accepted; who has signed it then."""
        path = f"/hearings/{ref}/terms"
        return cast(list[str], self.signed(f"{path}/sign", f"{path}/statement")["signed_by"])

    def find_times(self, search: Search) -> Slots:
        """Times inside both courts' hours that suit everything that is to be booked. Holds nothing."""
        return cast(Slots, self.post("/slots/search", said(search)))

    def hearings(self, **params: str) -> Iterator[Hearing]:
        """The hearings of this State, page by page."""
        return self.pages("/hearings", **params)

    def propose(self, proposal: Proposal) -> Hearing:
        """Offer times for a hearing; the requested State accepts one, or asks for another."""
        body = said(proposal)
        first, *others = (said(one) for one in proposal.times)
        del body["times"]
        return cast(Hearing, self.post("/hearings", {**body, **first, "alternatives": others}))

    def counter(self, ref: str, time_: Time | Mapping[str, Any], reason: str) -> Hearing:
        """Ask for another time."""
        body = said(time_) if isinstance(time_, Time) else dict(time_)
        return cast(Hearing, self.post(f"/hearings/{ref}/counter", {**body, "reason": reason}))

    def rights(self, ref: str) -> list[Right]:
        """Every item of the rights checklist, and how it stands now."""
        return cast(list[Right], self.get(f"/hearings/{ref}/rights")["items"])

    def answer_right(self, ref: str, item: str, kind: str = "kept", reason: str = "") -> Right:
        """Answer an item for this State: `kept`, or with a reason `not_applicable` or `not_kept`."""
        return cast(Right, self.post(f"/hearings/{ref}/rights/{item}", {"kind": kind, "reason": reason}))

    def ready(self, ref: str, reason: str | None = None) -> Hearing:
        """Everything is there for the lobby to open. `reason`: why without a line test that has passed."""
        return cast(Hearing, self.post(f"/hearings/{ref}/ready", {"reason": reason} if reason else None))

    def participants(self, ref: str) -> list[Participant]:
        """The people of a hearing."""
        return cast(list[Participant], self.get(f"/hearings/{ref}/participants")["items"])

    def invite(self, ref: str, participant: str) -> Invitation:
        """Make the link somebody joins by; an earlier one dies. Where the answer was lost another one is made."""
        made = self.post(f"/hearings/{ref}/participants/{participant}/invitation")
        return self.invite(ref, participant) if made["pin"] is None else cast(Invitation, made)

    def uninvite(self, ref: str, participant: str) -> None:
        """Let somebody's link die; who has come by it is sent out."""
        self.call("DELETE", f"/hearings/{ref}/participants/{participant}/invitation")
