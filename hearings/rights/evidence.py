"""What an item of the rights checklist rests on: one small function for each evidence that the data name.

Each reads the facts and answers with what it was found in, or None. Nothing is kept of it but its name with an answer:
evidence that is undone (a consent taken back, another technical agreement) is gone the next time it is asked for.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hearings import clocks
from hearings.events import EventKind
from hearings.law.answer import LineStatus
from hearings.law.legal_bases import Verdict
from hearings.models import HearingEvent, HearingRequest
from hearings.models.request import Protection
from hearings.models.request_parts import AttachmentKind
from hearings.requests.conditions import ConditionKind
from hearings.rights.checklist import Gate, RightSide
from hearings.rights.facts import RightsFacts
from hearings.roles import HEARD, Role
from hearings.sentences import Sentence, WrittenDay, tell
from hearings.summons.summons_states import SummonsState

K = EventKind


@dataclass(frozen=True, kw_only=True)
class FoundEvidence:
    """Evidence there is. `source`: `event:12`, `row:agreement.1`, as in the minutes; `says`: what it says."""

    source: str
    says: Sentence
    named: str = ""
    """The name of what it was found in, in the English of the law data, where the sentence does not say it."""


def _event(event: HearingEvent, says: Sentence) -> FoundEvidence:
    return FoundEvidence(source=f"event:{event.seq}", says=says)


def _last(facts: RightsFacts, says: Sentence, *kinds: EventKind) -> FoundEvidence | None:
    events = facts.events(*kinds)
    return _event(events[-1], says) if events else None


def _if(there: object, source: str, says: Sentence) -> FoundEvidence | None:
    return FoundEvidence(source=source, says=says) if there else None


# --- the law -----------------------------------------------------------------------------------------------------


def _usable(facts: RightsFacts) -> Verdict | None:
    return next((verdict for verdict in facts.verdicts if verdict.usable), None)


def _basis_in_force(facts: RightsFacts) -> FoundEvidence | None:
    verdict = _usable(facts)
    if verdict is None:
        return None
    return FoundEvidence(
        source=f"row:instruments.{verdict.instrument}",
        says=tell("The legal basis reaches this person on the day of the hearing"),
        named=verdict.name,
    )


NATIONAL = ("block_", "presence_", "stage_", "persons_", "domestic_law")
"""Beginnings of the keys of lines on national law."""


def _nothing_in_the_way(facts: RightsFacts) -> FoundEvidence | None:
    """No declaration and no national rule stands in the way; for a suspect or an accused no unknown one either."""
    verdict = _usable(facts)
    if verdict is None:
        return None
    declared = [line.status for line in verdict.lines if line.key.startswith("declaration_")]
    national = [line.status for line in verdict.lines if line.key.startswith(NATIONAL)]
    if LineStatus.missing in national:
        return None
    if LineStatus.missing in declared or (facts.accused and LineStatus.needs_human in declared):
        return None
    known = LineStatus.needs_human not in declared
    return FoundEvidence(
        source=f"row:instruments.{verdict.instrument}",
        says=tell("No declaration and no national rule is known to stand in the way")
        if known
        else tell("Whether a declaration stands in the way is not known; it would be about suspects and accused only"),
    )


def _lead_time_kept(facts: RightsFacts) -> FoundEvidence | None:
    codes = {note.code for verdict in facts.verdicts for note in verdict.notes}
    short = "lead_time_too_short" in codes or any(each.state is SummonsState.late for each in facts.summonses)
    return _if(not short, "row:overlays", tell("No lead time of a national rule is known to be too short"))


def _summons_served(facts: RightsFacts) -> FoundEvidence | None:
    """Everybody to be heard was served for this time, early enough, in a language they speak, or no summons is owed."""
    owed = [each for each in facts.summonses if each.state is not SummonsState.not_owed]
    if facts.summonses and not owed:
        return FoundEvidence(source="row:overlays", says=tell("By the national law no summons is owed"))
    last = max((each.service for each in owed if each.service), key=lambda row: row.id, default=None)
    if last is None or not all(each.in_order for each in owed):
        return None
    day = last.served_at.astimezone(clocks.zone(last.served_zone)).date()
    return FoundEvidence(
        source=f"row:summons_service.{last.id}",
        says=tell(
            "Everybody to be heard was served with the summons for this time, the last on {day}", day=WrittenDay.of(day)
        ),
    )


# --- the request -------------------------------------------------------------------------------------------------


def _attached(
    kind: AttachmentKind, says: Sentence, *, side: RightSide, gate: Gate
) -> Callable[[RightsFacts], FoundEvidence | None]:
    """A file that the State of this side added before the act was done that waits for the item."""

    def found(facts: RightsFacts) -> FoundEvidence | None:
        asks, done = side is RightSide.requesting, facts.acts.get(gate)
        state = facts.hearing.requesting_state if asks else facts.hearing.requested_state
        theirs = [file for file in facts.attachments.get(kind, ()) if file.owner_state == state]
        files = [file for file in theirs if done is None or file.added_at <= done]
        return FoundEvidence(source=f"row:attachment.{files[0].id}", says=says) if files else None

    return found


def _field(name: str, says: Sentence) -> Callable[[RightsFacts], FoundEvidence | None]:
    def found(facts: RightsFacts) -> FoundEvidence | None:
        value = getattr(facts.request, name)
        return _if(value.strip() if isinstance(value, str) else value, f"row:hearing_request.{name}", says)

    assert name in HearingRequest.model_fields, name
    return found


_decision_attached = _attached(
    AttachmentKind.decision, tell("The decision is attached to the request"), side=RightSide.requesting, gate=Gate.agree
)


def _court_decided(facts: RightsFacts) -> FoundEvidence | None:
    """The decision itself; for anybody but a suspect or an accused the request itself, which is signed for the State,
    if it names the court and gives its reasons."""
    if (attached := _decision_attached(facts)) is not None:
        return attached
    named, reasons = facts.request.judicial_authority.strip(), facts.request.reason_text.strip()
    says = tell("The request, as it was sent, names the court that decided, and gives its reasons")
    return _if(named and reasons and not facts.accused, "row:hearing_request.judicial_authority", says)


def _consents_given(facts: RightsFacts) -> FoundEvidence | None:
    given = bool(facts.consents) and not facts.outstanding
    return _if(given, "row:consent", tell("Every consent asked for is given, and none is withdrawn"))


def _lawyer_access(facts: RightsFacts) -> FoundEvidence | None:
    access = bool(facts.consents) and all(consent.lawyer_access for consent in facts.consents)
    return _if(access, "row:consent", tell("The person had access to a lawyer before consenting"))


def _child_measures_asked(facts: RightsFacts) -> FoundEvidence | None:
    asked = Protection.child_measures in facts.request.protection_requested
    return _if(asked, "row:hearing_request.protection_requested", tell("The request asks for measures for a child"))


def _use_limited(facts: RightsFacts) -> FoundEvidence | None:
    kinds = {condition.kind for condition in facts.rules.conditions}
    agreed = kinds & {ConditionKind.copy_to_requested_state, ConditionKind.destroy_after}
    limits = facts.request.use_limits.strip()
    says = tell("Limits of use, or conditions on copies, are set")
    return _if(limits or agreed, "row:hearing_request.use_limits", says)


# --- the agreement -----------------------------------------------------------------------------------------------


def _agreed(facts: RightsFacts, there: object, says: Sentence) -> FoundEvidence | None:
    if facts.agreement is None or not there:
        return None
    return FoundEvidence(source=f"row:agreement.{facts.agreement.number}", says=says)


def _interpreting_agreed(facts: RightsFacts) -> FoundEvidence | None:
    mode = facts.rules.session.get("interpreting", "none")
    return _agreed(facts, mode != "none", tell("The mode of interpreting is agreed"))


def _line_tested(facts: RightsFacts) -> FoundEvidence | None:
    if facts.agreement is not None and facts.agreement.passed_over_at is not None:
        return _agreed(facts, True, tell("Gone on without a line test: {why}", why=facts.agreement.passed_over_why))
    return _agreed(facts, facts.line_good, tell("The line test has passed on these terms"))


def _breakdown_agreed(facts: RightsFacts) -> FoundEvidence | None:
    rule = facts.rules.session.get("breakdown")
    return _agreed(facts, rule, tell("What is done when a line breaks is agreed"))


def _telephones_known(facts: RightsFacts) -> FoundEvidence | None:
    known = len([numbers for numbers in facts.rules.telephones.values() if numbers])
    return _agreed(facts, known == 2, tell("Both rooms have a telephone that the other court reads"))


def _recording_agreed(facts: RightsFacts) -> FoundEvidence | None:
    says = tell("Who records, in what form, and who holds the keys is agreed")
    return _agreed(facts, facts.rules.session.get("recording"), says)


def _private_line_offered(facts: RightsFacts) -> FoundEvidence | None:
    needed = facts.agreement is not None and facts.agreement.needs.get("private_line")
    return _agreed(facts, needed, tell("The agreement counts on a private line for counsel"))


def _needs_agreed(facts: RightsFacts) -> FoundEvidence | None:
    needs = facts.agreement is not None and facts.agreement.needs.get("accessibility")
    return _agreed(facts, needs, tell("What the person needs is part of the agreement"))


# --- the people --------------------------------------------------------------------------------------------------


def _authority_named(facts: RightsFacts) -> FoundEvidence | None:
    named = any(one.role is Role.requested_authority for one in facts.people)
    return _if(named, "row:participant", tell("The requested authority is named"))


def _authority_present(facts: RightsFacts) -> FoundEvidence | None:
    present = facts.present(Role.requested_authority)
    return _if(present, "row:participant", tell("The requested authority is in the room"))


def _interpreter_named(facts: RightsFacts) -> FoundEvidence | None:
    named = any(one.role is Role.interpreter for one in facts.people)
    return _if(named, "row:participant", tell("An interpreter is named"))


def _interpreter_sworn(facts: RightsFacts) -> FoundEvidence | None:
    ids = {one.id for one in facts.people if one.role is Role.interpreter}
    oaths = [event for event in facts.events(K.oath) if event.data.get("participant") in ids]
    taken = [event for event in oaths if event.data.get("outcome") in ("taken", "not_required")]
    return _event(taken[-1], tell("The interpreter's oath is recorded")) if taken else None


def _parties_invited(facts: RightsFacts) -> FoundEvidence | None:
    parties = {one.id for one in facts.people if one.role in (Role.defence, Role.prosecutor)}
    sent = [event for event in facts.events(K.link_issued) if event.data.get("participant") in parties]
    return _event(sent[-1], tell("A party has been given a link to the hearing")) if sent else None


def _identity_confirmed(facts: RightsFacts) -> FoundEvidence | None:
    """Of everybody heard who is in the room and of whom it is asked; of nobody while nobody is. Who waits in the lobby
    is not admitted without it."""
    here = facts.present(*HEARD)
    if any(one.needs_identity and one.identity_confirmed_at is None for one in here):
        return None
    return _if(here, "row:participant.identity", tell("The requested authority has confirmed who is heard"))


def _notice_acknowledged(facts: RightsFacts) -> FoundEvidence | None:
    """By everybody in the room who came at a device of their own."""
    here = [one for one in facts.present(*Role) if one.device_of_id is None]
    told = bool(here) and all(one.notice_at is not None for one in here)
    return _if(told, "row:participant.notice_at", tell("Everybody in the room was told of the recording"))


# --- the room ----------------------------------------------------------------------------------------------------


def _codes_matched(facts: RightsFacts) -> FoundEvidence | None:
    events = facts.events(K.fingerprints_compared, K.fingerprints_stale)
    last = events[-1] if events else None
    if last is None or last.kind != K.fingerprints_compared or not last.data.get("matched"):
        return None
    return _event(last, tell("The courts have read the same security code to each other"))


def _room_confirmed(facts: RightsFacts) -> FoundEvidence | None:
    """Every condition on the room that is agreed was confirmed; without such a condition somebody says it."""
    kinds = (ConditionKind.nobody_else_in_room, ConditionKind.camera_shows_room)
    asked = {one.kind for one in facts.rules.conditions} & set(kinds)
    done = {str(event.data.get("condition")): event for event in facts.events(K.condition_confirmed)}
    if not asked or not asked <= done.keys():
        return None
    last = max((done[kind] for kind in asked), key=lambda event: event.seq)
    return _event(last, tell("The requested authority has confirmed the conditions on the room"))


def _notice(side: str) -> Callable[[RightsFacts], FoundEvidence | None]:
    """The rights under one State's law, told to everybody heard who is in the room."""

    def found(facts: RightsFacts) -> FoundEvidence | None:
        law = getattr(facts.hearing, f"{side}_state")
        given = [event for event in facts.events(K.rights_notice) if event.data.get("law") == law]
        told = {event.data.get("participant") for event in given}
        if not given or not {one.id for one in facts.present(*HEARD)} <= told:
            return None
        return _event(given[-1], tell("The rights were told under the law of this State"))

    return found


