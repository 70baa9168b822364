"""The page of the trainer: who is simulated, what can be made to happen and what has, and the score so far.

In an installation that holds hearings there is no such page.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import queries
from hearings.errors import NotReady
from hearings.models import HearingEvent, Participant
from hearings.requests.requests import TRAINING
from hearings.training import certificate, drills
from hearings.training.drills import Drill, DrillLevel
from hearings.training.scoring import FULL, ScoredAct, ScoreSheet
from web.server import forms, printing
from web.server.forms import FormError
from web.server.page_acts import Sent, notice, page_act
from web.server.rendering import render
from web.server.sign_in import administrator
from web.training import staging
from web.training.rehearsal import Rehearsal, of_request
from web.words import court_clocks, roles, statuses
from web.words.i18n import N_, _, current, language_here, one_by_one
from web.words.sentences import say, translated

DONE = {
    "brought": N_("The simulated people are on their way to the lobby."),
    "clock": N_("The clock of the drill runs: what you do not make happen by hand happens by itself."),
    "fired": N_("It happens now."),
}
LEVELS = {DrillLevel.basic: N_("Basic"), DrillLevel.advanced: N_("Advanced")}
CHIPS = {FULL: "ok", 1: "warn", 0: "rec"}


async def show(request: Request) -> Response:
    """The drill as it stands."""
    administrator("run_training", request)
    return await _page(request, [])


async def _page(request: Request, wrong: Sequence[FormError]) -> Response:
    rehearsal = of_request(request)
    async with request.app.state.parts.database.reading() as db:
        drill, hearing = await staging.drill_of(db), await staging.hearing_of(db)
        fired = await staging.fired(db, hearing)
        sheet = await staging.sheet(db, drill, hearing)
        people = await queries.participants(db, hearing.id)
        lobby = await queries.open_sitting(db, hearing.id) is not None
    context = {
        "drill": _drill(drill),
        "hearing": hearing,
        "lobby": lobby,
        "people": [_person(rehearsal, one) for role in drill.played for one in people if one.role is role],
        "trainees": [_person(rehearsal, one) for role in drill.roles for one in people if one.role is role],
        "absent": not all(rehearsal.cast.plays(role) for role in drill.played),
        "injects": _injects(drill, fired, rehearsal),
        "passed": None if rehearsal.passed is None else int(rehearsal.passed),
        "score": _score(sheet),
        "places": court_clocks.of_hearing(hearing),
        "errors": list(wrong),
        "notice": notice(request, DONE, wrong),
    }
    return render(request, "training.html", context, status=422 if wrong else 200)


def _drill(drill: Drill) -> dict[str, Any]:
    return {
        "id": drill.id,
        "title": _(drill.title),
        "briefing": _(drill.briefing),
        "level": _(LEVELS[drill.level]),
        "minutes": drill.minutes,
        "languages": one_by_one([language_here(one) for one in drill.languages]),
        "version": drills.VERSION,
    }


def _person(rehearsal: Rehearsal, seat: Participant) -> dict[str, Any]:
    return {
        "name": seat.display_name,
        "role": roles.label(seat.role),
        "presence": statuses.chip(seat.presence),
        "plays": rehearsal.cast.plays(seat.role),
    }


def _injects(drill: Drill, fired: Mapping[str, HearingEvent], rehearsal: Rehearsal) -> list[dict[str, Any]]:
    """What can be made to happen, in the order of its times."""
    return [
        {
            "id": one.id,
            "text": _(one.text),
            "after": one.after,
            "seconds": one.seconds,
            "whom": roles.label(one.whom) if one.whom is not None else "",
            "at": fired[one.id].at if one.id in fired else None,
            "left": None if rehearsal.passed is None else max(0, int(one.after - rehearsal.passed)),
        }
        for one in sorted(drill.injects, key=lambda each: each.after)
    ]


def _score(sheet: ScoreSheet) -> dict[str, Any]:
    return {"points": sheet.points, "most": sheet.most, "whole": sheet.whole, "acts": [_act(one) for one in sheet.acts]}


def _act(scored: ScoredAct) -> dict[str, Any]:
    asked = scored.act
    return {
        "text": _(asked.text),
        "provision": asked.provision,
        "verified": asked.confidence == "read-in-source",
        "chip": (CHIPS[scored.points] if scored.outcome != "not_played" else "plain", f"{scored.points} / {FULL}"),
        "says": translated(scored.says()),
        "seq": scored.seq,
    }


async def _again(sent: Sent, error: NotReady) -> Response:
    return await _page(sent.request, [forms.explain(error)])


@page_act(_again, on=(NotReady,), right="run_training")
async def bring(sent: Sent) -> Any:
    """Bring the simulated people. Effects: those of `Rehearsal.bring`."""
    rehearsal = of_request(sent.request)

    async def go() -> str:
        await rehearsal.bring(sent.now)
        return "/training?done=brought"

    return go


@page_act(_again, on=(NotReady,), right="run_training")
async def clock(sent: Sent) -> str:
    """Start the clock of the drill. Effects: those of `Rehearsal.start_clock`."""
    await of_request(sent.request).start_clock()
    return "/training?done=clock"


@page_act(_again, on=(NotReady,), right="run_training")
async def fire(sent: Sent) -> Any:
    """Make an inject happen. Effects: those of `Rehearsal.fire`."""
    rehearsal, name = of_request(sent.request), str(sent.path["inject"])

    async def go() -> str:
        await rehearsal.fire(name, datetime.now(UTC))
        return "/training?done=fired"

    return go


async def paper(request: Request) -> Response:
    """The certificate as PDF, by the log as it is now, in the language of the request."""
    administrator("run_training", request)
    of_request(request)
    async with request.app.state.parts.database.reading() as db:
        drill, hearing = await staging.drill_of(db), await staging.hearing_of(db)
        sheet = await staging.sheet(db, drill, hearing)
    held = [
        (hearing.starts_at.astimezone(ZoneInfo(zone)), city)
        for zone, city in (
            (hearing.requesting_zone, hearing.requesting_city),
            (hearing.requested_zone, hearing.requested_city),
        )
    ]
    lang = current.get().tag
    reference = f"{hearing.requesting_state}-{TRAINING}-{hearing.ref}"
    data = certificate.printed(sheet, reference=reference, held=held, lang=lang, say=say)
    made = await printing.sealed(request, "training", data, lang=lang)
    return printing.file(made, f"TRAINING-{drill.id}-{hearing.ref}.pdf", "application/pdf")


routes = [
    Route("/training", show, methods=["GET"]),
    Route("/training/certificate.pdf", paper, methods=["GET"]),
    Route("/training/people", bring, methods=["POST"]),
    Route("/training/clock", clock, methods=["POST"]),
    Route("/training/injects/{inject}", fire, methods=["POST"]),
]
