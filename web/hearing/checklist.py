"""What a hearing still needs, in words: the rows of the checklist, and the one next step of whoever reads the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hearings.hearing.readiness import REASONED, Check, CheckResult
from hearings.models import Hearing, HearingRequest, Person
from hearings.requests.consent_answers import PERSON_TO_BE_HEARD
from hearings.rights import answers as rights_answers, checklist as rights_checklist
from hearings.rights.checklist import Gate, RightItem
from hearings.roles import StaffFunction
from hearings.status import HEARINGS_OVER, HearingStatus
from web.server.sign_in import may_on, may_own
from web.words import labels
from web.words.i18n import N_, _, city_here, listed, one_by_one, state_name

H = HearingStatus
TITLES: Mapping[Check, tuple[str, str]] = {
    Check.request_open: (N_("Request open"), N_("The request is over")),
    Check.time_signed: (N_("Time and terms signed by both States"), N_("Time and terms not signed by both States")),
    Check.people_named: (N_("People named"), N_("Not everybody is named")),
    Check.interpreter_named: (N_("Interpreter named"), N_("No interpreter is named")),
    Check.gate_answered: (N_("Legal check answered by both States"), N_("Legal check not answered by both States")),
    Check.consent_given: (N_("Consents given"), N_("A consent of the person is missing")),
    Check.basis_in_force: (N_("Legal basis in force on the day"), N_("No legal basis in force on the day")),
    Check.agreement_signed: (N_("Technical agreement signed"), N_("Technical agreement not signed by both States")),
    Check.line_tested: (N_("Line test passed or waived"), N_("No line test has passed")),
    Check.rights_kept: (N_("Rights kept"), N_("Rights: not everything is kept or answered")),
    Check.summons_served: (N_("Summons served in time"), N_("Summons: not everybody was served in time")),
    Check.recipients_known: (N_("Keys for the recording"), N_("A key for the recording is missing")),
    Check.rooms_booked: (N_("Rooms booked"), N_("A room is not booked")),
    Check.links_issued: (N_("Links issued"), N_("Links not issued")),
}
"""Of each check, the words when it is met and when it is not."""
OWNERS: Mapping[StaffFunction, str] = {
    StaffFunction.judge: N_("Judge, {city}"),
    StaffFunction.clerk: N_("Clerk, {city}"),
    StaffFunction.authority: N_("Authority, {city}"),
    StaffFunction.administrator: N_("Administrator, {city}"),
}
BUTTONS: Mapping[Check, str] = {
    Check.time_signed: N_("Sign"),
    Check.people_named: N_("Add a person"),
    Check.interpreter_named: N_("Add an interpreter"),
    Check.gate_answered: N_("Answer the legal check"),
    Check.consent_given: N_("Record the answer"),
    Check.agreement_signed: N_("Open the agreement"),
    Check.line_tested: N_("Test the line"),
    Check.rights_kept: N_("Open the checklist"),
    Check.summons_served: N_("Record the service"),
    Check.recipients_known: N_("Add a key"),
    Check.rooms_booked: N_("Book a room"),
    Check.links_issued: N_("Issue links"),
}
PARTS: Mapping[str, str] = {
    "presiding_judge": N_("the presiding judge"),
    "requested_authority": N_("the requested authority"),
    "interpreter": N_("an interpreter"),
    PERSON_TO_BE_HEARD: N_("the person to be heard"),
}


@dataclass(frozen=True, kw_only=True)
class ChecklistRow:
    """One check in words. `href` and `button`: where the reader can resolve it; empty if they cannot."""

    check: Check
    met: bool
    blocks: bool
    title: str
    detail: str
    owners: list[str]
    href: str
    button: str
    before_signing: bool = False
    """Whether the time cannot be signed while it is not met."""


@dataclass(frozen=True, kw_only=True)
class NextStep:
    """The one next thing to do. `act`: `lobby` and `ready` send a form, `link` leads to `href`; empty when the reader
    has to wait."""

    heading: str
    words: str = ""
    act: str = ""
    href: str = ""
    button: str = ""
    kind: str = ""


def named(parts: Sequence[str]) -> str:
    """Parts in a hearing that nobody has been named for, in a sentence."""
    return listed(_(PARTS[part]) for part in parts if part in PARTS)


def rows(
    results: Sequence[CheckResult], hearing: Hearing, request: HearingRequest, person: Person, can: Mapping[str, bool]
) -> list[ChecklistRow]:
    """The rows of the checklist: what is not met first, each in the order of preparation."""
    made = []
    for result in sorted(results, key=lambda result: result.met):
        href = "" if result.met else _href(result, hearing, request, person, can)
        made.append(
            ChecklistRow(
                check=result.check,
                met=result.met,
                blocks=result.blocks,
                title=_(TITLES[result.check][0 if result.met else 1]),
                detail="" if result.met else _detail(result),
                owners=[
                    _owner(function, state, hearing)
                    for function, state in (*((result.function, state) for state in result.states), *result.others)
                ],
                href=href,
                button=_(BUTTONS[result.check]) if href else "",
                before_signing=any(item.gate is Gate.agree for item in _items(result)),
            )
        )
    return made


def _items(result: CheckResult) -> list[RightItem]:
    """The items of the rights checklist that are open, those first that come first."""
    if result.check is not Check.rights_kept:
        return []
    return [item for item in map(rights_checklist.item, result.missing) if item is not None]


def _owner(function: StaffFunction, state: str, hearing: Hearing) -> str:
    """Whom it waits for: what the authority does in the requested State, the clerk does in the requesting one."""
    asks = state == hearing.requesting_state
    if asks and function is StaffFunction.authority:
        function = StaffFunction.clerk
    return _(OWNERS[function]).format(city=city_here(hearing.requesting_city if asks else hearing.requested_city))


def _detail(result: CheckResult) -> str:
    states = listed(map(state_name, result.missing))
    match result.check:
        case Check.time_signed | Check.agreement_signed:
            return _("Not signed yet by: {states}").format(states=states)
        case Check.gate_answered:
            return _("Missing, or no: {states}").format(states=states)
        case Check.people_named:
            return _("Not named yet: {people}").format(people=named(result.missing))
        case Check.interpreter_named:
            return _("The two sides speak different languages.")
        case Check.consent_given:
            return _("By: {provisions}").format(provisions=one_by_one(result.missing))
        case Check.basis_in_force:
            return _("To go on all the same, the clerk writes the reason.")
        case Check.line_tested:
            return _("To go on without it, the clerk writes the reason.")
        case Check.rights_kept:
            return one_by_one(_(item.title) for item in _items(result))
        case Check.recipients_known:
            return _("No authority there could open the recording: {states}").format(states=states)
        case Check.rooms_booked:
            return _("Nothing is booked in: {states}").format(states=states)
        case Check.summons_served:
            return _("Not shown yet for: {people}").format(people=one_by_one(result.missing))
        case Check.links_issued:
            return _("No link that works: {people}").format(people=one_by_one(result.missing))
        case Check.request_open:
            return _("Its hearing is neither prepared nor held.")


def _href(
    result: CheckResult, hearing: Hearing, request: HearingRequest, person: Person, can: Mapping[str, bool]
) -> str:
    """Where the reader can resolve it; empty if others have to."""
    home, own = f"/h/{hearing.ref}", person.owner_state
    asks = own == hearing.requesting_state
    places: Mapping[Check, tuple[bool, str]] = {
        Check.time_signed: (can["agree"], f"{home}/times/sign"),
        Check.people_named: (can["prepare"], f"{home}/people/new"),
        Check.interpreter_named: (can["prepare"], f"{home}/people/new"),
        Check.gate_answered: (
            own in result.missing and may_on("answer_gate_asking" if asks else "answer_gate", person, request),
            f"/requests/{request.reference}?act=gate#act",
        ),
        Check.consent_given: (can["prepare"] and asks, f"/requests/{request.reference}/consents"),
        Check.agreement_signed: (may_on("negotiate", person, hearing), f"{home}/technical"),
        Check.line_tested: (may_on("test_line", person, hearing), f"{home}/test"),
        Check.rights_kept: (bool(item := _own_item(result, hearing, person)), f"{home}/rights#{item}"),
        Check.summons_served: (may_on("record_summons", person, hearing), f"{home}/summons"),
        Check.recipients_known: (
            own in result.missing and may_own("manage_recipients", person),
            "/admin/recipients",
        ),
        Check.rooms_booked: (
            own in result.missing and may_on("book_resource", person, hearing),
            f"{home}/times#booked",
        ),
        Check.links_issued: (can["links"], f"{home}#people"),
    }
    allowed, href = places.get(result.check, (False, ""))
    return href if allowed else ""


def _own_item(result: CheckResult, hearing: Hearing, person: Person) -> str:
    """The first item that the reader can answer, or go on without; empty if others have to."""
    if not may_on("answer_right", person, hearing):
        return ""
    own = {(function, person.owner_state) for function in person.functions}
    passes = may_on("override_right", person, hearing)
    items = _items(result)
    theirs = (item for item in items if own & set(rights_answers.owed_by(item, hearing)))
    passable = (item for item in items if passes and item.override)
    return next((item.id for some in (theirs, passable) for item in some), "")


def next_step(
    hearing: Hearing, checklist: Sequence[ChecklistRow], can: Mapping[str, bool], *, silent: bool, minutes: bool
) -> NextStep | None:
    """What the reader does next, or whom they wait for; None when nothing is left to do."""
    home = f"/h/{hearing.ref}"
    if can["lobby"] and (silent or not can["enter"]):
        words = _("The links of the participants work from then on.")
        return NextStep(heading=_("Open the lobby when you are ready"), words=words, act="lobby")
    if can["enter"]:
        words = _("You check camera and microphone before you are seen.")
        return NextStep(
            heading=_("The lobby is open"),
            words=words,
            act="link",
            href=f"{home}/live",
            button=_("Enter the hearing"),
        )
    if minutes and hearing.status in (*HEARINGS_OVER, H.part_heard):
        return NextStep(
            heading=_("The minutes of the sitting"),
            words=_("They are drafted, translated, read back and signed by both States."),
            act="link",
            href=f"{home}/minutes",
            button=_("Open the minutes"),
        )
    if hearing.status is H.ready and not any(row.blocks for row in checklist):
        words = _("Judge or clerk of the requesting State open the lobby on the day.")
        return NextStep(heading=_("Everything needed is in place"), words=words, kind="done")
    if hearing.status in HEARINGS_OVER or hearing.status in (H.in_progress, H.part_heard):
        return None
    return _preparing(hearing, [row for row in checklist if row.blocks], can)


def _preparing(hearing: Hearing, blocking: Sequence[ChecklistRow], can: Mapping[str, bool]) -> NextStep | None:
    """The first blocking check that the reader can resolve; else whom the hearing waits for."""
    firm = [row for row in blocking if row.check not in REASONED]
    if can["ready"] and not firm:
        words = _("The lobby can be opened once the hearing is ready.")
        return NextStep(heading=_("Make the hearing ready"), words=words, act="ready")
    early = next((row for row in blocking if row.before_signing), None)
    if can["agree"] and early is not None:
        return _step(early)
    if can["agree"]:
        signed = hearing.requesting_signed or hearing.requested_signed
        unsigned = next(row for row in blocking if row.check is Check.time_signed)
        return NextStep(
            heading=labels.word("step", "sign_time"),
            words=unsigned.detail,
            act="link",
            href=unsigned.href,
            button=_("Sign this time") if signed else _("Agree to this time"),
        )
    for row in firm or blocking:
        if row.href:
            return _step(row)
    if blocking:
        return _step((firm or blocking)[0])
    words = _("The clerk of the requesting State makes the hearing ready.")
    return NextStep(heading=_("Everything needed is in place"), words=words, kind="done")


def _step(row: ChecklistRow) -> NextStep:
    """A check as the next step: where the reader resolves it, or whom it waits for."""
    if row.href:
        return NextStep(heading=row.title, words=row.detail, act="link", href=row.href, button=row.button)
    words = _("It waits for: {owners}").format(owners=one_by_one(row.owners))
    return NextStep(heading=row.title, words=words, kind="done")
