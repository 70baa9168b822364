"""The navigation of staff: which pages there are, under which heading, and for whom."""

from collections.abc import Sequence
from dataclasses import dataclass

from hearings.coordination import facilitators
from hearings.models import Person
from hearings.permissions import may_staff
from web.words.i18n import N_, _


@dataclass(frozen=True)
class NavigationItem:
    """A page of the menu. `text`: a message. `icon`: a name of macros.html. `right`: the row of the permission table
    that shows the item; empty for everybody. `about`: for the page of the administration, what is done there.
    """

    href: str
    text: str
    icon: str
    right: str = ""
    about: str = ""


ADMINISTRATION: tuple[NavigationItem, ...] = (
    NavigationItem("/admin/staff", N_("Staff"), "people", "manage_staff", N_("People, their functions and sign-ins")),
    NavigationItem(
        "/admin/recoveries",
        N_("Recoveries"),
        "door",
        "manage_staff",
        N_("People who have lost their way in, to be confirmed by a second administrator"),
    ),
    NavigationItem(
        "/facilitators",
        N_("Facilitators"),
        "link",
        "manage_facilitators",
        N_("Desks and contact points with whom requests can be shared"),
    ),
    NavigationItem("/sites", N_("Sites and rooms"), "pin", "manage_sites", N_("Sites, equipment, technical profiles")),
    NavigationItem(
        "/admin/keys", N_("Signing keys"), "key", "manage_signing_keys", N_("Keys with which the authorities sign")
    ),
    NavigationItem(
        "/admin/recipients",
        N_("Recipients of recordings"),
        "lock",
        "manage_recipients",
        N_("Keys for which recordings are encrypted"),
    ),
    NavigationItem(
        "/admin/api-clients", N_("API clients"), "plug", "manage_api_clients", N_("Systems that use the API")
    ),
    NavigationItem("/webhooks", N_("Webhooks"), "send", "manage_webhooks", N_("Addresses that receive each change")),
    NavigationItem("/admin/law", N_("Law"), "scales", "edit_law", N_("Treaties, instruments and rules of the States")),
    NavigationItem("/directory", N_("Authorities"), "book", "import_directory", N_("Directory of central authorities")),
    NavigationItem(
        "/admin/changes",
        N_("Pending changes"),
        "check",
        "edit_law",
        N_("Changes that another administrator confirms"),
    ),
    NavigationItem(
        "/admin/clock-changes", N_("Clock changes"), "clock", "", N_("Hearings touched by new rules of summer time")
    ),
    NavigationItem(
        "/admin/languages",
        N_("Languages"),
        "globe",
        "see_languages",
        N_("How far each language is translated and reviewed"),
    ),
    NavigationItem(
        "/admin/retention",
        N_("Retention"),
        "calendar",
        "see_retention",
        N_("What is kept how long, and which recordings are due for review"),
    ),
    NavigationItem(
        "/admin/personal-data",
        N_("Personal data"),
        "people",
        "see_personal_data",
        N_("How long what names people is kept, what is erased then, and what stays"),
    ),
    NavigationItem(
        "/admin/statistics",
        N_("Statistics"),
        "chart",
        "see_installation_statistics",
        N_("Figures of the installation, without States and without small numbers"),
    ),
    NavigationItem(
        "/admin/audit",
        N_("Audit"),
        "file",
        "see_audit",
        N_("What administrators and the operator have done, and who has viewed what"),
    ),
    NavigationItem(
        "/admin/setup", N_("Set-up"), "tasks", "see_checks", N_("What is still missing before hearings can be held")
    ),
    NavigationItem("/admin/checks", N_("Checks"), "pulse", "see_checks", N_("What the service finds about itself")),
)

NAVIGATION: tuple[tuple[str, tuple[NavigationItem, ...]], ...] = (
    (
        N_("Work"),
        (
            NavigationItem("/facilitation", N_("Shared with me"), "link"),
            NavigationItem("/facilitation/rooms", N_("Coordination rooms"), "message"),
            NavigationItem("/docket", N_("Docket"), "calendar-day"),
            NavigationItem("/waiting", N_("My tasks"), "tasks"),
            NavigationItem("/requests", N_("Requests"), "file"),
            NavigationItem("/recordings", N_("Recordings"), "disc"),
            NavigationItem("/outbox", N_("Messages"), "mail", "see_outbox"),
        ),
    ),
    (
        N_("Prepare"),
        (
            NavigationItem("/docket/plan", N_("Plan the docket"), "calendar-day", "propose_hearing"),
            NavigationItem("/sites", N_("Sites and rooms"), "pin"),
            NavigationItem("/calendars", N_("Calendars"), "calendar"),
            NavigationItem("/resources", N_("Rooms and people"), "people"),
            NavigationItem("/law/check", N_("Legal bases"), "scales"),
            NavigationItem("/directory", N_("Authorities"), "book"),
            NavigationItem("/notices", N_("Notices of States"), "bell"),
            NavigationItem("/rooms", N_("Coordination rooms"), "message", "coordinate"),
        ),
    ),
    (
        N_("Oversight"),
        (
            NavigationItem("/figures", N_("Figures"), "chart", "see_workload"),
            NavigationItem("/statistics", N_("Statistics"), "chart", "see_statistics"),
            NavigationItem("/personal-data", N_("Requests for data"), "people", "report_personal_data"),
            NavigationItem("/personal-data/requests", N_("Erasure and correction"), "pen", "decide_data_request"),
            NavigationItem("/admin", N_("Administration"), "gear"),
        ),
    ),
)
"""Heading, items. Administration has a page of its own, which lists `ADMINISTRATION`."""


FACILITATION = frozenset({"/facilitation", "/facilitation/rooms"})
"""Addresses of the items of facilitators, which no member of staff has."""


def allowed(person: Person, items: Sequence[NavigationItem]) -> list[NavigationItem]:
    """The items that a member of staff may use in their own State, or those of a facilitator."""
    if facilitators.is_facilitator(person):
        return [item for item in items if item.href in FACILITATION]
    items = [item for item in items if item.href not in FACILITATION]
    state = person.owner_state
    functions = frozenset(person.functions)
    return [
        item
        for item in items
        if not item.right
        or may_staff(item.right, functions, own_state=state, requesting_state=state, requested_state=state).allowed
    ]


def current(path: str) -> str:
    """The address of the menu item a page belongs to; empty where it belongs to none. The longest address wins."""
    if any(_within(path, item.href) for item in ADMINISTRATION if item.right and item.href.startswith("/admin")):
        return "/admin"
    best = ""
    for _heading, items in NAVIGATION:
        for item in items:
            if _within(path, item.href) and len(item.href) > len(best):
                best = item.href
    return best or next((href for prefix, href in ELSEWHERE if _within(path, prefix)), "")


ELSEWHERE = (
    ("/h", "/docket"),
    ("/interpreters", "/resources"),
    ("/law", "/law/check"),
    ("/facilitators", "/admin"),
    ("/webhooks", "/admin"),
    ("/admin", "/admin"),
    ("/calendar", "/calendars"),
    ("/search", "/requests"),
)
"""Addresses below no item of the menu, and the item that is marked for them."""


def text(href: str) -> str:
    """The name of a menu item, translated; the empty string for an address that is none."""
    return next((_(item.text) for _heading, items in NAVIGATION for item in items if item.href == href), "")


def _within(path: str, href: str) -> bool:
    return path == href or path.startswith(href + "/")
