"""The administrator's pages of the law: its rows, an edit with what it would change, the log of edits."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors, reference
from hearings.law import law as laws, rows as law_rows
from hearings.law.law import Law
from hearings.law.row_checks import FIELDS
from hearings.law.rows import Edit
from hearings.models import Person
from hearings.models.law import LawKind
from hearings.outward import administrators, joint_changes
from hearings.overview import law_effects
from hearings.sentences import tell
from web.law import forms as law_form
from web.law.check_pages import DECISIONS
from web.server import forms, joint_words
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words import law as law_words, places, terms
from web.words.i18n import _, state_name

PAGE = 50
SHOWN = 50
"""So many changes, and so many hearings, are listed before an edit; the others are a number."""


def _editor(request: Request) -> tuple[SignedIn, Person]:
    """Who asks, if an administrator. Raises `NotAllowed`."""
    signed, person = staff(request)
    law_rows.require_editor(signed.actor())
    return signed, person


def _kind(text: str) -> str:
    if text not in set(LawKind):
        raise HTTPException(404, "not_found")
    return text


def title(kind: str, row: Mapping[str, Any], law: Law) -> str:
    """A row as a person would call it."""
    if kind in ("instrument", "jurisdiction"):
        return str(row["name"])
    if kind == "rule":
        return laws.cite(row)
    if kind == "overlay":
        return f"{law.state_name(row['state'])}, {row['provision']}"
    if kind == "interpreting_rest":
        return str(row["text"])
    state = law.state_name(row["iso2"])
    if kind == "court_hours":
        return f"{state}, {row['tz']}"
    instrument = law.instruments.get(row["instrument_id"])
    return f"{state}: {instrument['name'] if instrument else row['instrument_id']}"


def _says(kind: str, row: Mapping[str, Any]) -> str:
    """What a row says, in one line."""
    fields = {
        "instrument": ("status", "valid_from"),
        "party": ("party_status", "in_force_from"),
        "declaration": ("declared", "persons", "stages"),
        "overlay": ("rule",),
        "rule": ("rule",),
        "jurisdiction": ("central_authority", "accepted_languages"),
        "interpreting_rest": ("minutes",),
    }
    if kind == "court_hours":
        return "; ".join(f"{one['weekdays']} {one['opens']}–{one['closes']}" for one in row["intervals"])
    text = ", ".join(str(row[name]) for name in fields[kind] if row.get(name))
    return text if len(text) <= 140 else f"{text[:139]}…"


def _confidence(row: Mapping[str, Any]) -> str:
    return str(row.get("confidence") or row.get("central_authority_conf") or "unknown")


def _line(kind: str, key: str, row: Mapping[str, Any], law: Law) -> dict[str, Any]:
    confidence = _confidence(row)
    return {
        "key": key,
        "href": "/admin/law/row?" + urlencode({"kind": kind, "key": key}),
        "title": title(kind, row, law),
        "says": _says(kind, row),
        "source": str(row.get("source") or ""),
        "confidence": confidence,
        "unverified": confidence not in reference.VERIFIED,
        "edited": (kind, key) in law.edited,
    }


async def listing(request: Request) -> Response:
    """The rows of one kind: by key, filtered, page by page."""
    _signed, _person = _editor(request)
    kind = _kind(request.query_params.get("kind", LawKind.instrument.value))
    wanted, only = request.query_params.get("q", "").strip()[:100], request.query_params.get("only", "")
    after = request.query_params.get("after", "")
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
    lines = [_line(kind, key, row, law) for key, row in sorted(law.rows[kind].items())]
    keep = {"unverified": lambda one: one["unverified"], "edited": lambda one: one["edited"]}.get(only)
    lines = [one for one in lines if keep is None or keep(one)]
    folded = wanted.casefold()
    lines = [one for one in lines if folded in f"{one['key']} {one['title']} {one['says']} {one['source']}".casefold()]
    total = len(lines)
    lines = [one for one in lines if one["key"] > after]
    more = {"kind": kind, "q": wanted, "only": only, "after": lines[PAGE - 1]["key"]} if len(lines) > PAGE else None
    context = {
        "kind": kind,
        "kinds": [(one, _(text)) for one, text in law_form.KINDS.items()],
        "lines": lines[:PAGE],
        "total": total,
        "values": {"q": wanted, "only": only},
        "next": urlencode(more) if more else "",
        "serial": law.serial,
    }
    return render(request, "law.html", context)


async def row(request: Request) -> Response:
    """One row: what it says and from where, the form to change it, every version of it."""
    _signed, person = _editor(request)
    kind = _kind(request.query_params.get("kind", ""))
    return await _row_page(request, person, kind, request.query_params.get("key", ""), None, [])


async def new(request: Request) -> Response:
    """An empty row, or a copy of another to begin with."""
    _signed, person = _editor(request)
    return await _row_page(request, person, _kind(request.path_params["kind"]), "", None, [])


async def _row_page(
    request: Request, person: Person, kind: str, key: str, typed: Form | None, wrong: list[FormError]
) -> Response:
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
        history = await law_rows.history(db, kind=kind, key=key) if key else []
        joint = await joint_changes.of_row(db, kind=kind, key=key) if key else []
    found = law.rows[kind].get(key)
    if key and found is None and not history and not joint:
        raise errors.NotFound
    values: Mapping[str, Any] = dict(typed.first) if typed else found or {}
    filed = laws.LAW.rows[kind].get(key)
    context = {
        "kind": kind,
        "kind_name": _(law_form.KINDS[kind]),
        "key": key,
        "line": _line(kind, key, found, law) if found else None,
        "fields": law_form.shown(kind, values, law),
        "in_files": filed is not None,
        "history": history,
        "joint": joint,
        "joint_chip": joint_words.chip,
        "reason": typed.text("reason") if typed else "",
        "serial": law.serial,
        "places": places.of_person(person),
        "errors": wrong,
        "notice": _("The change is made and counts from now on.") if "done" in request.query_params else None,
    }
    return render(request, "law_row.html", context, status=422 if wrong else 200)


def _wrong(error: errors.Invalid, prefix: str = "f-") -> list[FormError]:
    found = forms.explain(error, law_form.labels())
    return [FormError(f"{prefix}{error.field}" if error.field in law_form.labels() else error.field, found.text)]


async def preview(request: Request) -> Response:
    """What an edit would change, before it is made. Changes nothing."""
    _signed, person = _editor(request)
    form = await forms.read(request)
    kind, key = _kind(form.text("kind")), form.text("key")
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
    try:
        data = None if form.text("back") else law_form.decode(kind, form)
        edits = [law_rows.check(kind, data, law, key=key)]
    except errors.Invalid as error:
        return await _row_page(request, person, kind, key, form, _wrong(error))
    return await _preview(request, person, edits, law, form.text("reason"), [])


async def _preview(
    request: Request, person: Person, edits: list[Edit], law: Law, reason: str, wrong: list[FormError]
) -> Response:
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        effect = await law_effects.effect(db, edits=edits, law=law, state=person.owner_state, on=now.date())
        administrating = await administrators.administrating(db)
    after = law_rows.edited(law, *edits)
    context = {
        "edits": [
            {
                "title": title(edit.kind, edit.data or law.rows[edit.kind][edit.key], after),
                "back": edit.data is None,
                "changes": differences(edit, law, after),
            }
            for edit in edits
        ],
        "packed": law_form.pack(edits),
        "asked": joint_words.asked(law_rows.owners(edits, law), person.owner_state, administrating),
        "effect": effect,
        "shown": SHOWN,
        "serial": law.serial,
        "values": {"reason": reason},
        "errors": wrong,
        "standing": _standing,
    }
    return render(request, "law_preview.html", context, status=422 if wrong else 200)


def _standing(words: str) -> str:
    """How a request stands on an instrument, in words of the page."""
    code, _comma, usable = words.partition(", ")
    if code not in DECISIONS:
        return _("Not there")
    text = _(DECISIONS[code][1])
    return text if usable == "usable" else f"{text} ({_('cannot be relied on')})"


def differences(edit: Edit, law: Law, after: Law) -> list[tuple[str, str, str]]:
    before, becomes = (dict(one.rows[edit.kind].get(edit.key) or {}) for one in (law, after))
    known = {field.name: field for field in FIELDS[edit.kind]}

    def text(name: str, values: Mapping[str, Any]) -> str:
        return law_form.encode(known[name], values.get(name)) or "–"

    changed = (name for name in known if before.get(name) != becomes.get(name))
    return [(law_form.label(name), text(name, before), text(name, becomes)) for name in changed]


async def save(request: Request) -> Response:
    """Make the edits that were looked at, or leave them waiting. Effects: those of `joint_changes.change_law`."""
    signed, person = _editor(request)
    form = await forms.read(request)
    seen = form.text("seen")
    try:
        edits = law_form.unpack(form.text("edits"))
        serial = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 9 else -1
        async with request.app.state.parts.database.transaction() as db:
            made = await joint_changes.change_law(
                db,
                edits=edits,
                reason=form.text("reason"),
                seen=serial,
                actor=signed.actor(),
                telling=joint_words.telling(request),
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        if error.field != "reason":
            raise
        async with request.app.state.parts.database.reading() as db:
            law = await laws.current(db)
        text = _("Say why, in at least a few words: it stays in the log.")
        return await _preview(request, person, edits, law, form.text("reason"), [FormError("reason", text)])
    if made.waiting:
        return RedirectResponse(f"/admin/changes/{made.waiting[0].id}?done=waiting", 303)
    last = made.edits[-1]
    query = urlencode({"kind": last.kind.value, "key": last.key, "done": "yes"})
    return RedirectResponse(f"/admin/law/row?{query}", 303)


async def log(request: Request) -> Response:
    """Every edit: who, when, why."""
    _signed, person = _editor(request)
    before = request.query_params.get("before", "")
    number = int(before) if before.isascii() and before.isdecimal() and len(before) < 9 else 0
    async with request.app.state.parts.database.reading() as db:
        found = await law_rows.edits(db, before=number, limit=PAGE + 1)
        law = await laws.current(db)
    lines = [
        {
            "edit": one,
            "href": "/admin/law/row?" + urlencode({"kind": one.kind.value, "key": one.key}),
            "title": title(one.kind.value, one.data, law) if one.data else one.key,
            "kind": _(law_form.KINDS[one.kind.value]),
        }
        for one in found[:PAGE]
    ]
    more = found[PAGE - 1].serial if len(found) > PAGE else 0
    return render(request, "law_log.html", {"lines": lines, "next": more, "places": places.of_person(person)})


# --- a bilateral treaty ------------------------------------------------------------------------------------------


async def treaty_page(request: Request) -> Response:
    """A short form for a treaty between two States."""
    _signed, _person = _editor(request)
    return await _treaty_page(request, {}, [])


async def _treaty_page(request: Request, values: Mapping[str, Any], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
    states = sorted(((code, state_name(code)) for code in law.jurisdictions), key=lambda pair: pair[1].casefold())
    context = {
        "values": values,
        "errors": wrong,
        "states": states,
        "persons": [(one, _(text)) for one, text in terms.CAPACITIES.items()],
        "words": {name: [(one, law_words.word(name, one)) for one in law.enums[name]] for name in WORDS},
    }
    return render(request, "law_treaty.html", context, status=422 if wrong else 200)


WORDS = ("obligation", "confidence", "cost_default", "channel")


async def treaty(request: Request) -> Response:
    """Look at a new treaty before it is added. Changes nothing."""
    _signed, person = _editor(request)
    form = await forms.read(request)
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
    rule, instrument = law_form.treaty(form)
    try:
        if instrument["id"] in law.instruments:
            raise errors.Invalid(tell("There is an instrument of this name already"), "id")
        first = law_rows.check("rule", rule, law)
        second = law_rows.check("instrument", instrument, law_rows.edited(law, first))
    except errors.Invalid as error:
        field = {"bilateral": "side_a", "profile": "persons", "instrument_id": "id"}.get(error.field, error.field)
        values = dict(form.first) | {name: form.all(name) for name in ("persons", "consent", "channels")}
        text = forms.explain(error, law_form.labels()).text
        return await _treaty_page(request, values, [FormError(field, text)])
    return await _preview(request, person, [first, second], law, form.text("reason"), [])


routes = [
    Route("/admin/law", listing),
    Route("/admin/law/row", row),
    Route("/admin/law/log", log),
    Route("/admin/law/new/{kind}", new),
    Route("/admin/law/treaty", treaty_page, methods=["GET"]),
    Route("/admin/law/treaty", treaty, methods=["POST"]),
    Route("/admin/law/preview", preview, methods=["POST"]),
    Route("/admin/law/save", save, methods=["POST"]),
]
