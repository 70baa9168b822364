"""What `hearings` refuses, as one tree. Each class has a stable `code`; the text is English and for a person.

docs/api.md lists the codes that clients see.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from hearings.sentences import Series, tell


class HearingsError(Exception):
    """Something was refused."""

    code = "refused"

    def __init__(self, text: str = "") -> None:
        self.text = text or (self.__doc__ or self.code).splitlines()[0]
        """The text as passed in; a `Sentence` if it can be translated."""
        super().__init__(self.text)


class NotFound(HearingsError, LookupError):
    """There is no such thing, or it is not yours to see."""

    code = "not_found"


class NotAllowed(HearingsError):
    """The person may not do this. `who_can` names the roles that could."""

    code = "not_allowed"

    def __init__(self, reason: str, who_can: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.who_can = tuple(who_can)


class OtherStateAnswers(NotAllowed):
    """Only the other State can answer this question of the legal check."""

    code = "other_state_answers"


class LoginEnded(HearingsError):
    """The login has ended. Sign in again. `why` is a member of `hearings.people.logins.LoginEnd`."""

    code = "login_ended"

    def __init__(self, why: str) -> None:
        super().__init__(tell("The sign-in has ended. Nothing was changed: sign in again"))
        self.why = why


class IllegalMove(HearingsError):
    """A status may not change so."""

    code = "illegal_move"

    def __init__(self, subject: str, current: str, wanted: str, allowed: Iterable[str]) -> None:
        self.subject, self.current, self.wanted, self.allowed = subject, current, wanted, tuple(sorted(allowed))
        could = ", ".join(self.allowed) if self.allowed else "nothing, this is an end"
        super().__init__(f"{subject} is {current} and cannot become {wanted}; allowed from here: {could}")


class Invalid(HearingsError, ValueError):
    """The input cannot be right."""

    code = "invalid"

    def __init__(self, text: str = "", field: str = "") -> None:
        super().__init__(text)
        self.field = field


class UnknownZone(Invalid):
    """The zone is not the name of a place in the time-zone database."""

    code = "unknown_zone"


class NonexistentTime(Invalid):
    """The clocks skip this wall time. `before` and `after` are the last and first times that exist around it."""

    code = "nonexistent_time"

    def __init__(self, wall: datetime, zone: str, before: datetime, after: datetime) -> None:
        self.wall, self.zone, self.before, self.after = wall, zone, before, after
        text = tell(
            "{wall} does not exist in {zone}: the clocks go from {before} ({offset_before}) to {after} "
            "({offset_after})",
            wall=f"{wall:%Y-%m-%d %H:%M}",
            zone=zone,
            before=f"{before:%H:%M:%S}",
            offset_before=f"{before:%z}",
            after=f"{after:%H:%M}",
            offset_after=f"{after:%z}",
        )
        super().__init__(text, "wall_start")


class AmbiguousTime(Invalid):
    """The clocks show this wall time twice. `first` and `second` carry the two offsets (fold 0 and fold 1)."""

    code = "ambiguous_time"

    def __init__(self, wall: datetime, zone: str, first: datetime, second: datetime) -> None:
        self.wall, self.zone, self.first, self.second = wall, zone, first, second
        text = tell(
            "{wall} occurs twice in {zone}: first at {first}, then at {second}; state which",
            wall=f"{wall:%Y-%m-%d %H:%M}",
            zone=zone,
            first=f"{first:%z}",
            second=f"{second:%z}",
        )
        super().__init__(text, "fold")


class NaiveTime(Invalid):
    """A datetime without a time zone is not an instant."""

    code = "naive_time"


class UnknownLanguage(Invalid):
    """The language is not a BCP 47 tag we know."""

    code = "unknown_language"


class UnknownState(Invalid):
    """The State is not among the jurisdictions we have data for."""

    code = "unknown_state"


class Undecided(Invalid):
    """A person decides this, and nobody has. `fields` names each decision that was left empty."""

    code = "undecided"

    def __init__(self, fields: Sequence[str]) -> None:
        self.fields = tuple(fields)
        text = tell(
            "Not decided yet: {fields}. Whoever signs completes it; nothing was changed",
            fields=", ".join(self.fields),
        )
        super().__init__(text, self.fields[0])


class RowsRefused(Invalid):
    """Rows of a table were refused, and so was the whole table. `rows` holds line, column and text of each mistake."""

    code = "rows_refused"

    def __init__(self, rows: Sequence[tuple[int, str, str]]) -> None:
        self.rows = tuple(rows)
        line, column, text = self.rows[0]
        located = tell("Line {line}, {column}: {text}", line=line, column=column, text=text)
        super().__init__(located if column else tell("Line {line}: {text}", line=line, text=text), "file")


class WouldBeLost(Invalid):
    """What was typed would not be kept as the rest of the input stands."""

    code = "would_be_lost"


class StillOpen(Invalid):
    """A passage of the minutes is closed in every language or in none."""

    code = "still_open"


class NotReady(HearingsError):
    """Something else has to happen first."""

    code = "not_ready"

    def __init__(self, text: str = "", missing: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.missing = tuple(missing)


class GateNotMet(NotReady):
    """The legal basis lacks something; `missing` holds the texts of the lines."""

    code = "gate_not_met"


class DisplacedBy(GateNotMet):
    """Another instrument goes before every one the request relies on, and the States cannot agree otherwise."""

    code = "displaced_by"


class GateOpen(NotReady):
    """A State has to answer a question of the legal check, or has said no; `missing` holds a sentence for each."""

    code = "gate_open"


class AnsweredSince(NotReady):
    """The State has answered the question of the legal check anew since it signed this: sign again."""

    code = "answered_since"


class ConductedElsewhere(HearingsError):
    """The live hearings are conducted by another process; sockets and lobbies are its own."""

    code = "conducted_elsewhere"


class LobbyClosed(NotReady):
    """The lobby of this hearing is not open."""

    code = "lobby_closed"


class EssentialMissing(NotReady):
    """Somebody without whom the sitting cannot go on is not in the room; `missing` holds participant ids."""

    code = "essential_missing"


class SoundCheckMissing(NotReady):
    """A required sound check has not passed; `missing` holds ids of sound checks."""

    code = "sound_check_missing"


class RecordingNotHealthy(NotReady):
    """The recording is not running."""

    code = "recording_not_healthy"


class IdentityMissing(NotReady):
    """The requested authority has not confirmed who this is."""

    code = "identity_missing"


class Stale(HearingsError):
    """Somebody else has changed this since it was read. `expected` is the version read, `found` the one there is."""

    code = "stale"

    def __init__(self, expected: int, found: int) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"Version {expected} was read, but it is at version {found} by now; nothing was changed")


class AgreementConflict(NotReady):
    """The two sites cannot hold the hearing so: the lines say what would solve it."""

    code = "agreement_conflict"


class AgreementMissing(NotReady):
    """There is no technical agreement signed by both States."""

    code = "agreement_missing"


class LineTestMissing(NotReady):
    """No line test has passed lately: test the line, or say why the hearing goes on without."""

    code = "line_test_missing"


class ConditionsOpen(NotReady):
    """A condition of the requested State is not kept yet; `missing` holds the sentences."""

    code = "conditions_open"


class RightsOpen(NotReady):
    """An item of the rights checklist is not kept and not answered; `missing` holds ids, `items` who answers each."""

    code = "rights_open"

    def __init__(self, text: str = "", owed: Sequence[tuple[str, Sequence[tuple[str, str]]]] = ()) -> None:
        super().__init__(text, [item for item, _who in owed])
        self.owed = tuple((item, tuple(who)) for item, who in owed)
        """Each item with whom it waits for: functions of staff and their States. Nobody, where the case has to show
        it."""


class FingerprintsOpen(NotReady):
    """The courts have not compared the fingerprint of the media worker's certificate aloud."""

    code = "fingerprints_open"


