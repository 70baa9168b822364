"""The page "Set-up": what is still missing for hearings to be held, and how it is mended."""

from datetime import UTC, datetime
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.permissions import require_staff
from web.operation import setup_steps
from web.operation.findings import Inspected
from web.operation.setup_steps import StepState
from web.parts import Parts
from web.server.rendering import render
from web.server.sign_in import staff
from web.words.i18n import N_, _, ngettext

STATES = {
    StepState.done: ("done", "ok", N_("In place")),
    StepState.advised: ("to_do", "warn", N_("Advised")),
    StepState.missing: ("to_do", "rec", N_("Missing")),
}
"""Tick, chip and word of each state of a step."""


def summary(results: list[setup_steps.StepResult]) -> str:
    """How much is missing, as a sentence."""
    found = setup_steps.counts(results)
    missing, done = found[StepState.missing], found[StepState.done]
    if not missing:
        first = _("Nothing is missing: hearings can be held.")
    else:
        first = ngettext(
            "{n} thing is missing before hearings can be held.",
            "{n} things are missing before hearings can be held.",
            missing,
        ).format(n=missing)
    return f"{first} " + _("In place: {n} of {all}.").format(n=done, all=len(results))


async def show(request: Request) -> Response:
    """Every step of the set-up with what was found, for an administrator. Looks at no other machine."""
    signed, _person = staff(request)
    require_staff("see_checks", signed.actor(), requesting_state=signed.state, requested_state=signed.state)
    parts = cast(Parts, request.app.state.parts)
    results = await setup_steps.survey(Inspected(parts.settings, parts.database, datetime.now(UTC), outside=False))
    groups = [
        (state, heading, [result for result in results if result.state is state])
        for state, heading in (
            (StepState.missing, _("Missing")),
            (StepState.advised, _("Advised")),
            (StepState.done, _("In place")),
        )
    ]
    context = {"groups": groups, "summary": summary(results), "states": STATES, "say": _}
    return render(request, "setup.html", context)


routes = [Route("/admin/setup", show)]
