"""Jinja2: the environment every page is rendered in, with its filters and globals."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from hearings import languages
from web.words import i18n, roles, sentences, statuses

WEB = Path(__file__).parents[1]
MANIFEST = WEB / "static" / "dist" / "manifest.json"


def asset(name: str) -> str:
    """Address of a built file such as `live.js`: its name carries a hash of its content."""
    try:
        names: dict[str, str] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    except FileNotFoundError:
        names = {}
    return f"/static/dist/{names.get(name, name)}"


def environment() -> jinja2.Environment:
    """The environment; undefined names are errors, everything is escaped. Templates lie in the folders of their pages,
    under names that no two of them share.
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
    env.globals["asset"] = asset
    env.globals["role_label"] = roles.label
    env.globals["status_chip"] = statuses.chip
    env.globals["about"] = i18n.about
    env.globals["historic"] = statuses.historic
    env.globals["because"] = statuses.because
    env.filters["instant"] = datetime.fromisoformat
    for function in (
        i18n.clock,
        i18n.offset,
        i18n.long_date,
        i18n.machine_time,
        i18n.language_name,
        i18n.language_here,
        i18n.state_name,
        i18n.wall,
        i18n.listed,
        i18n.one_by_one,
    ):
        env.filters[function.__name__] = function
    env.filters["times_together"] = languages.times_together
    env.filters["told"] = sentences.told_here
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
    """A page. Every template sees `request`, `actor` (or None), `csrf`, `now` and what `context` adds."""
    parts = request.app.state.parts
    page = parts.templates.get_template(template)
    actor = request.scope.get("actor")
    values: dict[str, Any] = {
        "request": request,
        "actor": actor,
        "csrf": request.scope.get("csrf", ""),
        "now": datetime.now(UTC),
        "errors": [],
        "values": {},
        "notice": None,
    }
    values.update(context or {})
    answer = HTMLResponse(page.render(values), status_code=status, headers=dict(headers or {}))
    answer.headers["content-language"] = i18n.current.get().tag
    answer.headers["vary"] = "Cookie, Accept-Language"
    return answer
