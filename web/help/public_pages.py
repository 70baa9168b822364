"""Pages for everybody: what works now, how far the pages are accessible, and which data are kept."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.operation.health import Health
from web.operation.monitoring_pages import current_health
from web.server.rendering import render
from web.words.i18n import N_, _


@dataclass(frozen=True)
class StatusLine:
    """What works or does not, in plain words; no fault is named that would help an attacker."""

    name: str
    good: bool
    text: str


def status_lines(health: Health) -> list[StatusLine]:
    """The status as people need it, from the health that monitoring reads at /healthz."""
    can_record = health.seal != "silent"
    return [
        StatusLine(_("Pages and sign-in"), True, _("You can read this, so the pages answer.")),
        StatusLine(
            _("Hearings"),
            not health.ready,
            _("Hearings can be held.")
            if not health.ready
            else _("Hearings cannot be held now. If yours is today, call the court that invited you."),
        ),
        StatusLine(
            _("Saving"),
            not health.write,
            _("What is sent is saved.") if not health.write else _("Nothing can be saved now. Send it again later."),
        ),
        StatusLine(
            _("Recordings"),
            can_record,
            _("Recordings can be sealed.")
            if can_record
            else _("Recordings cannot be sealed now; no sitting starts until they can."),
        ),
    ]


@dataclass(frozen=True)
class DataKept:
    """One row of the privacy page, message ids: whose data, which, why, how long, and who sees them."""

    whose: str
    what: str
    why: str
    long: str
    seen_by: str


DATA: tuple[DataKept, ...] = (
    DataKept(
        N_("People who are heard"),
        N_("Name, role, language, what the request says about them, times of joining and leaving, the recording"),
        N_("The court hears them as evidence, on the request of one State and with the consent of the other."),
        N_("With the case. Ten years after a recording was closed both States review whether it is still needed."),
        N_("The two authorities of the case. Everyone in the room sees and hears them; the page says who that is."),
    ),
    DataKept(
        N_("Interpreters, counsel and experts"),
        N_("Name, role, languages, times of joining and leaving, the recording"),
        N_("They take part in the hearing, and the minutes name them."),
        N_("With the case."),
        N_("The two authorities of the case, and everyone in the room."),
    ),
    DataKept(
        N_("Judges, clerks and authorities"),
        N_("Name, e-mail address, authority, functions, passkeys, sign-ins, what they did and looked at"),
        N_("So that it is certain who has acted for a State, and who has seen a recording."),
        N_("As long as the acts they belong to. Used or expired sign-in links are deleted after 30 days."),
        N_("Their own State; the other State sees their acts in a common case."),
    ),
    DataKept(
        N_("Administrators"),
        N_("As for other staff, and each change of people, keys and rules"),
        N_("So that every change has a name and a reason."),
        N_("As long as the changes they made."),
        N_("Administrators of their State; of another State where a change concerns it."),
    ),
    DataKept(
        N_("Everybody"),
        N_("Mails of the service and whether they arrived"),
        N_("So that it can be shown who was invited or reminded, and when."),
        N_("400 days after they were sent."),
        N_("Staff of the State that sent them."),
    ),
)
"""By role: what the service keeps."""
COOKIES: tuple[tuple[str, str, str], ...] = (
    ("__Host-vivavoce", N_("Keeps you signed in"), N_("until you sign out or your sign-in ends")),
    ("__Host-vivavoce-browser", N_("Ties a sign-in by passkey or by your State to this browser"), N_("15 minutes")),
    ("vivavoce_language", N_("Remembers the language you chose"), N_("one year")),
    (
        "vivavoce-room",
        N_("No cookie: keeps the keys and announcements you chose for the room in your browser, and is sent nowhere"),
        N_("until you delete it in your browser"),
    ),
)
"""Every cookie, and what is kept in the browser beside them: name, what it is for, how long it stays."""
TESTED: tuple[str, ...] = (
    N_("Every page is checked by axe-core against WCAG 2.2, levels A and AA, in light and dark."),
    N_("Every page is checked in a language that runs from right to left, and in windows 320 pixels wide."),
    N_("Every page is checked at 400 per cent zoom: nothing has to be scrolled sideways, and nothing covers the page."),
    N_("Pages are checked with forced colours and with reduced motion."),
    N_("In the room each shortcut can be changed or switched off, and only important events be announced."),
    N_("Forms work without JavaScript; errors are listed first and lead to their fields."),
)
NOT_TESTED: tuple[str, ...] = (
    N_("People who use screen readers have not tried the pages yet."),
    N_("Captions are shown only where a stenographer or a system of a court feeds them: the program writes none."),
    N_("The room, the player and signing need JavaScript; the room needs a microphone too."),
    N_("Documents that people have attached are shown as they were sent."),
)


async def status(request: Request) -> Response:
    """What works now. Always 200: programs read /healthz."""
    lines = status_lines(await current_health(request))
    return render(request, "status.html", {"lines": lines, "good": all(line.good for line in lines)})


async def accessibility(request: Request) -> Response:
    """The accessibility statement."""
    return render(request, "accessibility.html", {"tested": TESTED, "not_tested": NOT_TESTED})


async def privacy(request: Request) -> Response:
    """Which data are kept, why, how long and who sees them."""
    return render(request, "privacy.html", {"data": DATA, "cookies": COOKIES})


routes = [Route("/status", status), Route("/accessibility", accessibility), Route("/privacy", privacy)]
