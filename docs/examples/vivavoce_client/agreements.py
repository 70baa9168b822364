"""Sites, technical agreements between two of them, and the test of the line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from vivavoce_client.calls import Calls, said


class Site(TypedDict):
    """A room that can take part, and what its equipment can do."""

    id: str
    state: str
    name: str
    court: str
    room: str
    city: str
    zone: str
    version: int
    abilities: dict[str, Any]
    details: dict[str, Any]
    retired_at: str | None


@dataclass(frozen=True, kw_only=True)
class NewSite:
    """A site to be added. `abilities` as in the API's description; `details`: `{name: {value, confidential}}`."""

    name: str
    court: str
    city: str
    zone: str
    abilities: Mapping[str, Any]
    room: str | None = None
    details: Mapping[str, Any] | None = None


class Agreement(TypedDict):
    """A technical agreement: each line says what came of it and why."""

    hearing: str
    number: int
    status: str
    round: int
    by_state: str
    lines: list[dict[str, Any]]
    session: dict[str, Any] | None
    terms: dict[str, Any]
    terms_sha256: str
    signed_by: list[str]


class LineTest(TypedDict):
    """A test of the line; `passed` is null until both sites have reported."""

    hearing: str
    agreement: int
    id: str
    begun_at: str
    judged_at: str | None
    passed: bool | None
    findings: list[dict[str, Any]]
    reports: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one site measured. `tones`: dB above the noise beside each, by frequency in Hz."""

    seconds: float
    rtt_ms: float
    loss_percent: float
    jitter_ms: float
    up_kbps: float
    down_kbps: float
    tones: Mapping[str, float]
    sound_ahead_ms: float | None = None


class Agreements(Calls):
    """What is done with sites and agreements."""

    def sites(self) -> Iterator[Site]:
        """Our own sites in use."""
        return self.pages("/sites")

    def sites_of(self, ref: str) -> list[Site]:
        """Sites of both States of a hearing, without what they keep confidential."""
        return cast(list[Site], self.get(f"/hearings/{ref}/sites")["items"])

    def add_site(self, site: NewSite) -> Site:
        """Add a site of our own."""
        return cast(Site, self.post("/sites", said(site)))

    def publish(self, site_id: str, abilities: Mapping[str, Any], reason: str) -> Site:
        """Publish what a site can do now. Agreements that rest on other abilities are void."""
        body = {"abilities": dict(abilities), "reason": reason}
        return cast(Site, self.post(f"/sites/{site_id}/profiles", body))

    def draft_agreement(
        self, ref: str, requesting_site: str, requested_site: str, needs: Mapping[str, Any] | None = None
    ) -> Agreement:
        """Negotiate two sites. Nobody else sees it before it is proposed."""
        body = {"requesting_site": requesting_site, "requested_site": requested_site, "needs": dict(needs or {})}
        return cast(Agreement, self.post(f"/hearings/{ref}/agreements", body))

    def propose_agreement(self, ref: str, number: int) -> Agreement:
        """Put a draft on the table."""
        return cast(Agreement, self.post(f"/hearings/{ref}/agreements/{number}/propose"))

    def agreements(self, ref: str) -> list[Agreement]:
        """The technical agreements of a hearing, whole, the newest first."""
        found = self.get(f"/hearings/{ref}/agreements")["items"]
        return [cast(Agreement, self.get(f"/hearings/{ref}/agreements/{one['number']}")) for one in found]

    def sign_agreement(self, ref: str, number: int) -> Agreement:
        """Sign the terms on the table."""
        path = f"/hearings/{ref}/agreements/{number}"
        return cast(Agreement, self.signed(f"{path}/sign", f"{path}/statement"))

    def begin_line_test(self, ref: str, number: int) -> LineTest:
        """Begin a test, or join the one the other site has begun."""
        return cast(LineTest, self.post(f"/hearings/{ref}/agreements/{number}/line-tests"))

    def report(self, test: LineTest, measured: Measured) -> LineTest:
        """Report what our site has measured. With the second report the test is judged."""
        path = f"/hearings/{test['hearing']}/agreements/{test['agreement']}/line-tests/{test['id']}/report"
        return cast(LineTest, self.post(path, said(measured)))