def _notice_understood(facts: RightsFacts) -> FoundEvidence | None:
    """In the person's language or with an interpreter in the room, and nobody has answered a notice with "no" last."""
    notices = facts.events(K.rights_notice)
    if not notices:
        return None
    cards = {(event.data.get("card") or {}).get("id") for event in notices if event.data.get("card")}
    answers = [event for event in facts.events(K.card_answered) if (event.data.get("card") or {}).get("id") in cards]
    if answers and answers[-1].data.get("answer") == "no":
        return None
    spoken = {one.id: one.speaks for one in facts.people}
    foreign = [
        event for event in notices if event.data.get("language") != spoken.get(str(event.data.get("participant")))
    ]
    if foreign and not any(one.role is Role.interpreter for one in facts.people):
        return None
    return _event(notices[-1], tell("In a language the person understands, or with an interpreter"))


def _interruptions_answered(facts: RightsFacts) -> FoundEvidence | None:
    """No gap and nothing an interpreter found poor, or the floor was opened again after the last of them."""
    poor = [event for event in facts.events(K.interpreting) if event.data.get("what") == "quality_poor"]
    losses = [*facts.events(K.gap), *poor]
    words = facts.events(K.log_note, K.resumed)
    last = max((event.seq for event in losses), default=0)
    if not facts.events(K.started) or (losses and not any(event.seq > last for event in words)):
        return None
    if not losses:
        return FoundEvidence(source="row:hearing_event", says=tell("No gap and no poor interpreting is in the log"))
    return _event(words[-1], tell("After the last interruption the court has noted how it went on"))


