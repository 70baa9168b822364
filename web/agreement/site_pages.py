"""Sites of one's own State: the list, a new one, and the versions of a profile."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, reference
from hearings.agreement import profiles, site_details, sites
from hearings.models import Person, Site, SiteProfile
from hearings.models.hearing import RecordingPolicy
from hearings.permissions import may_staff
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words import technical as technical_words
from web.words.i18n import N_, _

FIELDS = 200
DONE = {
    "added": N_("The site has been added."),
    "published": N_("The new version counts from now on. Agreements built on the version before are void."),
    "retired": N_("The site is no longer used."),
}
LISTS: Mapping[str, tuple[str, ...]] = {
    "audio_codecs": profiles.ids("audio_codecs"),
    "video_codecs": profiles.ids("video_codecs"),
    "transports": profiles.ids("transports"),
    "encryption": profiles.ids("encryption"),
    "srtp_profiles": profiles.ids("srtp_profiles"),
    "interpreting": profiles.INTERPRETING,
    "recordings": tuple(policy.value for policy in RecordingPolicy),
    "key_holders": profiles.ids("key_holders"),
    "formats": profiles.ids("formats"),
    "private_lines": profiles.PRIVATE_LINES,
    "accessibility": profiles.ACCESSIBILITY,
    "content_sharing": profiles.CONTENT_SHARING,
    "fallbacks": profiles.ids("fallbacks")[:-1],
}
NUMBERS = (
    *("channels", "microphone_hz", "fps", "up_least", "up_target", "down_least", "down_target"),
    *("redial", "adjourn_after_minutes"),
)
FLAGS = ("booth", "relay", "room_view", "true_to_life", "document_camera")
BLANK: Mapping[str, Any] = {
    "endpoint": "webrtc",
    "audio_codecs": ["opus-fb"],
    "video_codecs": ["vp8"],
    "microphone_hz": "20000",
    "channels": "1",
    "redial": "3",
    "adjourn_after_minutes": "30",
    "height": "720",
    "fps": "25",
    "transports": ["udp_direct"],
    "encryption": ["dtls_srtp"],
    "srtp_profiles": sorted(profiles.BROWSER_SRTP),
    "key_holders": ["both_states"],
    "formats": ["webm"],
}
"""What a new profile's form begins with: what a browser at a desk has."""


async def index(request: Request) -> Response:
    """The sites of one's State."""
    _signed, person = staff(request)
    after = request.query_params.get("after", "")
    async with request.app.state.parts.database.reading() as db:
        page = await sites.sites(db, state=person.owner_state, retired=True, after=after)
        newest = {site.id: await sites.newest(db, site.id) for site in page.rows}
    done = request.query_params.get("done", "")
    context = {
        "page": page,
        "newest": newest,
        "can_add": _may(person),
        "notice": _(DONE[done]) if done in DONE else None,
    }
    return render(request, "sites.html", context)


async def new_page(request: Request) -> Response:
    """An empty form."""
    staff(request)
    return _form(request, None, dict(BLANK), [])


