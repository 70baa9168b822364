"""Texts of the diary: why a day has no slot, warnings, kinds of resources and periods."""

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup, escape

from hearings.errors import InterpreterUnfit
from hearings.models.diary import PeriodKind, ResourceKind
from hearings.models.hearing import RecordingPolicy
from hearings.models.request import Capacity
from hearings.times.availability import HIDDEN
from hearings.times.calendars import Closed
from hearings.times.court_times import Warned
from hearings.times.slots import Reason
from web.words.i18n import N_, _, about, day, listed, state_name, zone_city
from web.words.labels import capacity
from web.words.sentences import english, translated_markup

KINDS = {
    ResourceKind.room: N_("Room"),
    ResourceKind.endpoint: N_("Endpoint"),
    ResourceKind.judge: N_("Judge"),
    ResourceKind.interpreter: N_("Interpreter"),
}
PERIODS = {
    PeriodKind.recess: N_("Recess"),
    PeriodKind.closure: N_("Closure"),
    PeriodKind.special_opening: N_("Special opening"),
    PeriodKind.hours: N_("Opening hours"),
}
POLICIES = {
    RecordingPolicy.sound_and_picture: N_("Sound and picture are recorded"),
    RecordingPolicy.sound_only: N_("Only sound is recorded"),
    RecordingPolicy.not_recorded: N_("Nothing is recorded"),
}
PARTS = {
    "heard": N_("The person heard"),
    "party": N_("The parties"),
    "court": N_("The court"),
    "interpreter": N_("The interpreter"),
}
REASONS = {
    "holiday": N_("Holiday in {place}"),
    "recess": N_("Recess in {place}"),
    "closure": N_("Closed in {place}"),
    "not_a_court_day": N_("No court day in {place}"),
    "hours_unknown": N_("The opening hours of {place} are not known"),
    "outside_hours": N_("Outside the hours of {place}"),
    "booked": N_("{place} is booked"),
    "language_pair_missing": N_("{place} does not interpret between these two languages"),
    "not_accredited": N_("No accreditation of {place} is recorded"),
    "accreditation_ended": N_("The accreditation of {place} has ended by then"),
    "rest": N_("{place} needs a rest before or after another booking"),
    "daily_cap": N_("{place} would interpret longer in one day than allowed"),
    "alone": N_("{place} would interpret alone for longer than allowed: book a team of two"),
    "next_day": N_("The days after it do not fit"),
    "outside_window": N_("The part of the day searched was too short"),
}
CLOSED = {
    "holiday": N_("Public holiday"),
    "recess": N_("Recess"),
    "closure": N_("Court closed"),
    "not_a_court_day": N_("Court closed"),
    "hours_unknown": N_("Hours unknown"),
}
NAMED = ("holiday", "recess", "closure")
"""Reasons whose detail is a name, such as that of the holiday."""
NOTES = {
    "hours_unverified": N_("Opening hours shown here are not verified. Ask the court before you rely on them."),
    "hours_unknown": N_("The opening hours of a court are not known: no day of it is offered."),
    "holidays_unknown": N_("The public holidays of a State are not known. Ask its authority."),
    "solo_interpreter_pauses": N_(
        "With one interpreter, plan a pause of {pause} minutes after every {speech} minutes at the latest."
    ),
}
WEEKDAYS = {
    "1": N_("Monday"),
    "2": N_("Tuesday"),
    "3": N_("Wednesday"),
    "4": N_("Thursday"),
    "5": N_("Friday"),
    "6": N_("Saturday"),
    "7": N_("Sunday"),
}


def place(key: str) -> str:
    """The name of a court's calendar such as `TH Asia/Bangkok`; any other label unchanged."""
    if key == HIDDEN:
        return _("An entry in the diary of the other State")
    state, _space, zone = key.partition(" ")
    if len(state) == 2 and "/" in zone:
        return f"{state_name(state)} ({zone_city(zone)})"
    return key


def reason(reason: Reason) -> str:
    """A sentence that says why a day has no slot; names of holidays are in English, other details unchanged."""
    text = _(REASONS[reason.code]).format(place=place(reason.label))
    if reason.code not in NAMED or not reason.detail:
        return text
    detail = english(reason.detail) if reason.code == "holiday" else Markup("<bdi>{}</bdi>").format(reason.detail)
    return Markup(escape(_("{reason}: {detail}"))).format(reason=text, detail=detail)


def closed(closed: Closed) -> str:
    """Why a court is closed on a day, without its place; names of holidays are in English."""
    detail = english(closed.detail) if closed.code == "holiday" else Markup("<bdi>{}</bdi>").format(closed.detail)
    return about(_(CLOSED[closed.code]), detail) if closed.detail else _(CLOSED[closed.code])


def sentences(codes: Iterable[str], name: str) -> str:
    """The objections to an interpreter, one sentence for each code."""
    return " ".join(_("{reason}.").format(reason=_(REASONS[code]).format(place=name)) for code in codes)


def against(warnings: Iterable[Warned]) -> list[str]:
    """The objections of courts' calendars and of the law to times, each with the day, one sentence for each court or
    rule."""
    return list(dict.fromkeys(about(day(warned.day), _against(warned)) for warned in warnings))


def _against(warned: Warned) -> str:
    if warned.code not in REASONS:
        return translated_markup(warned.detail)
    return reason(Reason(key=warned.place, label=warned.place, code=warned.code, detail=warned.detail))


def unfit(error: InterpreterUnfit) -> str:
    """The objections to interpreters, in sentences, and the advice what to do."""
    texts = [sentences(codes, name) for _number, name, codes in error.interpreters]
    texts += [_("There is a reason against an interpreter of the other State.")] if error.hidden else []
    if error.free:
        texts.append(_("Free at this time: {names}.").format(names=listed(name for _number, name in error.free)))
    return " ".join([*texts, _("Choose another, or give a reason for the booking.")])


def kind(kind: ResourceKind) -> str:
    """A kind of resource in words."""
    return _(KINDS[kind])


def period(period: PeriodKind) -> str:
    """A kind of period in words."""
    return _(PERIODS[period])


def policy(policy: RecordingPolicy) -> str:
    """A recording policy in words."""
    return _(POLICIES[policy])


def rooms_and_capacity(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The person's capacity and the rooms in the agreed terms (`hearings.hearing.agreed_terms`): label and text.

    Empty for terms of version 1, which have neither.
    """
    if "rooms" not in body:
        return []
    rooms = [
        " · ".join(filter(None, (room["state"], room["city"], room["name"] or _("Room") + f" {room['resource']}")))
        for room in body["rooms"]
    ]
    return [
        (_("Heard as"), capacity(Capacity(body["capacity"])) if body["capacity"] else _("not stated")),
        (_("Rooms"), "; ".join(rooms) if rooms else _("none named")),
    ]


def weekdays(digits: str) -> str:
    """Weekdays by the digits of ISO 8601, in words."""
    return listed(_(WEEKDAYS[digit]) for digit in digits if digit in WEEKDAYS)


def minutes(value: int | None) -> str:
    """Minutes since midnight as `08:30`."""
    return "" if value is None else f"{value // 60:02d}:{value % 60:02d}"


def closed_briefly(why: Closed) -> Markup:
    """Why a court does not sit on a day, in few words: the name of the holiday, the State's reason, or the kind."""
    if why.detail and why.code in NAMED:
        return english(why.detail) if why.code == "holiday" else Markup("<bdi>{}</bdi>").format(why.detail)
    return escape(_(CLOSED[why.code]))
