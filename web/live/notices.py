"""Texts that the room sends to its pages, in the reader's language: reasons of ending, notices, recording gaps."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from typing import Any, Literal

from hearings.interpreting import booths
from hearings.interpreting.interpreters import BoothStep
from hearings.models import Hearing, Participant
from hearings.people.logins import LoginEnd as E
from hearings.roles import Role
from hearings.texts import clean
from media import messages
from web.words import court_clocks, gaps as gap_words
from web.words.i18n import N_, _, ngettext

CLOSED_FLOOR = N_("The floor is closed.")
NOT_RECORDING = N_("NOT RECORDING. The floor is closed.")

ByeCode = Literal["superseded", "removed", "left", "closed", "signed_out", "not_allowed", "link_replaced"]

BYE: dict[str, tuple[ByeCode, Callable[[], str]]] = {
    "superseded": ("superseded", lambda: _("You are now taking part in another window.")),
    "left": ("left", lambda: _("You have left the hearing.")),
    "not_allowed": ("not_allowed", lambda: _("You have no seat in this hearing.")),
    E.removed: ("removed", lambda: _("The court has removed you from this hearing.")),
    E.closed: ("closed", lambda: _("The hearing is closed.")),
    E.cancelled: ("closed", lambda: _("The hearing has been cancelled.")),
    E.signed_out: ("signed_out", lambda: _("You have signed out.")),
    E.signed_in_again: ("signed_out", lambda: _("Somebody has signed in again in this browser.")),
    E.idle: ("signed_out", lambda: _("Your sign-in has ended because of inactivity. Sign in again.")),
    E.expired: ("signed_out", lambda: _("Your sign-in has reached its time limit. Sign in again.")),
    E.deactivated: ("signed_out", lambda: _("Your account is no longer in use.")),
    E.credential_removed: ("signed_out", lambda: _("The passkey you signed in with was removed. Sign in again.")),
    E.credential_added: ("signed_out", lambda: _("You have a passkey from now on. Sign in with it.")),
    E.recovered: ("signed_out", lambda: _("You were given a new way to sign in. Sign in with it.")),
    E.functions_changed: ("signed_out", lambda: _("Your functions have been changed. Sign in again.")),
    E.link_replaced: ("link_replaced", lambda: _("The clerk has given you a new link. Use that one.")),
    E.link_revoked: ("removed", lambda: _("The clerk has revoked your link. Call the court.")),
}
"""Reasons why a page's connection was ended, including the end of its login: code for the page, text for the person."""

NOTICES: dict[str, Callable[[], str]] = {
    "line_lost": lambda: _("A line is lost. The floor is closed. Please do not speak."),
    "media_lost": lambda: _("Sound and picture have stopped. They will be back in a moment."),
    "media_back": lambda: _("Sound and picture are back. Your microphone is off."),
    "recording_failing": lambda: _(NOT_RECORDING),
    "recording_back": lambda: _(
        "The recording is running again. The floor stays closed until the presiding judge opens it."
    ),
    "hold": lambda: _(CLOSED_FLOOR),
    "resumed": lambda: _("The floor is open again."),
    "started": lambda: _("The sitting has begun. It is being recorded."),
    "closing": lambda: _("The sitting is being closed. The recording is being sealed."),
    "breaking_off": lambda: _("The hearing has been terminated. What was recorded is being sealed."),
    "closed": lambda: _("The hearing is closed. The recording is sealed."),
    "no_recording": lambda: _("The hearing is closed. There is no recording."),
    "muted": lambda: _("The court has switched off your microphone."),
    "admitted": lambda: _("You have been admitted to the room. Your microphone is off."),
    "returned_to_lobby": lambda: _("You have been sent back to the lobby."),
    "floor_mode": lambda: _("The presiding judge has changed how people speak. See whose turn it is."),
    "interpreter_line_poor": lambda: _(
        "The line of an interpreter is too poor for simultaneous interpreting. From now on the floor is given by turn, "
        "and interpreted after each speaker."
    ),
    "roll_call": lambda: _("The roll call has begun."),
    "fingerprints_differ": lambda: _(
        "The courts have read different codes: the connection may be intercepted. Say nothing confidential."
    ),
    "fingerprints_stale": lambda: _("The server's certificate has changed: read the codes aloud again."),
    "time_limit_reached": lambda: _(
        "The time limit set by the requested State has been reached. The presiding judge decides."
    ),
    "second_copy_lost": lambda: _(
        "The second copy of the recording is not being written. The recording itself goes on."
    ),
    "second_copy_back": lambda: _("The second copy of the recording is being written again."),
    "unrecorded": lambda: _(
        "Two people of the two States have decided to go on without a recording. What is said is not recorded."
    ),
    "unrecorded_ended": lambda: _("The hearing no longer goes on without a recording."),
    "closed_session": lambda: _("The court sits in closed session from now on."),
    "closed_session_ended": lambda: _("The closed session has ended."),
    "objection": lambda: _("An objection or a privilege was raised. It waits for the ruling of the presiding judge."),
    "objection_withdrawn": lambda: _("An objection or a claim was withdrawn."),
    "ruling": lambda: _("The presiding judge has ruled on an objection or a claim."),
    "break_ordered": lambda: _("The presiding judge has ordered a break. All microphones are off."),
    "break_refused": lambda: _("The presiding judge does not order a break now."),
    "take_over": lambda: _("Your partner’s line is lost. Take over now."),
    "handed_over": lambda: _("The turn in the booth has passed."),
    "relief_due": lambda: _("This turn has lasted 20 minutes: relief is due."),
    "relief_late": lambda: _("This turn has lasted 30 minutes: hand over now."),
    "break_due": lambda: _("A pause is now due under the conditions of the requested State."),
}
"""Texts of notices to everybody, or to the person concerned."""


