"""Sites and the versions of their profiles: added by their own State, never changed, a new version instead.

A new version voids the agreements that were built on the version before (`hearings.agreement.agreements`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.agreement import agreements, profiles, site_details
from hearings.clocks import zone
from hearings.errors import Invalid, NotFound
from hearings.models import Site, SiteProfile
from hearings.paging import Page, page
from hearings.permissions import require_staff
from hearings.sentences import tell
from hearings.texts import clean


async def add(
    db: AsyncSession,
    *,
    name: str,
    court: str,
    room: str = "",
    city: str,
    zone_name: str,
    abilities: Mapping[str, Any],
    details: Mapping[str, Any] | None = None,
    actor: Actor,
    now: datetime,
) -> tuple[Site, SiteProfile]:
    """Add a site of the actor's State with the first version of its profile.

    Raises `UnknownZone`, and `Invalid` naming the field. Effects: adds the site and its profile.
    """
    _require("manage_sites", actor)
    zone(zone_name)
    site = Site(
        owner_state=actor.state,
        name=clean(name, "name", most=200, least=1),
        court=clean(court, "court", most=300, least=1),
        room=clean(room, "room", most=100),
        city=clean(city, "city", most=100, least=1),
        zone=zone_name,
        created_by=actor.id,
        created_at=now,
    )
    db.add(site)
    await db.flush()
    return site, await _version(db, site, 1, abilities, details or {}, "", actor, now)


async def publish(
    db: AsyncSession,
    *,
    site: Site,
    abilities: Mapping[str, Any],
    details: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: datetime,
) -> SiteProfile:
    """A new version of a site's profile, with the reason.

    Raises `NotFound` for another State's site; `Invalid` when nothing has changed, or naming the field.
    Effects, in order: adds the version; voids running agreements built on an older one, each with this reason.
    """
    _require("manage_sites", actor)
    if site.owner_state != actor.state:
        raise NotFound
    if site.retired_at is not None:
        raise Invalid(tell("This site is no longer used"), "site")
    reason = clean(reason, "reason", most=500, least=3)
    last = await newest(db, site.id)
    made = await _version(db, site, last.version + 1, abilities, details, reason, actor, now)
    if (made.abilities, made.details) == (last.abilities, last.details):
        raise Invalid(tell("Nothing has changed"), "")
    if profiles.parse(made.abilities) != profiles.parse(last.abilities):  # the last may lack fields added since
        await agreements.void_built_on(
            db, site_id=site.id, reason=f"{site.name}: profile version {made.version}: {reason}", actor=actor, now=now
        )
    return made


async def retire(db: AsyncSession, *, site: Site, reason: str, actor: Actor, now: datetime) -> None:
    """The site is no longer used. Effects: `retired_at`; voids running agreements built on it."""
    _require("manage_sites", actor)
    if site.owner_state != actor.state:
        raise NotFound
    reason = clean(reason, "reason", most=500, least=3)
    site.retired_at = now
    db.add(site)
    await agreements.void_built_on(
        db, site_id=site.id, reason=f"{site.name} is no longer used: {reason}", actor=actor, now=now
    )


async def _version(
    db: AsyncSession,
    site: Site,
    version: int,
    abilities: Mapping[str, Any],
    details: Mapping[str, Any],
    reason: str,
    actor: Actor,
    now: datetime,
) -> SiteProfile:
    made = SiteProfile(
        owner_state=site.owner_state,
        site_id=site.id,
        version=version,
        abilities=profiles.as_json(profiles.parse(abilities)),
        details=site_details.parse(details),
        reason=reason,
        created_by=actor.id,
        created_label=actor.label,
        created_at=now,
    )
    db.add(made)
    await db.flush()
    return made


def _require(action: str, actor: Actor) -> None:
    require_staff(action, actor, requesting_state=actor.state, requested_state=actor.state)


# --- reading -----------------------------------------------------------------------------------------------------


async def site(db: AsyncSession, site_id: str, *, state: str) -> Site:
    """A State's own site. Raises `NotFound`."""
    row = await db.get(Site, site_id) if "\x00" not in site_id else None
    if row is None or row.owner_state != state:
        raise NotFound
    return row


async def sites(db: AsyncSession, *, state: str, retired: bool = False, after: str = "", limit: int = 50) -> Page[Site]:
    """A State's sites, in the order they were added."""
    query = select(Site).where(Site.owner_state == state)
    if not retired:
        query = query.where(col(Site.retired_at).is_(None))
    return await page(db, query, col(Site.id), after=after, limit=limit)


async def on_offer(db: AsyncSession, *, states: Sequence[str], limit: int = 200) -> Sequence[Site]:
    """Sites of these States that are in use: what a draft of an agreement between them may name."""
    query = select(Site).where(col(Site.owner_state).in_(states), col(Site.retired_at).is_(None))
    return (await db.exec(query.order_by(col(Site.owner_state), col(Site.id)).limit(limit))).all()


async def newest(db: AsyncSession, site_id: str) -> SiteProfile:
    """The newest version of a profile. Raises `NotFound`."""
    query = select(SiteProfile).where(SiteProfile.site_id == site_id).order_by(col(SiteProfile.version).desc())
    row = (await db.exec(query.limit(1))).first()
    if row is None:
        raise NotFound
    return row


async def versions(db: AsyncSession, site_id: str) -> Sequence[SiteProfile]:
    """Every version, the newest first."""
    query = select(SiteProfile).where(SiteProfile.site_id == site_id).order_by(col(SiteProfile.version).desc())
    return (await db.exec(query)).all()


def details_for(profile: SiteProfile, *, state: str, signed: bool) -> dict[str, str]:
    """The texts for people that `state` may read: its own all; another's public ones, all once both have signed."""
    own = profile.owner_state == state
    return {
        name: detail["value"] for name, detail in profile.details.items() if own or signed or not detail["confidential"]
    }
