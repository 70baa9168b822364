"""Sites from which people take part, and the versions of their profiles: what is negotiated over."""

from typing import Annotated, Any

from pydantic import Field

from hearings import queries
from hearings.agreement import agreements, profiles, site_details, sites
from hearings.models import Hearing, Site, SiteProfile
from hearings.models.hearing import RecordingPolicy
from web.api import etags, paging
from web.api.access import Caller
from web.api.fields import Column, Json, Model, Moment, Shown
from web.api.routes import Resource
from web.hearing.api import City, Ref, Why, Zone

router = Resource("sites")

SiteId = Annotated[str, Field(max_length=40, description="Id of the site.")]
ACT = (404, 409, 412)
MOST_KBPS = 10_000_000


def _words(*known: str, least: int = 0) -> Any:
    """A list of words of which the description names all; `hearings.agreement.profiles` reads them."""
    items: dict[str, Any] = {"type": "string", "enum": list(known)}
    default: dict[str, Any] = {} if least else {"default": []}
    return Field(min_length=least, max_length=len(known), json_schema_extra={"items": items}, **default)


class Abilities(Model):
    """What a site can do: negotiated, and seen by whoever negotiates with it. Bandwidth in kbit/s, sound in Hz."""

    endpoint: str = Field(default="webrtc", json_schema_extra={"enum": list(profiles.ids("endpoints"))})
    audio_codecs: list[str] = _words(*profiles.ids("audio_codecs"), least=1)
    video_codecs: list[str] = _words(*profiles.ids("video_codecs"), least=1)
    microphone_hz: int = Field(default=20_000, ge=3_000, le=24_000)
    height: int = Field(json_schema_extra={"enum": list(profiles.table()["sizes"])})
    fps: int = Field(ge=1, le=60)
    up_least: int = Field(ge=16, le=MOST_KBPS, description="Guaranteed.")
    up_target: int = Field(ge=16, le=MOST_KBPS, description="What there usually is; not less than guaranteed.")
    down_least: int = Field(ge=16, le=MOST_KBPS)
    down_target: int = Field(ge=16, le=MOST_KBPS)
    transports: list[str] = _words(*profiles.ids("transports"), least=1)
    encryption: list[str] = _words(*profiles.ids("encryption"), least=1)
    srtp_profiles: list[str] = Field(
        default=sorted(profiles.BROWSER_SRTP),
        min_length=1,
        max_length=len(profiles.ids("srtp_profiles")),
        description="How media can be protected, in IANA's names of DTLS-SRTP protection profiles.",
        json_schema_extra={"items": {"type": "string", "enum": list(profiles.ids("srtp_profiles"))}},
    )
    interpreting: list[str] = _words(*profiles.INTERPRETING)
    booth: bool = False
    relay: bool = Field(default=False, description="One interpreter can hear another, for a pivot language.")
    channels: int = Field(
        default=1, ge=0, le=profiles.MOST_CHANNELS, description="Language channels heard besides the floor."
    )
    recordings: list[str] = _words(*RecordingPolicy, least=1)
    key_holders: list[str] = _words(*profiles.ids("key_holders"), least=1)
    formats: list[str] = _words(*profiles.ids("formats"), least=1)
    private_lines: list[str] = _words(*profiles.PRIVATE_LINES)
    accessibility: list[str] = _words(*profiles.ACCESSIBILITY)
    fallbacks: list[str] = _words(*profiles.ids("fallbacks"))
    redial: int = Field(default=3, ge=0, le=profiles.MOST_REDIALS)
    adjourn_after_minutes: int = Field(
        default=30, ge=1, le=profiles.MOST_MINUTES_DOWN, description="How long a broken line is waited for."
    )
    room_view: bool = Field(default=False, description="A camera can show the whole room (360 degrees).")
    true_to_life: bool = Field(default=False, description="People are shown as if they sat opposite.")
    document_camera: bool = False
    content_sharing: list[str] = _words(*profiles.CONTENT_SHARING)


class Detail(Model):
    """One text for people. A confidential one goes to the other State once both have signed an agreement."""

    value: str = Field(max_length=1000)
    confidential: bool


Details = Annotated[
    dict[str, Detail],
    Field(
        default={},
        max_length=len(site_details.READ),
        description=(
            f"By name: {', '.join(site_details.READ)}. "
            + " ".join(f"`{name}` is one of {', '.join(words)}." for name, words in site_details.CHOICES.items())
            + " `dial_number` is E.164, `ports` such as `443/tcp, 50000-50100/udp`. A PIN is never part of a profile."
        ),
        json_schema_extra={"propertyNames": {"enum": list(site_details.READ)}},
    ),
]


class NewSite(Model):
    """A site with the first version of its profile."""

    name: str = Field(min_length=1, max_length=200)
    court: str = Field(min_length=1, max_length=300)
    room: str = Field(default="", max_length=100)
    city: City
    zone: Zone
    abilities: Abilities
    details: Details


class NewProfile(Model):
    """The next version of a profile, whole, and why."""

    abilities: Abilities
    details: Details
    reason: str = Field(min_length=3, max_length=500)


class ShownSite(Shown):
    """A site with the newest version of its profile; of another State's details only those that are public."""

    id: str
    state: str
    name: str
    court: str
    room: str
    city: str
    zone: str
    created_at: Moment
    retired_at: Moment | None
    version: int
    abilities: Json
    details: Json


