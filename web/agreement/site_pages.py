"""Sites of one's own State: the list, adding a site, and the versions of its profile."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors, reference
from hearings.agreement import profiles, site_details, sites
from hearings.models import Person, Site, SiteProfile
from hearings.models.hearing import RecordingPolicy
from web.server import forms
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.server.sign_in import may_own, staff
from web.words import technical as technical_words
from web.words.i18n import N_, _
from web.words.refusals import WRITE_WHY

FIELDS = 200
DONE = {
    "added": N_("The site has been added."),
    "published": N_("The new version applies from now on. Agreements based on the earlier version are void."),
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
"""The default values of a new profile: those of a browser at a desk."""


async def index(request: Request) -> Response:
    """The sites of one's State."""
    _signed, person = staff(request)
    after = request.query_params.get("after", "")
    async with request.app.state.parts.database.reading() as db:
        page = await sites.sites(db, state=person.owner_state, retired=True, after=after)
        newest = {site.id: await sites.newest(db, site.id) for site in page.rows}
    context = {
        "page": page,
        "newest": newest,
        "can_add": may_own("manage_sites", person),
        "notice": notice(request, DONE),
    }
    return render(request, "sites.html", context)


async def new_page(request: Request) -> Response:
    """An empty form."""
    staff(request)
    return _form(request, None, dict(BLANK), [])


async def _new_again(sent: Sent, error: errors.Invalid) -> Response:
    return _form(sent.request, None, _typed(sent.form), [_wrong(error)])


@page_act(_new_again, most=FIELDS)
async def create(sent: Sent) -> str:
    """Effects: those of `sites.add`."""
    form = sent.form
    site, _profile = await sites.add(
        sent.db,
        name=form.text("name"),
        court=form.text("court"),
        room=form.text("room"),
        city=form.text("city"),
        zone_name=form.text("zone"),
        abilities=_abilities(form),
        details=_details(form),
        **sent.by,
    )
    return f"/sites/{site.id}?done=added"


async def show(request: Request) -> Response:
    """One site, its newest profile, and the earlier versions."""
    _signed, person = staff(request)
    return await _site_page(request, person, None, [])


async def _again(sent: Sent, error: errors.Invalid) -> Response:
    return await _site_page(sent.request, sent.person, _typed(sent.form), [_wrong(error)])


@page_act(_again, most=FIELDS)
async def publish(sent: Sent) -> str:
    """Effects: those of `sites.publish`."""
    form = sent.form
    site = await sites.site(sent.db, sent.path["site"], state=sent.state)
    await sites.publish(
        sent.db,
        site=site,
        abilities=_abilities(form),
        details=_details(form),
        reason=form.text("reason"),
        **sent.by,
    )
    return f"/sites/{site.id}?done=published"


async def _why(sent: Sent, error: errors.Invalid) -> Response:
    wrong = FormError("why", _(WRITE_WHY))
    return await _site_page(sent.request, sent.person, None, [wrong])


@page_act(_why)
async def retire(sent: Sent) -> str:
    """Effects: those of `sites.retire`."""
    site = await sites.site(sent.db, sent.path["site"], state=sent.state)
    await sites.retire(sent.db, site=site, reason=sent.form.text("why"), **sent.by)
    return "/sites?done=retired"


async def _site_page(
    request: Request, person: Person, values: dict[str, Any] | None, wrong: list[FormError]
) -> Response:
    async with request.app.state.parts.database.reading() as db:
        site = await sites.site(db, request.path_params["site"], state=person.owner_state)
        versions = await sites.versions(db, site.id)
    extra = {
        "versions": versions,
        "can_change": may_own("manage_sites", person) and site.retired_at is None,
        "shown": abilities(versions[0]),
        "details": shown_details(versions[0], state=person.owner_state, signed=False),
        "notice": notice(request, DONE, wrong),
    }
    return _form(request, site, values or _as_values(versions[0]), wrong, extra)


def abilities(profile: SiteProfile) -> list[tuple[str, str]]:
    """A profile's abilities, label and value in words."""
    return [
        (_(label), technical_words.word(profile.abilities[name]))
        for name, label in technical_words.ABILITIES.items()
        if name in profile.abilities
    ]


def shown_details(profile: SiteProfile, *, state: str, signed: bool) -> list[tuple[str, str, bool]]:
    """The details of a profile that a State may read: label, text, and whether it is confidential."""
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
    given: dict[str, Any] = {name: form.all(name) for name in LISTS}
    given |= {name: form.text(name) for name in (*NUMBERS, "height", "endpoint")}
    return given | {name: form.text(name) == "yes" for name in FLAGS}


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
    explained = forms.explain(error, labels)
    if isinstance(error, errors.UnknownZone):
        return FormError("zone", explained.text)
    return FormError(
        f"detail_{explained.field}" if explained.field in site_details.READ else explained.field, explained.text
    )


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
        "details_open": any(error.field.startswith("detail_") for error in wrong),
        "zones": [(zone, zone) for zone in zones],
        "endpoints": [(row_id, technical_words.word(row_id)) for row_id in profiles.ids("endpoints")],
        "heights": [(str(height), str(height)) for height in profiles.table()["sizes"]],
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


routes = [
    Route("/sites", index, methods=["GET"]),
    Route("/sites/new", new_page, methods=["GET"]),
    Route("/sites/new", create, methods=["POST"]),
    Route("/sites/{site}", show, methods=["GET"]),
    Route("/sites/{site}", publish, methods=["POST"]),
    Route("/sites/{site}/retire", retire, methods=["POST"]),
]
