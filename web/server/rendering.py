"""Jinja2: the environment every page is rendered in, with its filters and globals."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from hearings import languages
from hearings.roles import NO_STATE
from web.server import followed, navigation
from web.words import court_clocks, i18n, roles, sentences, statuses
from web.words.court_clocks import CourtClock
from web.words.labels import WHYS

WEB = Path(__file__).parents[1]
MANIFEST = WEB / "static" / "dist" / "manifest.json"


def asset(name: str) -> str:
    """Address of a built file such as `live.js`: its name carries a hash of its content."""
    return f"/static/dist/{_built().get(name, name)}"


def messages_url(island: str) -> str:
    """Address of the messages of an island in the language of the request; empty where it speaks English."""
    name = f"{island}.{i18n.current.get().tag}.json"
    return asset(name) if name in _built() else ""


def _built() -> Mapping[str, str]:
    """Names of built files, by the names without the hash."""
    try:
        return _manifest(MANIFEST.stat().st_mtime_ns)
    except FileNotFoundError:
        return {}


@lru_cache(maxsize=1)
def _manifest(_changed: int) -> Mapping[str, str]:
    names: dict[str, str] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return names


def environment(*, training: bool = False) -> jinja2.Environment:
    """The environment; undefined names are errors, everything is escaped. Templates lie in the folders of their pages,
    under names that no two of them share. `training`: every page bears the mark of a rehearsal.
    """
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(sorted(WEB.glob("*/templates"))),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    env.install_gettext_callables(  # type: ignore[attr-defined]
        i18n._, i18n.ngettext, newstyle=True, pgettext=i18n.pgettext
    )
    env.globals["languages"] = i18n.LANGUAGES
    env.globals["language"] = i18n.current.get
    env.globals["training"] = training
    env.globals["asset"] = asset
    env.globals["messages_url"] = messages_url
    env.globals["role_label"] = roles.label
    env.globals["who_may"] = roles.who_may
    env.globals["status_chip"] = statuses.chip
    env.globals["about"] = i18n.about
    env.globals["historic"] = statuses.historic
    env.globals["ending_of"] = statuses.ending
    env.globals["ended"] = statuses.ended
    env.globals["because"] = statuses.because
    env.globals["navigation"] = navigation.NAVIGATION
    env.globals["allowed_items"] = navigation.allowed
    env.globals["current_item"] = navigation.current
    env.globals["item_text"] = navigation.text
    env.globals.update(no_state=NO_STATE, whys=WHYS)
    env.filters["instant"] = datetime.fromisoformat
    for function in (
        i18n.clock,
        i18n.precise_clock,
        i18n.offset,
        i18n.long_date,
        i18n.weekday,
        i18n.short_day,
        i18n.short_weekday,
        i18n.month_name,
        i18n.day,
        i18n.machine_time,
        i18n.language_name,
        i18n.language_here,
        i18n.state_name,
        i18n.state_word,
        i18n.city_here,
        i18n.zone_city,
        i18n.wall,
        i18n.listed,
        i18n.one_by_one,
    ):
        env.filters[function.__name__] = function
    env.filters["times_together"] = languages.times_together
    env.filters["told"] = sentences.translated_markup
    env.filters["english"] = sentences.english
    return env


def render(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page. Every template sees `request`, `actor` (or None), `csrf`, `now`, `clocks` and what `context` adds.

    `change_stream` is where the page listens for changes of what it displays; empty where it does not.

    `here` is the page's own address for forms: without an action a browser would send the form to the address with its
    fragment, go to that field when the form is refused, and leave the error summary without the focus.
    """
    parts = request.app.state.parts
    page = parts.templates.get_template(template)
    actor = request.scope.get("actor")
    staff = actor is not None and actor.person is not None and status == 200
    now = datetime.now(UTC)
    values: dict[str, Any] = {
        "request": request,
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "actor": actor,
        "csrf": request.scope.get("csrf", ""),
        "now": now,
        "change_stream": followed.address(request.url.path, now) if staff and request.method == "GET" else "",
        "errors": [],
        "values": {},
        "notice": None,
    }
    values.update(context or {})
    values.setdefault("clocks", _clocks(values.get("places"), actor))
    answer = HTMLResponse(page.render(values), status_code=status, headers=dict(headers or {}))
    answer.headers["content-language"] = i18n.current.get().tag
    answer.headers["vary"] = "Cookie, Accept-Language"
    return answer


def _clocks(places: Any, actor: Any) -> list[CourtClock]:
    """The clocks of the bar above the page: the places of the page, or the own court's."""
    if isinstance(places, list) and places and all(isinstance(place, CourtClock) for place in places):
        return places[:2]
    return court_clocks.of_person(actor.person) if actor and actor.person else []