async def create(request: Request) -> Response:
    """Effects: those of `sites.add`."""
    signed, _person = staff(request)
    form = await forms.read(request, most=FIELDS)
    try:
        async with request.app.state.parts.database.transaction() as db:
            site, _profile = await sites.add(
                db,
                name=form.text("name"),
                court=form.text("court"),
                room=form.text("room"),
                city=form.text("city"),
                zone_name=form.text("zone"),
                abilities=_abilities(form),
                details=_details(form),
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        return _form(request, None, _typed(form), [_wrong(error)])
    return RedirectResponse(f"/sites/{site.id}?done=added", 303)


async def show(request: Request) -> Response:
    """One site, its newest profile, and the versions before."""
    signed, person = staff(request)
    return await _site_page(request, signed, person, [], None)


async def publish(request: Request) -> Response:
    """Effects: those of `sites.publish`."""
    signed, person = staff(request)
    form = await forms.read(request, most=FIELDS)
    try:
        async with request.app.state.parts.database.transaction() as db:
            site = await sites.site(db, request.path_params["site"], state=person.owner_state)
            await sites.publish(
                db,
                site=site,
                abilities=_abilities(form),
                details=_details(form),
                reason=form.text("reason"),
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        return await _site_page(request, signed, person, [_wrong(error)], _typed(form))
    return RedirectResponse(f"/sites/{site.id}?done=published", 303)


async def retire(request: Request) -> Response:
    """Effects: those of `sites.retire`."""
    signed, person = staff(request)
    form = await forms.read(request)
    try:
        async with request.app.state.parts.database.transaction() as db:
            site = await sites.site(db, request.path_params["site"], state=person.owner_state)
            await sites.retire(db, site=site, reason=form.text("why"), actor=signed.actor(), now=datetime.now(UTC))
    except errors.Invalid:
        text = FormError("why", _("Write why, in at least a few words: the other State will read it."))
        return await _site_page(request, signed, person, [text], None)
    return RedirectResponse("/sites?done=retired", 303)


async def _site_page(
    request: Request, signed: SignedIn, person: Person, wrong: list[FormError], values: dict[str, Any] | None
) -> Response:
    async with request.app.state.parts.database.reading() as db:
        site = await sites.site(db, request.path_params["site"], state=person.owner_state)
        versions = await sites.versions(db, site.id)
    done = request.query_params.get("done", "")
    extra = {
        "versions": versions,
        "can_change": _may(person) and site.retired_at is None,
        "shown": shown(versions[0]),
        "details": shown_details(versions[0], state=person.owner_state, signed=False),
        "notice": _(DONE[done]) if done in DONE and not wrong else None,
    }
    return _form(request, site, values or _as_values(versions[0]), wrong, extra)


def shown(profile: SiteProfile) -> list[tuple[str, str]]:
    """A profile's abilities, label and value in words."""
    return [
        (_(label), technical_words.word(profile.abilities[name]))
        for name, label in technical_words.ABILITIES.items()
        if name in profile.abilities
    ]


def shown_details(profile: SiteProfile, *, state: str, signed: bool) -> list[tuple[str, str, bool]]:
    """The texts for people that a State may read: label, text, whether it is confidential."""
    visible = sites.details_for(profile, state=state, signed=signed)
    return [
        (
            _(label),
            technical_words.word(visible[name]) if name in site_details.CHOICES else visible[name],
            profile.details[name]["confidential"],
        )
        for name, label in {**technical_words.DETAILS, **technical_words.OLDER_DETAILS}.items()
        if name in visible
    ]


def _abilities(form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {name: form.all(name) for name in LISTS}
    found |= {name: form.text(name) for name in (*NUMBERS, "height", "endpoint")}
    return found | {name: form.text(name) == "yes" for name in FLAGS}


def _details(form: Form) -> dict[str, Any]:
    return {
        name: {
            "value": form.text(f"detail_{name}").replace("\r\n", "\n"),
            "confidential": form.text(f"secret_{name}") == "yes",
        }
        for name in site_details.READ
    }


def _typed(form: Form) -> dict[str, Any]:
    return {**form.first, **{name: form.all(name) for name in LISTS}}


def _as_values(profile: SiteProfile) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in profiles.as_json(profiles.parse(profile.abilities)).items():
        values[name] = ("yes" if value else "") if isinstance(value, bool) else value
        if isinstance(value, int) and not isinstance(value, bool):
            values[name] = str(value)
    for name, detail in profile.details.items():
        values[f"detail_{name}"] = detail["value"]
        values[f"secret_{name}"] = "yes" if detail["confidential"] else ""
    return values


def _wrong(error: errors.Invalid) -> FormError:
    labels = {name: _(text) for name, text in {**technical_words.ABILITIES, **SITE_LABELS}.items()}
    labels |= {name: _(text) for name, text in technical_words.DETAILS.items()}
    told = forms.explain(error, labels)
    if isinstance(error, errors.UnknownZone):
        return FormError("zone", told.text)
    return FormError(f"detail_{told.field}" if told.field in site_details.READ else told.field, told.text)


SITE_LABELS = {
    "name": N_("Name of the site"),
    "court": N_("Court or authority"),
    "room": N_("Room"),
    "city": N_("City"),
    "reason": N_("What has changed"),
}


def _form(
    request: Request,
    site: Site | None,
    values: dict[str, Any],
    wrong: list[FormError],
    extra: Mapping[str, Any] | None = None,
) -> Response:
    person = staff(request)[1]
    zones = sorted({row.zone for row in reference.court_hours() if row.state == person.owner_state})
    zones = zones or [reference.jurisdiction(person.owner_state).default_zone]
    context = {
        "site": site,
        "values": values,
        "errors": wrong,
        "zones": [(zone, zone) for zone in zones],
        "endpoints": [(one, technical_words.word(one)) for one in profiles.ids("endpoints")],
        "heights": [(str(one), str(one)) for one in profiles.table()["sizes"]],
        "lists": [
            (name, _(technical_words.ABILITIES[name]), [(word, technical_words.word(word)) for word in words])
            for name, words in LISTS.items()
        ],
        "numbers": [(name, _(technical_words.ABILITIES[name])) for name in NUMBERS],
        "flags": [(name, _(technical_words.ABILITIES[name])) for name in FLAGS],
        "detail_fields": [
            (name, _(text), _(technical_words.HINTS[name]) if name in technical_words.HINTS else "")
            for name, text in technical_words.DETAILS.items()
        ],
        "detail_choices": {
            name: [(word, technical_words.word(word)) for word in words] for name, words in site_details.CHOICES.items()
        },
        "detail_lines": site_details.LINES,
        "labels": {name: _(text) for name, text in {**SITE_LABELS, **technical_words.ABILITIES}.items()},
    }
    template = "site_new.html" if site is None else "site.html"
    return render(request, template, context | dict(extra or {}), status=422 if wrong else 200)


def _may(person: Person) -> bool:
    own = person.owner_state
    functions = frozenset(person.functions)
    return may_staff("manage_sites", functions, own_state=own, requesting_state=own, requested_state=own).allowed


routes = [
    Route("/sites", index, methods=["GET"]),
    Route("/sites/new", new_page, methods=["GET"]),
    Route("/sites/new", create, methods=["POST"]),
    Route("/sites/{site}", show, methods=["GET"]),
    Route("/sites/{site}", publish, methods=["POST"]),
    Route("/sites/{site}/retire", retire, methods=["POST"]),
]
