"""The shell of the live page: an empty element and its configuration; the island does the rest."""

from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import queries
from hearings.agreement import room_rules
from hearings.models import Hearing, Participant
from hearings.permissions import may
from hearings.roles import CONDUCTING
from hearings.status import HearingStatus
from web.server import view_log as shown
from web.server.rendering import asset, messages_url, render
from web.server.sign_in import seat, signed_in
from web.words import court_clocks
from web.words.i18n import current

OVER = frozenset({HearingStatus.concluded, HearingStatus.cancelled, HearingStatus.aborted})


async def live(request: Request) -> Response:
    """The live page of a seat in a hearing; when the lobby is not open, a page that says when."""
    signed = signed_in(request)
    parts = request.app.state.parts
    async with parts.database.reading() as db:
        hearing, me = await seat(db, signed, request.path_params["ref"])
        shown.add(request, hearing)
        sitting = await queries.open_sitting(db, hearing.id)
        recording = await queries.recording_of(db, sitting.id) if sitting is not None else None
        rules = await room_rules.of_hearing(db, hearing)
    if sitting is None:
        context = {
            "hearing": hearing,
            "over": hearing.status in OVER,
            "late": datetime.now(UTC) > hearing.starts_at + timedelta(minutes=1),
            "places": court_clocks.own_first(court_clocks.of_hearing(hearing), me.state),
            "rights_url": _rights_url(hearing, me),
            "costs_url": _costs_url(hearing, me),
        }
        return render(request, "not_live.html", context)
    parts.conductors.require()
    config = {
        "ref": hearing.ref,
        "csrf": request.scope["csrf"],
        "locale": current.get().tag,
        "messages_url": messages_url("live"),
        "home_url": f"/h/{hearing.ref}" if signed.person else "/",
        "limiter_url": asset("limiter.js"),
        "test_hooks": parts.settings.test_hooks,
    }
    if (rights := _rights_url(hearing, me)) or me.role in CONDUCTING:
        config["rights_url"] = rights or f"/h/{hearing.ref}/rights"
    if costs := _costs_url(hearing, me):
        config["costs_url"] = costs
    if signed.person and may("read_minutes", me.role).allowed:
        config["minutes_url"] = f"/h/{hearing.ref}/minutes"
    if signed.person and recording is not None and may("view_recording", me.role).allowed:
        config["recording_url"] = f"/recordings/{recording.id}"
    if rules.session:
        config["agreed"] = {name: rules.session[name] for name in ("height", "fps", "video_kbps", "audio_kbps")}
    return render(request, "live.html", {"config": config, "hearing": hearing})


def _rights_url(hearing: Hearing, me: Participant) -> str:
    """The rights checklist, for counsel, who have no page of the hearing that leads to it; empty for others."""
    return f"/h/{hearing.ref}/rights" if may("object_to_right", me.role).allowed else ""


def _costs_url(hearing: Hearing, me: Participant) -> str:
    """Where whoever is paid for the hearing claims their costs; empty for others."""
    return f"/h/{hearing.ref}/costs/mine" if may("claim_costs", me.role, own=True).allowed else ""


routes = [Route("/h/{ref}/live", live)]
