"""Words of the diary for people: why a day has no slot, what is to be kept in mind, kinds of resources and periods."""

from collections.abc import Iterable

from markupsafe import Markup, escape

from hearings.errors import InterpreterUnfit
from hearings.models.diary import PeriodKind, ResourceKind
from hearings.models.hearing import RecordingPolicy
from hearings.times.availability import HIDDEN
from hearings.times.court_times import Warned
from hearings.times.slots import Reason
from web.words.i18n import N_, _, about, day, listed, state_name
from web.words.sentences import english, told_here

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
    "daily_cap": N_("{place} would interpret longer in one day than is allowed"),
    "next_day": N_("The days after it do not fit"),
    "outside_window": N_("Too short a part of the day was searched"),
}
NAMED = ("holiday", "recess", "closure")
"""Reasons that have a name of their own, such as that of the holiday."""
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
    """A court's calendar, such as `TH Asia/Bangkok`, in words; another label as it is."""
    if key == HIDDEN:
        return _("Something in the diary of the other State")
    state, _space, zone = key.partition(" ")
    if len(state) == 2 and "/" in zone:
        return f"{state_name(state)} ({zone.split('/')[-1].replace('_', ' ')})"
    return key


def reason(one: Reason) -> str:
    """Why a day has no slot, in a sentence; names of holidays are in English, others as given."""
    text = _(REASONS[one.code]).format(place=place(one.label))
    if one.code not in NAMED or not one.detail:
        return text
    detail = english(one.detail) if one.code == "holiday" else Markup("<bdi>{}</bdi>").format(one.detail)
    return Markup(escape(_("{reason}: {detail}"))).format(reason=text, detail=detail)


def sentences(codes: Iterable[str], name: str) -> str:
    """What speaks against somebody, a sentence for each code."""
    return " ".join(_("{reason}.").format(reason=_(REASONS[code]).format(place=name)) for code in codes)


def against(found: Iterable[Warned]) -> list[str]:
    """What courts' calendars and the law say against times, with the day, a sentence for each court or rule."""
    return list(dict.fromkeys(about(day(one.day), _against(one)) for one in found))


def _against(one: Warned) -> str:
    if one.code not in REASONS:
        return told_here(one.detail)
    return reason(Reason(key=one.place, label=one.place, code=one.code, detail=one.detail))


def unfit(error: InterpreterUnfit) -> str:
    """What speaks against interpreters, in sentences, and what to do."""
    found = [sentences(codes, name) for _number, name, codes in error.interpreters]
    found += [_("Something speaks against an interpreter of the other State.")] if error.hidden else []
    return " ".join([*found, _("Choose another, or say why it is so all the same.")])


def kind(one: ResourceKind) -> str:
    """A kind of resource in words."""
    return _(KINDS[one])


def period(one: PeriodKind) -> str:
    """A kind of period in words."""
    return _(PERIODS[one])


def policy(one: RecordingPolicy) -> str:
    """A recording policy in words."""
    return _(POLICIES[one])


def weekdays(digits: str) -> str:
    """Weekdays by the digits of ISO 8601, in words."""
    return listed(_(WEEKDAYS[one]) for one in digits if one in WEEKDAYS)


def minutes(value: int | None) -> str:
    """Minutes since midnight as `08:30`."""
    return "" if value is None else f"{value // 60:02d}:{value % 60:02d}"
