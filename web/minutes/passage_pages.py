"""One passage of the minutes: its texts in both languages, and every version there has been."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.minutes import passages
from hearings.minutes.passages import Obstacle, tongues
from hearings.minutes.revision import How, Writing
from hearings.permissions import require
from web.minutes.access import access_to, back, found_of
from web.server import forms
from web.server.forms import Form, FormError
from web.server.rendering import render
from web.words import minutes as minutes_words
from web.words.i18n import N_, _

HOWS = {
    "written": N_("I have written or changed what it says"),
    "translated": N_("It is a translation by a person"),
    "machine": N_("It is a translation by a machine"),
}
"""How a text came about, as whoever changes it says; none is chosen beforehand."""


async def passage_page(request: Request) -> Response:
    """One passage in all its languages, to be changed."""
    return await _passage(request, [], {})


async def _passage(request: Request, wrong: list[FormError], values: Mapping[str, str]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        require("edit_minutes", access.actor)
        found = await found_of(db, access, request)
        versions = await passages.revisions(db, found, request.path_params["key"])
        standing = [one for one in passages.obstacles(found, versions[-1:]) if one.key == versions[-1].key]
    newest = versions[-1]
    shown = {f"text_{lang}": newest.texts.get(lang, "") for lang in tongues(found)} | dict(values)
    context = {
        "access": access,
        "hearing": access.hearing,
        "found": found,
        "passage": newest,
        "versions": len(versions),
        "tongues": tongues(found),
        "words": minutes_words,
        "obstacles": standing,
        "editable": found.status in passages.EDITABLE,
        "hows": [(how, _(text)) for how, text in HOWS.items()],
        "errors": wrong,
        "values": shown,
    }
    return render(request, "minutes_passage.html", context, status=422 if wrong else 200)


async def revise(request: Request) -> Response:
    """Keep a new version of a passage. Effects: those of `passages.revise`."""
    form = await forms.read(request)
    key, read = request.path_params["key"], _whole(form.text("revision"))
    try:
        async with request.app.state.parts.database.transaction() as db:
            access = await access_to(db, request)
            found = await found_of(db, access, request)
            made = await passages.revise(
                db,
                minutes=found,
                key=key,
                revision=read,
                writings=_writings(form, tongues(found)),
                settled=form.text("settled") == "yes",
                note=form.text("note"),
                actor=access.actor,
                now=datetime.now(UTC),
            )
            waiting = passages.obstacles(found, await passages.latest(db, found))
    except errors.Stale:
        text = _("Somebody else has changed this passage since you opened it. Reload it, and write your change again.")
        return await _passage(request, [FormError("", text)], form.first)
    except (errors.Invalid, errors.NotReady) as error:
        return await _passage(request, [forms.explain(error)], form.first)
    done = "unchanged" if made.revision == read else "passage"
    if form.text("go_on") == "yes" and (after := _next(waiting, key)):
        return back(request, done, f"/p/{after}")
    return back(request, done)


def _writings(form: Form, languages: Sequence[str]) -> dict[str, Writing]:
    """What the form says of each language; `passages.revise` refuses what would not be kept."""
    found: dict[str, Writing] = {}
    for lang in languages:
        if {f"text_{lang}", f"how_{lang}", f"by_{lang}"} & set(form):
            how = form.text(f"how_{lang}")
            chosen = How(how) if how in HOWS else None
            found[lang] = Writing(text=form.get(f"text_{lang}", ""), how=chosen, by=form.text(f"by_{lang}"))
    return found


def _next(waiting: Sequence[Obstacle], key: str) -> str:
    return next((one.key for one in waiting if one.key != key), "")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


async def history(request: Request) -> Response:
    """Every version of a passage, and what each changed."""
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        found = await found_of(db, access, request)
        versions = await passages.revisions(db, found, request.path_params["key"])
    rows = []
    for before, after in zip([None, *versions[:-1]], versions, strict=True):
        changes = {
            lang: passages.compared(before.texts.get(lang, "") if before else "", after.texts.get(lang, ""))
            for lang in tongues(found)
        }
        rows.append((after, changes))
    context = {
        "access": access,
        "hearing": access.hearing,
        "found": found,
        "rows": rows[::-1],
        "key": versions[-1].key,
        "heading": minutes_words.section(versions[-1].key.split(".")[0]),
        "tongues": tongues(found),
        "words": minutes_words,
        "places": access.places,
    }
    return render(request, "minutes_history.html", context)


routes = [
    Route("/h/{ref}/minutes/p/{key}", passage_page, methods=["GET"]),
    Route("/h/{ref}/minutes/p/{key}", revise, methods=["POST"]),
    Route("/h/{ref}/minutes/p/{key}/history", history),
]
