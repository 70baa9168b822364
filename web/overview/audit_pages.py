"""The audit for administrators: what was done in the administration of a State, and what the other State has viewed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import clocks
from hearings.actors import SYSTEM
from hearings.models import Person, SharedView
from hearings.models.history import InstallationKind
from hearings.models.law import JointStatus
from hearings.outward import heads
from hearings.overview import audit
from hearings.overview.audit import AdministrativeAct, AuditSubject
from hearings.paging import Page
from web.law.forms import KINDS as LAW_KINDS
from web.outward.webhook_pages import WHY as SWITCHED_OFF
from web.overview.change_pages import KINDS as CHANGE_KINDS
from web.people.staff_pages import CHANGED, what_changed
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import administrator
from web.server.tables import csv_answer
from web.words import court_clocks
from web.words.court_clocks import CourtClock
from web.words.i18n import N_, _
from web.words.refusals import ENTER_DATE

PAGE = 50
MOST = 10_000
"""Most lines of the table as CSV, the newest."""
RIGHT = "see_audit"
VIEWS = "views"
SUBJECTS: Mapping[AuditSubject, str] = {
    AuditSubject.staff: N_("Staff and recoveries"),
    AuditSubject.signing_key: N_("Signing keys"),
    AuditSubject.recipient: N_("Recipients of recordings"),
    AuditSubject.api_client: N_("API clients"),
    AuditSubject.webhook: N_("Webhooks"),
    AuditSubject.law: N_("Law"),
    AuditSubject.joint_change: N_("Changes confirmed by another administrator"),
    AuditSubject.installation: N_("Installation"),
}
ACTS: Mapping[tuple[AuditSubject, str], str] = {
    (AuditSubject.staff, "added"): N_("Person added"),
    (AuditSubject.staff, "active"): N_("Person reactivated"),
    (AuditSubject.staff, "inactive"): N_("Person deactivated"),
    (AuditSubject.staff, "changed"): N_("Person changed"),
    (AuditSubject.signing_key, "added"): N_("Signing key registered"),
    (AuditSubject.signing_key, "retired"): N_("Signing key retired"),
    (AuditSubject.recipient, "added"): N_("Recipient added"),
    (AuditSubject.recipient, "retired"): N_("Recipient retired"),
    (AuditSubject.api_client, "added"): N_("API client registered"),
    (AuditSubject.api_client, "key_added"): N_("Key of an API client added"),
    (AuditSubject.api_client, "key_ended"): N_("Key of an API client ended"),
    (AuditSubject.api_client, "changed"): N_("API client changed"),
    (AuditSubject.api_client, "disabled"): N_("API client disabled"),
    (AuditSubject.api_client, "enabled"): N_("API client let in again"),
    (AuditSubject.webhook, "added"): N_("Webhook added"),
    (AuditSubject.webhook, "disabled"): N_("Webhook switched off"),
    **{(AuditSubject.law, kind): N_("Law data changed") for kind in LAW_KINDS},
    (AuditSubject.joint_change, "proposed"): N_("Change proposed"),
    (AuditSubject.joint_change, JointStatus.confirmed): N_("Change confirmed"),
    (AuditSubject.joint_change, JointStatus.refused): N_("Change refused"),
    (AuditSubject.joint_change, JointStatus.withdrawn): N_("Change withdrawn"),
    (AuditSubject.installation, InstallationKind.demo_made): N_("Installation filled with a demonstration"),
    (AuditSubject.installation, InstallationKind.restored): N_("Installation restored from a backup"),
    (AuditSubject.installation, InstallationKind.taken_over): N_("Restored installation took over"),
    (AuditSubject.installation, InstallationKind.anchor_begun): N_("Anchor begun"),
    (AuditSubject.installation, InstallationKind.newer_seen): N_("Signs of newer data seen"),
    (AuditSubject.installation, InstallationKind.loss_accepted): N_("Loss of data accepted"),
}
"""What was done, by what it is about and the word of the row."""
VIEWED: Mapping[str, str] = {"hearing_request": N_("Request viewed"), "hearing": N_("Hearing viewed")}
VIEWED_PART = N_("Part of a case viewed")
LINKS: Mapping[AuditSubject, str] = {
    AuditSubject.staff: "/admin/staff/{row}",
    AuditSubject.signing_key: "/admin/keys",
    AuditSubject.recipient: "/admin/recipients",
    AuditSubject.api_client: "/admin/api-clients/{row}",
    AuditSubject.webhook: "/webhooks",
    AuditSubject.joint_change: "/admin/changes/{row}",
}
"""The page of the row an act is about; of the law, `_link` says it."""
COLUMNS = ("at_utc", "at_local", "zone", "subject", "act", "about", "by", "reason", "other_state", "id")


@dataclass(frozen=True, kw_only=True)
class AuditAsked:
    """The filters. `values`: as typed; `errors`: the days that are none."""

    subject: AuditSubject | None = None
    person: str = ""
    since: datetime | None = None
    until: datetime | None = None
    values: dict[str, str] = field(default_factory=dict)
    errors: list[FormError] = field(default_factory=list)

    @property
    def filters(self) -> dict[str, Any]:
        """As `audit.acts` takes them."""
        return {"subject": self.subject, "person": self.person, "since": self.since, "until": self.until}


@dataclass(frozen=True, kw_only=True)
class AuditLine:
    """One act in words. `places`: the clocks it is shown by, the reader's first."""

    at: datetime
    what: str
    about: str
    by: str
    detail: str
    link: str
    places: Sequence[CourtClock]


