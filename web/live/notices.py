"""What the room says to its pages, in the reader's language: why one was ended, what has happened, what is missing."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Literal

from hearings.models import Hearing, Participant
from hearings.people.logins import LoginEnd as E
from web.words import gaps as gap_words, places
from web.words.i18n import _

ByeCode = Literal["superseded", "removed", "left", "closed", "signed_out", "not_allowed", "link_replaced"]

BYE: dict[str, tuple[ByeCode, Callable[[], str]]] = {
    "superseded": ("superseded", lambda: _("You are taking part from another window now.")),
    "left": ("left", lambda: _("You have left the hearing.")),
    "not_allowed": ("not_allowed", lambda: _("You have no seat in this hearing.")),
    E.removed: ("removed", lambda: _("The court has removed you from this hearing.")),
    E.closed: ("closed", lambda: _("The hearing is closed.")),
    E.cancelled: ("closed", lambda: _("The hearing has been cancelled.")),
    E.signed_out: ("signed_out", lambda: _("You have signed out.")),
    E.signed_in_again: ("signed_out", lambda: _("Somebody has signed in again in this browser.")),
    E.idle: ("signed_out", lambda: _("Your sign-in has ended because nothing was done. Sign in again.")),
    E.expired: ("signed_out", lambda: _("Your sign-in has ended after its longest time. Sign in again.")),
    E.deactivated: ("signed_out", lambda: _("Your account is no longer in use.")),
    E.functions_changed: ("signed_out", lambda: _("Your functions have been changed. Sign in again.")),
    E.link_replaced: ("link_replaced", lambda: _("The clerk has given you a new link. Use that one.")),
    E.link_revoked: ("removed", lambda: _("The clerk has taken your link back. Call the court.")),
}
"""Why a page's connection was ended, by the end of its login too: a word for the page, a text for the person."""

NOTICES: dict[str, Callable[[], str]] = {
    "line_lost": lambda: _("A line is lost. The floor is closed. Please do not speak."),
    "media_lost": lambda: _("Sound and picture have stopped. They will be back in a moment."),
    "media_back": lambda: _("Sound and picture are back. Your microphone is off."),
    "recording_failing": lambda: _("NOT RECORDING. The floor is closed."),
    "recording_back": lambda: _("The recording runs again. The floor stays closed until the presiding judge opens it."),
    "hold": lambda: _("The floor is closed."),
    "resumed": lambda: _("The floor is open again."),
    "started": lambda: _("The sitting has begun. It is being recorded."),
    "closing": lambda: _("The sitting is being closed. The recording is being sealed."),
    "breaking_off": lambda: _("The hearing is broken off. What was recorded is being sealed."),
    "closed": lambda: _("The hearing is closed. The recording is sealed."),
    "no_recording": lambda: _("The hearing is closed. There is no recording."),
    "muted": lambda: _("The court has switched off your microphone."),
    "admitted": lambda: _("You have been admitted to the room. Your microphone is off."),
    "returned_to_lobby": lambda: _("You have been sent back to the lobby."),
    "roll_call": lambda: _("The roll call has begun."),
    "fingerprints_differ": lambda: _(
        "The courts have read different codes: somebody may be listening in between. Say nothing that must stay secret."
    ),
    "fingerprints_stale": lambda: _("The server's certificate is another one now: compare the codes aloud again."),
    "time_limit_reached": lambda: _("The time the requested State has set is used up. The presiding judge decides."),
    "break_due": lambda: _("By the conditions of the requested State a pause is due now."),
}
"""What is announced to everybody, or to the person concerned."""

PACE_SECONDS = 30.0
"""How often people are told of gaps of the same person or language channel."""


class GapNotices:
    """Tells at once what is missing in the recording, and sums up what comes soon after, so that it goes on being read.

    `say` gives the words to whom it concerns, `spawn` runs beside. Called only from the conductor's event loop.
    """

    def __init__(
        self,
        say: Callable[[Callable[[Participant], str]], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._say = say
        self._spawn = spawn
        self._since: dict[str, int] = {}
        """Whose gaps have been told lately, and how many there were since."""

    def tell(self, data: Mapping[str, Any], hearing: Hearing, who: Participant | None, zero: datetime | None) -> None:
        """Tell of a gap as the log has it. `who`: whose it is; `zero`: where the recording's time code begins."""
        key = who.id if who else str(data["track"])
        if key in self._since:
            self._since[key] += 1
            return
        self._since[key] = 0
        clocks = places.of_hearing(hearing)
        self._say(lambda viewer: gap_words.missing(data, who, zero, places.own_first(clocks, viewer.state)))
        self._spawn(self._sum_up(key, data, who))

    async def _sum_up(self, key: str, data: Mapping[str, Any], who: Participant | None) -> None:
        """As long as there are more, say once in a while how many."""
        while True:
            await asyncio.sleep(PACE_SECONDS)
            count, self._since[key] = self._since[key], 0
            if not count:
                del self._since[key]
                return
            self._say(lambda _viewer, count=count: gap_words.more(data, who, count))  # type: ignore[misc]
