"""The administrator's pages of the law: its rows, the preview of an edit, the log of edits."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
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
from hearings.paging import listed
from hearings.sentences import tell
from web.law import forms as law_form, row_facts
from web.law.check_pages import DECISIONS
from web.sending import joint_words
from web.server import forms
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, page_act
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words import court_clocks, labels, law as law_words
from web.words.i18n import N_, _, state_name
from web.words.labels import CHANGE_MADE

PAGE = 50
FILTERS = frozenset({"unverified", "edited", "stale"})
DONE = {"yes": CHANGE_MADE, "reviewed": N_("The review is on record. The row was not changed.")}
SHOWN = 50
"""The maximum number of changes, and of hearings, that the preview of an edit lists; the others are counted."""


def _editor(request: Request) -> tuple[SignedIn, Person]:
    """The login and the person, who must be an administrator. Raises `NotAllowed`."""
    signed, person = staff(request)
    law_rows.require_editor(signed.actor())
    return signed, person


def _kind(text: str) -> str:
    if text not in set(LawKind):
        raise HTTPException(404, "not_found")
    return text


def title(kind: str, row: Mapping[str, Any], law: Law) -> str:
    """The name of a row for people."""
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
    """The content of a row in one line."""
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
        return "; ".join(
            f"{interval['weekdays']} {interval['opens']}–{interval['closes']}" for interval in row["intervals"]
        )
    text = ", ".join(str(row[name]).replace("_", " ") for name in fields[kind] if row.get(name))
    return text if len(text) <= 140 else f"{text[:139]}…"


def _confidence(row: Mapping[str, Any]) -> str:
    return str(row.get("confidence") or row.get("central_authority_conf") or "unknown")


def line(kind: str, key: str, row: Mapping[str, Any], law: Law, on: date) -> dict[str, Any]:
    """A row as the lists show it. `on`: the day for which it is said whether its review is overdue."""
    confidence, review = _confidence(row), law_rows.review_of(law, kind, key)
    return {
        "key": key,
        "href": "/admin/law/row?" + urlencode({"kind": kind, "key": key}),
        "title": title(kind, row, law),
        "says": _says(kind, row),
        "source": str(row.get("source") or ""),
        "certainty": law_words.word("confidence", confidence),
        "unverified": confidence not in reference.VERIFIED,
        "edited": (kind, key) in law.edited,
        "candidate": bool(row.get("candidate")),
        "closed": row_facts.closed_to(kind, row, law),
        "review": review,
        "owner": owner_name(review.owner),
        "stale": review.stale(on),
    }


def owner_name(owner: str) -> str:
    """Whose a row is, in words."""
    return state_name(owner) if owner else _("This installation")


async def listing(request: Request) -> Response:
    """The rows of one kind: by key, filtered, page by page."""
    _signed, _person = _editor(request)
    kind = _kind(request.query_params.get("kind", LawKind.instrument.value))
    wanted, only = request.query_params.get("q", "").strip()[:100], request.query_params.get("only", "")
    after = request.query_params.get("after", "")
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
    today = datetime.now(UTC).date()
    lines = [line(kind, key, row, law, today) for key, row in sorted(law.rows[kind].items())]
    lines = [one for one in lines if only not in FILTERS or one[only]]
    folded = wanted.casefold()
    lines = [one for one in lines if folded in f"{one['key']} {one['title']} {one['says']} {one['source']}".casefold()]
    page = listed({one["key"]: one for one in lines}, after=after, limit=PAGE)
    more = {"kind": kind, "q": wanted, "only": only, "after": page.after} if page.after else None
    context = {
        "kind": kind,
        "kinds": [(kind, _(text)) for kind, text in law_form.KINDS.items()],
        "lines": page.rows,
        "total": len(lines),
        "values": {"q": wanted, "only": only},
        "next": urlencode(more) if more else "",
        "serial": law.serial,
    }
    return render(request, "law.html", context)


async def row(request: Request) -> Response:
    """One row: its content and source, the form to change it, all its versions."""
    _signed, person = _editor(request)
    kind = _kind(request.query_params.get("kind", ""))
    return await _row_page(request, person, kind, request.query_params.get("key", ""), None, [])


async def new(request: Request) -> Response:
    """The form of a new row, empty or filled from a copy of another."""
    _signed, person = _editor(request)
    return await _row_page(request, person, _kind(request.path_params["kind"]), "", None, [])


async def _row_page(
    request: Request,
    person: Person,
    kind: str,
    key: str,
    typed: Form | None,
    wrong: list[FormError],
    compared: str = "",
) -> Response:
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
        history = await law_rows.history(db, kind=kind, key=key) if key else []
        joint = await joint_changes.of_row(db, kind=kind, key=key) if key else []
        administrating = await administrators.administrating(db)
    today = datetime.now(UTC).date()
    current = law.rows[kind].get(key)
    if key and current is None and not history and not joint:
        raise errors.NotFound
    values: Mapping[str, Any] = dict(typed.first) if typed else current or {}
    filed = laws.LAW.rows[kind].get(key)
    context = {
        "kind": kind,
        "kind_name": _(law_form.KINDS[kind]),
        "key": key,
        "line": line(kind, key, current, law, today) if current else None,
        "may_review": current is not None and _reviewed_by(kind, current, person.owner_state, administrating),
        "fields": law_form.form_fields(kind, values, law),
        "relations": row_facts.relations(key, law) if kind == "instrument" else [],
        "national": row_facts.national(key, law) if kind == "jurisdiction" else None,
        "review_reason": compared,
        "in_files": filed is not None,
        "history": history,
        "joint": joint,
        "joint_chip": joint_words.chip,
        "reason": typed.text("reason") if typed else "",
        "serial": law.serial,
        "places": court_clocks.of_person(person),
        "errors": wrong,
        "notice": _(DONE[done]) if (done := request.query_params.get("done", "")) in DONE else None,
    }
    return render(request, "law_row.html", context, status=422 if wrong else 200)


def _reviewed_by(kind: str, row: Mapping[str, Any], state: str, administrating: Collection[str]) -> bool:
    return law_rows.owner_of(kind, row) in ("", state) or law_rows.owner_of(kind, row) not in administrating


def _wrong(error: errors.Invalid, prefix: str = "f-") -> list[FormError]:
    explained = forms.explain(error, law_form.labels())
    return [FormError(f"{prefix}{error.field}" if error.field in law_form.labels() else error.field, explained.text)]


async def preview(request: Request) -> Response:
    """The preview of an edit: what it would change. Changes nothing."""
    _signed, person = _editor(request)
    form = await forms.read(request)
    kind, key = _kind(form.text("kind")), form.text("key")
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
    try:
        data = None if form.text("back") else law_form.decode(kind, form)
        edits = await law_rows.checked_beside([Edit(kind=kind, key=key, data=data)], law)
    except errors.Invalid as error:
        return await _row_page(request, person, kind, key, form, _wrong(error))
    return await preview_page(request, person, edits, law, form.text("reason"), [])


async def preview_page(
    request: Request, person: Person, edits: list[Edit], law: Law, reason: str, wrong: list[FormError]
) -> Response:
    """What edits would change, with the form to make them."""
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
        "standing": _verdict_words,
        "place": lambda zone: court_clocks.of_zone("", zone),
    }
    return render(request, "law_preview.html", context, status=422 if wrong else 200)


def _verdict_words(words: str) -> str:
    """The verdict of an instrument on a request, in the language of the page."""
    code, _comma, usable = words.partition(", ")
    if code not in DECISIONS:
        return _("Not present")
    text = _(DECISIONS[code][1])
    return text if usable == "usable" else f"{text} ({_('cannot be relied on')})"


def differences(edit: Edit, law: Law, after: Law) -> list[tuple[str, str, str]]:
    before, becomes = (dict(version.rows[edit.kind].get(edit.key) or {}) for version in (law, after))
    known = {field.name: field for field in FIELDS[edit.kind]}

    def text(name: str, values: Mapping[str, Any]) -> str:
        return law_form.encode(known[name], values.get(name)) or "–"

    changed = (name for name in known if before.get(name) != becomes.get(name))
    return [(law_form.label(name), text(name, before), text(name, becomes)) for name in changed]


async def _why(sent: Sent, error: errors.Invalid) -> Response:
    if error.field != "reason":
        raise error
    async with sent.parts.database.reading() as db:
        law = await laws.current(db)
    edits = law_form.unpack(sent.form.text("edits"))
    wrong = [FormError("reason", _("Give a reason, in at least a few words: it is kept in the log."))]
    return await preview_page(sent.request, sent.person, edits, law, sent.form.text("reason"), wrong)


@page_act(_why)
async def save(sent: Sent) -> str:
    """Makes the edits that were previewed, or leaves them waiting for confirmation. Effects: those of
    `joint_changes.change_law`."""
    law_rows.require_editor(sent.actor)
    made = await joint_changes.change_law(
        sent.db,
        edits=law_form.unpack(sent.form.text("edits")),
        reason=sent.form.text("reason"),
        seen=_serial(sent.form.text("seen")),
        telling=joint_words.telling(sent.request),
        **sent.by,
    )
    if made.waiting:
        return f"/admin/changes/{made.waiting[0].id}?done=waiting"
    last = made.edits[-1]
    return "/admin/law/row?" + urlencode({"kind": last.kind.value, "key": last.key, "done": "yes"})


async def log(request: Request) -> Response:
    """Every edit: who, when, why."""
    _signed, person = _editor(request)
    async with request.app.state.parts.database.reading() as db:
        page = await law_rows.edits(db, after=request.query_params.get("before", ""), limit=PAGE)
        law = await laws.current(db)
    lines = [
        {
            "edit": edit,
            "href": "/admin/law/row?" + urlencode({"kind": edit.kind.value, "key": edit.key}),
            "title": title(edit.kind.value, edit.data, law) if edit.data else edit.key,
            "kind": _(law_form.KINDS[edit.kind.value]),
        }
        for edit in page.rows
    ]
    return render(
        request, "law_log.html", {"lines": lines, "next": page.after, "places": court_clocks.of_person(person)}
    )


# --- reviews -----------------------------------------------------------------------------------------------------


async def overdue(request: Request) -> Response:
    """The rows to be reviewed, the longest overdue first: those of all, of the own State, or of the installation."""
    _signed, person = _editor(request)
    whose = request.query_params.get("whose", "own")
    owner = {"own": person.owner_state, "installation": ""}.get(whose)
    today = datetime.now(UTC).date()
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
    found = {f"{one.kind} {one.key}": one for one in law_rows.to_review(law, on=today, owner=owner)}
    page = listed(found, after=request.query_params.get("after", ""), limit=PAGE)
    context = {
        "lines": [
            line(one.kind, one.key, law.rows[one.kind][one.key], law, today) | {"kind": _(law_form.KINDS[one.kind])}
            for one in page.rows
        ],
        "total": len(found),
        "whose": whose if whose in ("own", "installation") else "all",
        "next": urlencode({"whose": whose, "after": page.after}) if page.after else "",
    }
    return render(request, "law_reviews.html", context)


async def _review_again(sent: Sent, error: errors.Invalid) -> Response:
    if error.field != "reason":
        raise error
    wrong = [FormError("review_reason", _("State what you compared the row with: it is kept in the log."))]
    form = sent.form
    kind, compared = _kind(form.text("kind")), form.text("review_reason")
    return await _row_page(sent.request, sent.person, kind, form.text("key"), None, wrong, compared)


@page_act(_review_again)
async def review(sent: Sent) -> str:
    """Puts on record that a row was reviewed and is right. Effects: those of `joint_changes.review`."""
    kind, key, seen = _kind(sent.form.text("kind")), sent.form.text("key"), sent.form.text("seen")
    await joint_changes.review(
        sent.db, kind=kind, key=key, reason=sent.form.text("review_reason"), seen=_serial(seen), **sent.by
    )
    return "/admin/law/row?" + urlencode({"kind": kind, "key": key, "done": "reviewed"})


def _serial(seen: str) -> int:
    return int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 9 else -1


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
        "persons": [(capacity, _(text)) for capacity, text in labels.WORDS["capacity"].items()],
        "words": {name: [(word, law_words.word(name, word)) for word in law.enums[name]] for name in WORDS},
    }
    return render(request, "law_treaty.html", context, status=422 if wrong else 200)


WORDS = ("obligation", "confidence", "cost_default", "channel")


async def treaty(request: Request) -> Response:
    """The preview of a new treaty. Changes nothing."""
    _signed, person = _editor(request)
    form = await forms.read(request)
    async with request.app.state.parts.database.reading() as db:
        law = await laws.current(db)
    rule, instrument = law_form.treaty(form)
    try:
        if instrument["id"] in law.instruments:
            raise errors.Invalid(tell("There is an instrument of this name already"), "id")
        rows = [Edit(kind="rule", key="", data=rule), Edit(kind="instrument", key="", data=instrument)]
        edits = await law_rows.checked_beside(rows, law)
    except errors.Invalid as error:
        field = {"bilateral": "side_a", "profile": "persons", "instrument_id": "id"}.get(error.field, error.field)
        values = dict(form.first) | {name: form.all(name) for name in ("persons", "consent", "channels")}
        text = forms.explain(error, law_form.labels()).text
        return await _treaty_page(request, values, [FormError(field, text)])
    return await preview_page(request, person, edits, law, form.text("reason"), [])


routes = [
    Route("/admin/law", listing),
    Route("/admin/law/row", row),
    Route("/admin/law/log", log),
    Route("/admin/law/reviews", overdue),
    Route("/admin/law/review", review, methods=["POST"]),
    Route("/admin/law/new/{kind}", new),
    Route("/admin/law/treaty", treaty_page, methods=["GET"]),
    Route("/admin/law/treaty", treaty, methods=["POST"]),
    Route("/admin/law/preview", preview, methods=["POST"]),
    Route("/admin/law/save", save, methods=["POST"]),
]