def asked_of(params: Mapping[str, str], zone: str) -> AuditAsked:
    """The filters of an address; days are those of the reader's own court. An unknown subject counts as none."""
    values = {name: params[name].strip()[:100] for name in ("subject", "person", "since", "until") if params.get(name)}
    days: dict[str, date] = {}
    errors = []
    for name in ("since", "until"):
        try:
            if name in values:
                days[name] = date.fromisoformat(values[name])
                _begins(days[name] + timedelta(days=1), zone)
        except (ValueError, OverflowError):
            errors.append(FormError(name, _(ENTER_DATE)))
    if not errors and len(days) == 2 and days["until"] < days["since"]:
        errors.append(FormError("until", _("The last day is before the first one.")))
    subject = values.get("subject", "")
    known = {} if errors else days
    return AuditAsked(
        subject=AuditSubject(subject) if subject in set(AuditSubject) else None,
        person=values.get("person", "").replace("\x00", ""),
        since=_begins(known["since"], zone) if "since" in known else None,
        until=_begins(known["until"] + timedelta(days=1), zone) if "until" in known else None,
        values=values,
        errors=errors,
    )


def _begins(day: date, zone: str) -> datetime:
    return clocks.first_instant(datetime.combine(day, time()), zone)


async def show(request: Request) -> Response:
    """A page of the acts, or of the views by the other State."""
    _signed, person = administrator(RIGHT, request)
    places = court_clocks.of_person(person)
    if request.query_params.get("subject") == VIEWS:
        return await _views(request, person)
    asked = asked_of(request.query_params, places[0].zone)
    async with request.app.state.parts.database.reading() as db:
        after = request.query_params.get("after", "")
        page = await audit.acts(db, state=person.owner_state, after=after, limit=PAGE, **asked.filters)
        context = await _context(request, db, page, asked.values)
    context |= {
        "lines": [line_of(act, places) for act in page.rows],
        "values": asked.values,
        "errors": asked.errors,
        "subjects": [(subject.value, _(text)) for subject, text in SUBJECTS.items()],
        "csv": urlencode({name: value for name, value in asked.values.items() if not asked.errors}),
    }
    return render(request, "audit.html", context, status=422 if asked.errors else 200)


async def _views(request: Request, person: Person) -> Response:
    async with request.app.state.parts.database.reading() as db:
        after = request.query_params.get("after", "")
        page = await audit.views(db, state=person.owner_state, after=after, limit=PAGE)
        context = await _context(request, db, page, {"subject": VIEWS})
        names = await audit.references(db, page.rows)
    places = court_clocks.of_person(person)
    lines = [view_line(view, names, places) for view in page.rows]
    return render(request, "audit.html", context | {"lines": lines, "values": {}, "errors": [], "csv": "subject=views"})


async def _context(request: Request, db: AsyncSession, page: Page[Any], values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "views": values.get("subject") == VIEWS,
        "next": urlencode({**values, "after": page.after}) if page.after else "",
        "head": await heads.newest(db),
        "security_log": request.app.state.parts.settings.security_log,
    }