class ConsentMissing(NotReady):
    """The person's consent to be heard by video is missing; `missing` says by which rules and how each stands."""

    code = "consent_missing"


class BasisNotInForce(NotReady):
    """No basis relied on is known to be in force on a day of the hearing, and nobody has said why it goes on."""

    code = "basis_not_in_force"


class HearingNotOver(NotReady):
    """A hearing of the request is still to be held; `missing` holds its reference."""

    code = "hearing_not_over"


class RequestOver(NotReady):
    """The request of this hearing is over: the hearing is neither prepared nor held."""

    code = "request_over"


class NoticeBlocks(NotReady):
    """A notice of a State stops this on that day; `missing` holds State and reason of each."""

    code = "notice_blocks"


class NoRecipients(NotReady):
    """A State the recording is for has given no public key; `missing` names each, as ISO 3166-1 alpha-2."""

    code = "no_recipients"


class PlanningMissing(NotReady):
    """Planning the docket is not installed here."""

    code = "planning_missing"


class LinkRefused(HearingsError):
    """The link does not open the hearing."""

    code = "link_refused"


class LinkUnknown(LinkRefused):
    """This link is not known."""

    code = "link_unknown"


class LinkEarly(LinkRefused):
    """The lobby is not open yet."""

    code = "link_early"

    def __init__(self, starts_at: datetime) -> None:
        super().__init__("The lobby is not open yet; try again shortly before the hearing starts")
        self.starts_at = starts_at


class LinkLate(LinkRefused):
    """The hearing is over."""

    code = "link_late"


class LinkUsed(LinkRefused):
    """This link has been used. The clerk can give a new one."""

    code = "link_used"


class LinkDead(LinkRefused):
    """This link is dead. The clerk can give a new one."""

    code = "link_dead"


