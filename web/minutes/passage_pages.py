"""One passage of the minutes: its texts in both languages, and all its versions."""

from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.minutes import passages
from hearings.minutes.passages import Obstacle, minutes_languages
from hearings.minutes.revision import How, Writing
from hearings.permissions import require
from web.minutes.access import access_to, back, found_of
from web.server import forms
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, page_act
from web.server.rendering import render
from web.words import minutes as minutes_words
from web.words.i18n import N_, _

HOWS = {
    "written": N_("I have written or changed what it says"),
    "translated": N_("It is a translation by a person"),
    "machine": N_("It is a translation by a machine"),
}
"""How a text was made, as its author states; none is preselected."""


async def passage_page(request: Request) -> Response:
    """The form of one passage, in all its languages."""
    return await _passage(request, [], {})


async def _passage(request: Request, wrong: list[FormError], values: Mapping[str, str]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        require("edit_minutes", access.actor)
        row = await found_of(db, access, request)
        versions = await passages.revisions(db, row, request.path_params["key"])
        obstacles = [
            obstacle for obstacle in passages.obstacles(row, versions[-1:]) if obstacle.key == versions[-1].key
        ]
    newest = versions[-1]
    texts = {f"text_{lang}": newest.texts.get(lang, "") for lang in minutes_languages(row)} | dict(values)
    context = {
        "access": access,
        "hearing": access.hearing,
        "found": row,
        "passage": newest,
        "versions": len(versions),
        "tongues": minutes_languages(row),
        "words": minutes_words,
        "obstacles": obstacles,
        "editable": row.status in passages.EDITABLE,
        "hows": [(how, _(text)) for how, text in HOWS.items()],
        "errors": wrong,
        "values": texts,
    }
    return render(request, "minutes_passage.html", context, status=422 if wrong else 200)


async def _again(sent: Sent, error: errors.HearingsError) -> Response:
    wrong = forms.explain(error)
    if isinstance(error, errors.Stale):
        text = _("Somebody else has changed this passage since you opened it. Reload it, and write your change again.")
        wrong = FormError("", text)
    return await _passage(sent.request, [wrong], sent.form.first)


@page_act(_again, (errors.Stale, errors.Invalid, errors.NotReady), guests=True)
async def revise(sent: Sent) -> Response:
    """Saves a new version of a passage. Effects: those of `passages.revise`."""
    form, key, access = sent.form, sent.path["key"], await access_to(sent.db, sent.request)
    row, read = await found_of(sent.db, access, sent.request), _whole(form.text("revision"))
    made = await passages.revise(
        sent.db,
        minutes=row,
        key=key,
        revision=read,
        writings=_writings(form, minutes_languages(row)),
        settled=form.text("settled") == "yes",
        note=form.text("note"),
        actor=access.actor,
        now=sent.now,
    )
    waiting = passages.obstacles(row, await passages.latest(sent.db, row))
    done = "unchanged" if made.revision == read else "passage"
    after = _next(waiting, key) if form.text("go_on") == "yes" else ""
    return back(sent.request, done, f"/p/{after}" if after else "")


def _writings(form: Form, languages: Sequence[str]) -> dict[str, Writing]:
    """The text, origin and author given in the form for each language; `passages.revise` refuses what cannot be
    stored."""
    writings: dict[str, Writing] = {}
    for lang in languages:
        if {f"text_{lang}", f"how_{lang}", f"by_{lang}"} & set(form):
            how = form.text(f"how_{lang}")
            chosen = How(how) if how in HOWS else None
            writings[lang] = Writing(text=form.get(f"text_{lang}", ""), how=chosen, by=form.text(f"by_{lang}"))
    return writings


def _next(waiting: Sequence[Obstacle], key: str) -> str:
    return next((obstacle.key for obstacle in waiting if obstacle.key != key), "")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


async def history(request: Request) -> Response:
    """Every version of a passage, with its changes."""
    async with request.app.state.parts.database.reading() as db:
        access = await access_to(db, request)
        row = await found_of(db, access, request)
        versions = await passages.revisions(db, row, request.path_params["key"])
    rows = []
    for before, after in zip([None, *versions[:-1]], versions, strict=True):
        changes = {
            lang: passages.compared(before.texts.get(lang, "") if before else "", after.texts.get(lang, ""))
            for lang in minutes_languages(row)
        }
        rows.append((after, changes))
    context = {
        "access": access,
        "hearing": access.hearing,
        "found": row,
        "rows": rows[::-1],
        "key": versions[-1].key,
        "heading": minutes_words.section(versions[-1].key.split(".")[0]),
        "tongues": minutes_languages(row),
        "words": minutes_words,
        "places": access.places,
    }
    return render(request, "minutes_history.html", context)


routes = [
    Route("/h/{ref}/minutes/p/{key}", passage_page, methods=["GET"]),
    Route("/h/{ref}/minutes/p/{key}", revise, methods=["POST"]),
    Route("/h/{ref}/minutes/p/{key}/history", history),
]