def line_of(act: AdministrativeAct, own: Sequence[CourtClock]) -> AuditLine:
    """An act in words, with the clock of the other State it concerns."""
    other = court_clocks.of_states(act.state) if act.state and act.state != own[0].state else []
    what, detail = _said(act)
    return AuditLine(
        at=act.at,
        what=what,
        about=_about(act),
        by=SYSTEM.label if act.actor_label == SYSTEM.id else act.actor_label,
        detail=detail,
        link=_link(act),
        places=[*own, *other],
    )


def _said(act: AdministrativeAct) -> tuple[str, str]:
    """What was done, and the details."""
    name = act.act
    if act.subject is AuditSubject.staff and act.reason and name != "added":
        parts = [part.partition(": ")[0] for part in act.reason.split("; ")]
        if name == "active" or all(part in CHANGED for part in parts):
            return _(ACTS[act.subject, "changed"]), what_changed(act.reason)
    if act.subject is AuditSubject.webhook and act.reason in SWITCHED_OFF:
        return _(ACTS[act.subject, name]), _(SWITCHED_OFF[act.reason])
    return _(ACTS[act.subject, name]), act.reason


def _about(act: AdministrativeAct) -> str:
    if act.subject is AuditSubject.law:
        return f"{_(LAW_KINDS[act.act])}: {act.name}"
    if act.subject is AuditSubject.joint_change:
        return next(_(text) for kind, text in CHANGE_KINDS.items() if kind.value == act.name)
    return act.name


def _link(act: AdministrativeAct) -> str:
    if act.subject is AuditSubject.law:
        return f"/admin/law/row?{urlencode({'kind': act.act, 'key': act.name})}"
    return LINKS.get(act.subject, "").format(row=act.row)


def view_line(view: SharedView, names: Mapping[str, str], own: Sequence[CourtClock]) -> AuditLine:
    """A view in words, by the clocks of both States."""
    name = names.get(view.subject_id, "")
    links = {"hearing_request": f"/requests/{name}", "hearing": f"/h/{name}"}
    return AuditLine(
        at=view.at,
        what=_(VIEWED.get(view.subject, VIEWED_PART)),
        about=name,
        by=f"{view.viewer_label} ({view.viewer_state})",
        detail="",
        link=links.get(view.subject, "") if name else "",
        places=[*own, *court_clocks.of_states(view.viewer_state)],
    )


async def table(request: Request) -> Response:
    """The acts, or the views, as CSV: with the filters of the page, the newest `MOST`."""
    _signed, person = administrator(RIGHT, request)
    places = court_clocks.of_person(person)
    async with request.app.state.parts.database.reading() as db:
        if request.query_params.get("subject") == VIEWS:
            viewed = await audit.views(db, state=person.owner_state, limit=MOST)
            names = await audit.references(db, viewed.rows)
            return csv_answer(f"views-{person.owner_state}", COLUMNS, _views_table(viewed.rows, names, places[0]))
        asked = asked_of(request.query_params, places[0].zone)
        done = await audit.acts(db, state=person.owner_state, limit=MOST, **asked.filters)
    return csv_answer(f"audit-{person.owner_state}", COLUMNS, _acts_table(done.rows, places[0]))


def _times(at: datetime, place: CourtClock) -> tuple[str, str, str]:
    local = at.astimezone(clocks.zone(place.zone))
    return f"{at:%Y-%m-%dT%H:%M:%SZ}", local.isoformat(timespec="seconds"), place.zone


def _acts_table(acts: Sequence[AdministrativeAct], place: CourtClock) -> Iterator[Sequence[object]]:
    for act in acts:
        what = (act.subject.value, act.act, act.name, act.actor_label, act.reason, act.state, act.row)
        yield *_times(act.at, place), *what


def _views_table(rows: Sequence[SharedView], names: Mapping[str, str], place: CourtClock) -> Iterator[Sequence[object]]:
    for view in rows:
        name = names.get(view.subject_id, "")
        what = (view.subject, "viewed", name, view.viewer_label, "", view.viewer_state, view.subject_id)
        yield *_times(view.at, place), *what


routes = [Route("/admin/audit", show), Route("/admin/audit.csv", table)]