class CodeDead(LinkRefused):
    """This code does not work any more. Ask for a new one."""

    code = "code_dead"


class PasskeyNeeded(LinkRefused):
    """This person signs in with a passkey or at their issuer; a link made by one administrator does not let them in."""

    code = "passkey_needed"


class PinWrong(LinkRefused):
    """The PIN is wrong."""

    code = "pin_wrong"

    def __init__(self, tries_left: int) -> None:
        super().__init__(f"The PIN is wrong; tries left: {tries_left}")
        self.tries_left = tries_left


class SignInRefused(HearingsError):
    """The sign-in was refused: what was shown does not prove who you are. Nothing was changed."""

    code = "sign_in_refused"

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why
        """The check that failed, for the security log; it reveals nothing that was shown."""


class StepUpNeeded(HearingsError):
    """Confirm again that it is you. Nothing was changed."""

    code = "step_up_needed"


class NewLinkNeeded(HearingsError):
    """The first passkey is added with a sign-in link that has just been opened. Nothing was changed."""

    code = "new_link_needed"


class ProofUsed(HearingsError):
    """This proof has been used before."""

    code = "proof_used"


class SignatureRefused(HearingsError):
    """A signed statement was refused.

    `code` is the cause (`hearings.signatures.signatures.CAUSES`). `entry` is a row that is kept although the
    transaction rolls back: `Database.transaction` adds it in a transaction of its own.
    """

    family = "signature_refused"

    def __init__(self, code: str, text: str, entry: object = None) -> None:
        super().__init__(text)
        self.code, self.entry = code, entry


class SignatureRequired(SignatureRefused):
    """This act must be signed by the authority. Nothing was handed in, so no entry is kept."""

    code = "signature_required"

    def __init__(self, text: str = "A statement signed by the authority was expected") -> None:
        super().__init__(self.code, text)


class TermsChanged(HearingsError):
    """The terms have changed since they were shown: read them again and decide."""

    code = "terms_changed"


class TooFast(HearingsError):
    """More in a short time than is accepted. `wait`: seconds after which it can be sent again."""

    code = "too_fast"

    def __init__(self, text: str, *, wait: int) -> None:
        super().__init__(text)
        self.wait = wait


class DoubleBooking(HearingsError):
    """Something is booked already at this time. `resources` holds the numbers and names the caller may see."""

    code = "double_booking"

    def __init__(self, resources: Iterable[tuple[int, str]] = (), hidden: int = 0) -> None:
        self.resources, self.hidden = tuple(resources), hidden
        named = [tell("{name} (no. {number})", name=name, number=number) for number, name in self.resources]
        if hidden:
            named.append(tell("an entry in the diary of the other State"))
        super().__init__(tell("Already booked at this time: {names}", names=Series.of(named or [tell("something")])))


class InterpreterUnfit(HearingsError):
    """Something speaks against an interpreter at this time: say why she is booked all the same, or choose another.

    `interpreters` holds number, name and codes (`hearings.times.interpreters`) of those the caller may see, `free`
    number and name of others against whom nothing speaks at this time.
    """

    code = "interpreter_unfit"

    def __init__(
        self,
        interpreters: Iterable[tuple[int, str, tuple[str, ...]]] = (),
        hidden: int = 0,
        free: Iterable[tuple[int, str]] = (),
    ) -> None:
        self.interpreters, self.hidden, self.free = tuple(interpreters), hidden, tuple(free)
        named = [f"{name} (no. {number}): {', '.join(codes)}" for number, name, codes in self.interpreters]
        if hidden:
            named.append("an interpreter of the other State")
        super().__init__(f"Say why they are booked all the same: {'; '.join(named)}".replace("_", " "))


class StaleTimeZones(HearingsError):
    """The time-zone data of this machine are older than a State's clocks need."""

    code = "stale_time_zones"


class FontsMissing(HearingsError):
    """Documents cannot be made here: their fonts are not installed"""

    code = "fonts_missing"


class DatabaseRefused(HearingsError):
    """The database is not one we can work on."""

    code = "database_refused"


class DatabaseMissing(DatabaseRefused):
    """There is no database; run `vivavoce init`."""

    code = "database_missing"


class DatabaseAway(DatabaseRefused):
    """The database does not answer now. Nothing was changed."""

    code = "database_away"


class DatabaseFull(DatabaseRefused):
    """There is no room left for the database to write. Nothing was changed."""

    code = "database_full"


class AnchorAway(DatabaseRefused):
    """What binds a State is not taken now: it cannot be kept outside the database too. Nothing was changed."""

    code = "anchor_away"


class SchemaBehind(DatabaseRefused):
    """The database has another schema than this program."""

    code = "schema_behind"

    def __init__(self, found: str | None, wanted: str) -> None:
        super().__init__(f"The database schema is at {found or 'none'}, but {wanted} is needed; run `vivavoce init`")
        self.found, self.wanted = found, wanted
