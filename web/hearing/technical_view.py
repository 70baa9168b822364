"""What the page of a hearing displays of its technical agreement: key terms, the last line test, contacts of the
sites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.agreement import agreements, facts as agreement_facts, line_tests, sites
from hearings.models import Agreement, Hearing, LineTest, Person, Site, SiteProfile
from web.words import technical as technical_words
from web.words.i18n import N_, _, decimal, ngettext

CONTACTS = (
    "room_phone",
    "technician_name",
    "technician_phone",
    "technician_email",
    "deputy",
    "judicial_contact",
)
"""Details of a site that are displayed with the hearing; the page of the agreement has all of them."""


@dataclass(frozen=True, kw_only=True)
class LineResult:
    """One site's line in the last test. `chip`: kind and words."""

    place: str
    own: bool
    chip: tuple[str, str]
    figures: str
    """Empty until the site has reported."""


@dataclass(frozen=True, kw_only=True)
class SiteContact:
    """Telephones and people of one site, label by label."""

    name: str
    state: str
    details: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class TechnicalView:
    """The technical agreement (None if there is none that the reader may see)."""

    agreement: Agreement | None = None
    tested: bool = False
    holds: bool = False
    """Whether the facts its terms rest on are unchanged."""
    terms: list[tuple[str, str]] = field(default_factory=list)
    lines: list[LineResult] = field(default_factory=list)
    tested_at: datetime | None = None
    contacts: list[SiteContact] = field(default_factory=list)


async def of_hearing(db: AsyncSession, hearing: Hearing, person: Person) -> TechnicalView:
    """The agreement in force of a hearing, as its State may see it."""
    agreement = await agreements.running(db, hearing.id)
    if agreement is None or not await agreements.visible(db, agreement, person.owner_state):
        return TechnicalView()
    changed = agreement_facts.changed(agreement.terms["facts"], await agreement_facts.facts(db, hearing))
    profiles = [
        await queries.get(db, SiteProfile, profile)
        for profile in (agreement.requesting_profile_id, agreement.requested_profile_id)
    ]
    places = [await queries.get(db, Site, profile.site_id) for profile in profiles]
    test = await line_tests.latest(db, agreement)
    reports = {row.owner_state: row.measured for row in await line_tests.reports(db, test)} if test else {}
    signed = agreement.status in agreements.SIGNED
    return TechnicalView(
        agreement=agreement,
        tested=await line_tests.good(db, agreement, hearing),
        holds=not changed,
        terms=_terms(agreement.terms.get("session") or {}),
        lines=[_line(site, test, reports.get(site.owner_state), person) for site in places] if test else [],
        tested_at=test.judged_at or test.begun_at if test else None,
        contacts=[
            SiteContact(
                name=f"{site.name}, {site.city}", state=site.owner_state, details=_contacts(profile, person, signed)
            )
            for site, profile in zip(places, profiles, strict=True)
        ],
    )


def _contacts(profile: SiteProfile, person: Person, signed: bool) -> list[tuple[str, str]]:
    visible = sites.details_for(profile, state=person.owner_state, signed=signed)
    return [(_(technical_words.DETAILS[name]), visible[name]) for name in CONTACTS if name in visible]


def _terms(session: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The terms that people ask for, in words; nothing before there are any."""
    if not session:
        return []
    breakdown = session["breakdown"]
    minutes = breakdown["adjourn_after_minutes"]
    adjourn = ngettext("adjourn after {n} minute", "adjourn after {n} minutes", minutes).format(n=minutes)
    broken = _("telephone, then {adjourn}").format(adjourn=adjourn) if breakdown["phone"] else adjourn
    picture = _("{height} lines, {fps} frames a second").format(height=session["height"], fps=session["fps"])
    return [
        (_("Picture"), picture),
        (_("Interpreting"), technical_words.word(session["interpreting"])),
        (_("Recording"), technical_words.word(session["recording"])),
        (technical_words.named(technical_words.ABILITIES, "fallbacks"), broken),
    ]


PASSED: Mapping[bool | None, tuple[str, str]] = {
    True: ("ok", N_("Passed")),
    False: ("rec", N_("Not passed")),
    None: ("plain", N_("Not judged yet")),
}


def _line(site: Site, test: LineTest, measured: Mapping[str, Any] | None, person: Person) -> LineResult:
    side = "requesting" if site.owner_state == test.owner_state else "requested"
    failed = _failed(test.findings, side)
    kind, text = PASSED[None if test.judged_at is None else not failed]
    return LineResult(
        place=f"{site.name}, {site.city}",
        own=site.owner_state == person.owner_state,
        chip=(kind, _(text)),
        figures=_figures(measured) if measured else "",
    )


def _failed(findings: Sequence[Mapping[str, Any]], side: str) -> bool:
    return any(not finding["passed"] for finding in findings if finding["side"] in (side, "both"))


def _figures(measured: Mapping[str, Any]) -> str:
    return _("{up} Mbit/s up · {rtt} ms · {loss} % loss").format(
        up=decimal(measured["up_kbps"] / 1000, 1),
        rtt=decimal(measured["rtt_ms"]),
        loss=decimal(measured["loss_percent"], 1),
    )