SIGNALS: dict[str, Callable[[str], str]] = {
    "cannot_hear": lambda name: _("{name} cannot hear well.").format(name=name),
    "slower": lambda name: _("{name} asks: please speak more slowly.").format(name=name),
    "repeat": lambda name: _("{name} asks: please repeat that.").format(name=name),
    "cannot_interpret": lambda name: _("{name} cannot interpret now, and asks for a hold.").format(name=name),
}


def signal(room: Any, me: Participant, command: Any) -> None:
    """Tells the presiding judge and whoever has the microphone on of a signal; everybody, where interpreting stops."""

    def concerned(viewer: Participant) -> bool:
        speaks = viewer.microphone and viewer.role is not Role.interpreter
        return viewer.id != me.id and (
            command.what == "cannot_interpret" or viewer.role is Role.presiding_judge or speaks
        )

    name = me.display_name
    room.notify("signal", assertive=True, only=concerned, words=lambda _viewer: SIGNALS[command.what](name))


def handover_asked(room: Any, me: Participant, command: Any) -> None:
    """Tells the partners in the booth that somebody has pressed for the handover."""
    text = lambda _viewer: _("{name} has pressed for the handover.").format(name=me.display_name)  # noqa: E731
    room.notify("handover", only=_partner_of(room, me), words=text)


def partner_note(room: Any, me: Participant, command: messages.NotePartner) -> None:
    """Passes a note on to the partners in the booth, and to nobody else."""
    note = clean(command.text, "text", most=200)
    text = lambda _viewer: _("{name} writes: {text}").format(name=me.display_name, text=note)  # noqa: E731
    room.notify("partner_note", only=_partner_of(room, me), words=text)


def _partner_of(room: Any, me: Participant) -> Callable[[Participant], bool]:
    booked = room.scene.rows.languages
    booth = booths.key(me, booked)
    return lambda viewer: viewer.id != me.id and bool(booth) and booths.key(viewer, booked) == booth


def of_booths(room: Any, found: BoothStep) -> None:
    """Tells interpreters of what their booth has become, and everybody of a hold for a language."""
    for code, who in found.news:
        room.notify(code, assertive=True, only=lambda viewer, who=who: viewer.id == who)
    for pair in found.handed:
        room.notify("handed_over", assertive=True, only=lambda viewer, pair=pair: viewer.id in pair)


def login_ends(minutes: int) -> str:
    """Text of the warning that a login reaches its maximum duration soon, and how to continue."""
    warning = ngettext("Your sign-in ends in {n} minute.", "Your sign-in ends in {n} minutes.", minutes).format(
        n=minutes
    )
    how = _(
        "To continue, open a new sign-in link in this browser, and then this hearing again within a minute: "
        "you keep your seat, with your microphone off."
    )
    return f"{warning} {how}"


PACE_SECONDS = 30.0
"""Minimum time between two notices of gaps of the same person or language channel."""


class GapNotices:
    """Sends a notice of a recording gap at once, and sums up later ones, so that notices do not become too frequent.

    `say` sends the text to those concerned, `spawn` runs a task. Called only from the conductor's event loop.
    """

    def __init__(
        self,
        say: Callable[[Callable[[Participant], str]], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._say = say
        self._spawn = spawn
        self._since: dict[str, int] = {}
        """People or channels with a recent notice, and the number of gaps since."""

    def tell(self, data: Mapping[str, Any], hearing: Hearing, who: Participant | None, zero: datetime | None) -> None:
        """Send a notice of a gap. `who`: the person or channel; `zero`: the begin of the recording's time code."""
        key = who.id if who else str(data["track"])
        if key in self._since:
            self._since[key] += 1
            return
        self._since[key] = 0
        clocks = court_clocks.of_hearing(hearing)
        self._say(lambda viewer: gap_words.missing(data, who, zero, court_clocks.own_first(clocks, viewer.state)))
        self._spawn(self._sum_up(key, data, who))

    async def _sum_up(self, key: str, data: Mapping[str, Any], who: Participant | None) -> None:
        """Send the number of further gaps at intervals, until there are none."""
        while True:
            await asyncio.sleep(PACE_SECONDS)
            count, self._since[key] = self._since[key], 0
            if not count:
                del self._since[key]
                return
            self._say(lambda _viewer, count=count: gap_words.more(data, who, count))  # type: ignore[misc]