class SiteList(Shown):
    """A page of one's own sites, in the order they were added."""

    items: list[ShownSite]
    next: str


class OfferedSites(Shown):
    """Sites of both States that are in use: between them an agreement can be drafted."""

    items: list[ShownSite]


class ShownProfile(Shown):
    """One version of a profile. Versions are never changed."""

    version: int
    abilities: Json
    details: Json
    reason: str
    by: Annotated[str, Column("created_label")]
    created_at: Moment


class ProfileList(Shown):
    """Every version, the newest first."""

    items: list[ShownProfile]


def _site(row: Site, profile: SiteProfile, *, state: str, signed: bool = False) -> ShownSite:
    names = sites.details_for(profile, state=state, signed=signed)
    return ShownSite.from_row(
        row,
        state=row.owner_state,
        version=profile.version,
        abilities=profile.abilities,
        details={name: profile.details[name] for name in names},
    )


async def _tagged(caller: Caller, row: Site) -> ShownSite:
    await caller.db.flush()
    return etags.tag(caller, _site(row, await sites.newest(caller.db, row.id), state=caller.state))


@router.create("/sites", scope="agreements:write", tagged=True, gives={"site": "id"})
async def add_site(caller: Caller, body: NewSite) -> ShownSite:
    """Add a site of one's own State."""
    row, _made = await sites.add(
        caller.db,
        name=body.name,
        court=body.court,
        room=body.room,
        city=body.city,
        zone_name=body.zone,
        abilities=body.abilities.model_dump(),
        details={name: one.model_dump() for name, one in body.details.items()},
        actor=caller.actor,
        now=caller.now,
    )
    caller.headers["Location"] = caller.url(f"/sites/{row.id}")
    return await _tagged(caller, row)


@router.read("/sites", scope="agreements:read", paged=True, gives={"site": "items/0/id"})
async def list_sites(
    caller: Caller, retired: bool = False, after: paging.After = "", limit: paging.Limit = 50
) -> SiteList:
    """One's own sites, with `retired` those no longer used as well."""
    page = await sites.sites(caller.db, state=caller.state, retired=retired, after=after, limit=limit)
    items = [_site(row, await sites.newest(caller.db, row.id), state=caller.state) for row in page.rows]
    return SiteList(items=items, next=paging.link(caller, page.after))


@router.read("/sites/{site}", scope="agreements:read", errors=(404,), tagged=True)
async def read_site(caller: Caller, site: SiteId) -> ShownSite:
    """Read one of one's own sites. Those of the other State of a hearing are at `/hearings/{ref}/sites`."""
    return await _tagged(caller, await sites.site(caller.db, site, state=caller.state))


@router.read("/sites/{site}/profiles", scope="agreements:read", errors=(404,))
async def list_profiles(caller: Caller, site: SiteId) -> ProfileList:
    """Every version of the profile of one of one's own sites."""
    row = await sites.site(caller.db, site, state=caller.state)
    return ProfileList(items=[ShownProfile.from_row(version) for version in await sites.versions(caller.db, row.id)])


@router.create("/sites/{site}/profiles", scope="agreements:write", errors=ACT, tagged=True)
async def publish_profile(caller: Caller, site: SiteId, body: NewProfile) -> ShownSite:
    """Publish a new version of a profile. With other abilities, agreements built on the one before are void."""
    row = await sites.site(caller.db, site, state=caller.state)
    etags.allow(caller, await _tagged(caller, row))
    await sites.publish(
        caller.db,
        site=row,
        abilities=body.abilities.model_dump(),
        details={name: one.model_dump() for name, one in body.details.items()},
        reason=body.reason,
        actor=caller.actor,
        now=caller.now,
    )
    caller.headers["Location"] = caller.url(f"/sites/{row.id}")
    return await _tagged(caller, row)


@router.act("/sites/{site}/retire", scope="agreements:write", errors=ACT, tagged=True)
async def retire_site(caller: Caller, site: SiteId, body: Why) -> ShownSite:
    """A site is no longer used; running agreements built on it are void."""
    row = await sites.site(caller.db, site, state=caller.state)
    etags.allow(caller, await _tagged(caller, row))
    await sites.retire(caller.db, site=row, reason=body.reason, actor=caller.actor, now=caller.now)
    return await _tagged(caller, row)


@router.read("/hearings/{ref}/sites", scope="agreements:read", errors=(404,))
async def list_sites_of_hearing(caller: Caller, ref: Ref) -> OfferedSites:
    """Sites of both States of a hearing: what a draft of an agreement may name."""
    hearing = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(hearing)
    signed = await _signed_sites(caller, hearing)
    items = []
    for row in await sites.on_offer(caller.db, states=[hearing.requesting_state, hearing.requested_state]):
        profile = await sites.newest(caller.db, row.id)
        items.append(_site(row, profile, state=caller.state, signed=profile.id in signed))
    return OfferedSites(items=items)


async def _signed_sites(caller: Caller, hearing: Hearing) -> set[str]:
    """The profiles of the agreement both States have signed: their details are for both."""
    found = await agreements.running(caller.db, hearing.id)
    if found is None or found.status not in agreements.SIGNED:
        return set()
    return {found.requesting_profile_id, found.requested_profile_id}