def _minutes_read_back(facts: RightsFacts) -> FoundEvidence | None:
    return _if(facts.reading is not None, "row:minutes_reading", tell("The minutes were read back"))


EVIDENCE: Mapping[str, Callable[[RightsFacts], FoundEvidence | None]] = {
    "basis_in_force": _basis_in_force,
    "nothing_in_the_way": _nothing_in_the_way,
    "lead_time_kept": _lead_time_kept,
    "summons_served": _summons_served,
    "court_decided": _court_decided,
    "decision_attached": _decision_attached,
    "reason_stated": _field("reason_text", tell("The request says why the person does not come")),
    "consents_given": _consents_given,
    "lawyer_access": _lawyer_access,
    "consent_attached": _attached(
        AttachmentKind.consent,
        tell("A written consent is attached to the request"),
        side=RightSide.requested,
        gate=Gate.ready,
    ),
    "oath_form_set": _field("oath_form", tell("The request says which form of oath is asked for")),
    "oath_recorded": lambda facts: _last(facts, tell("An oath, affirmation or caution is recorded"), K.oath),
    "child_measures_asked": _child_measures_asked,
    "protection_ordered": _field("protection_requested", tell("The request says which protection is ordered")),
    "penalty_stated": _field("death_penalty", tell("The request says that the offence is punishable by death")),
    "use_limited": _use_limited,
    "exhibits_attached": _attached(
        AttachmentKind.exhibit,
        tell("Exhibits are in the case with their SHA-256, where both States read them"),
        side=RightSide.requesting,
        gate=Gate.start,
    ),
    "interpreting_agreed": _interpreting_agreed,
    "line_tested": _line_tested,
    "breakdown_agreed": _breakdown_agreed,
    "telephones_known": _telephones_known,
    "recording_agreed": _recording_agreed,
    "private_line_offered": _private_line_offered,
    "needs_agreed": _needs_agreed,
    "authority_named": _authority_named,
    "authority_present": _authority_present,
    "interpreter_named": _interpreter_named,
    "interpreter_sworn": _interpreter_sworn,
    "parties_invited": _parties_invited,
    "identity_confirmed": _identity_confirmed,
    "notice_acknowledged": _notice_acknowledged,
    "devices_checked": lambda facts: _last(facts, tell("Camera and microphone were checked"), K.devices_checked),
    "sound_checked": lambda facts: _last(facts, tell("What the recorder stores was read back"), K.sound_check),
    "recording_opened": lambda facts: _last(facts, tell("The recording was opened at the start"), K.started),
    "recording_sealed": lambda facts: _last(facts, tell("The recording is closed and sealed"), K.recording_sealed),
    "codes_matched": _codes_matched,
    "room_confirmed": _room_confirmed,
    "notice_requesting": _notice("requesting"),
    "notice_requested": _notice("requested"),
    "notice_understood": _notice_understood,
    "public_excluded": lambda facts: _last(facts, tell("A closed session was ordered"), K.closed_session_begun),
    "interruptions_answered": _interruptions_answered,
    "minutes_read_back": _minutes_read_back,
}
"""By the id in data/rights.yaml. Pure: they read `RightsFacts` alone."""


def found(facts: RightsFacts, ids: Iterable[str]) -> dict[str, FoundEvidence]:
    """The evidence there is, of these."""
    asked = ((name, EVIDENCE[name](facts)) for name in ids)
    return {name: evidence for name, evidence in asked if evidence is not None}
