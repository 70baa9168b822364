"""Conditions of the requested State in the language of the page."""

from collections.abc import Callable

from hearings.requests import conditions
from hearings.requests.conditions import Condition, ConditionKind, Kept, Treatment
from hearings.roles import Role
from web.words import roles
from web.words.i18n import N_, _, language_here, ngettext

K = ConditionKind

SENTENCES: dict[ConditionKind, str] = {
    K.nobody_else_in_room: N_("Nobody but the person heard and those named here is in the room with them."),
    K.camera_shows_room: N_("A camera shows the whole room in which the person is heard before the start."),
    K.official_present: N_("{function} is present throughout, as {role}."),
    K.counsel_present: N_("Defence counsel is present throughout."),
    K.language_only: N_("The person is addressed in {language} only."),
    K.no_recording_of: N_("No recording is made of the {what} of the {who}."),
    K.no_questions_on: N_("No questions are put on: {subject}"),
    K.identity_protected: N_("The identity of the person heard is protected."),
}
COUNTED: dict[ConditionKind, list[tuple[str, Callable[[int], str]]]] = {
    K.time_limit: [
        (
            "minutes",
            lambda n: ngettext(
                "The person is heard for at most {minutes} minute.",
                "The person is heard for at most {minutes} minutes.",
                n,
            ),
        )
    ],
    K.breaks_every: [
        (
            "minutes",
            lambda n: ngettext(
                "There is a pause after {minutes} minute at most.",
                "There is a pause after {minutes} minutes at most.",
                n,
            ),
        ),
        ("pause", lambda n: ngettext("It lasts {pause} minute.", "It lasts {pause} minutes.", n)),
    ],
    K.copy_to_requested_state: [
        (
            "days",
            lambda n: ngettext(
                "The requested State gets a copy of the recording within {days} day.",
                "The requested State gets a copy of the recording within {days} days.",
                n,
            ),
        )
    ],
    K.destroy_after: [
        (
            "days",
            lambda n: ngettext(
                "The recording is destroyed {days} day after the final decision.",
                "The recording is destroyed {days} days after the final decision.",
                n,
            ),
        )
    ],
}
"""Of kinds with figures: a sentence for each figure, in the form of the number."""
HOW: dict[ConditionKind, str] = {
    K.nobody_else_in_room: N_("The requested authority confirms it at the roll call; no start before that."),
    K.camera_shows_room: N_("The requested authority confirms it at the roll call; no start before that."),
    K.official_present: N_("The platform refuses the start while this person is not in the room."),
    K.counsel_present: N_("The platform refuses the start while counsel is not in the room."),
    K.time_limit: N_("The platform tells the room when the time is used up; the judge decides what follows."),
    K.breaks_every: N_("The platform tells the room when a pause is due; the judge decides what follows."),
    K.language_only: N_("It is shown and read out; people keep to it."),
    K.no_recording_of: N_("The recorder never gets it. Interpreters are recorded unless this names them too."),
    K.no_questions_on: N_("It is shown and read out; people keep to it."),
    K.identity_protected: N_("It is shown and read out; people keep to it."),
    K.copy_to_requested_state: N_("It is shown; the requested State can open the recording in any case."),
    K.destroy_after: N_("It is shown; nothing is destroyed by itself."),
}
WHATS: dict[Kept, str] = {
    Kept.sound: N_("voice"),
    Kept.picture: N_("picture"),
    Kept.sound_and_picture: N_("voice or picture"),
}
TREATMENTS: dict[Treatment, tuple[str, str]] = {
    Treatment.enforced: ("ok", N_("Enforced by the platform")),
    Treatment.confirmed: ("info", N_("Confirmed by a named person")),
    Treatment.announced: ("info", N_("Announced in the room")),
    Treatment.recorded: ("plain", N_("Only recorded")),
}


def sentence(condition: Condition) -> str:
    """The condition as one sentence."""
    if condition.kind in COUNTED:
        figures = {name: int(str(value)) for name, value in condition.params}
        return " ".join(say(figures[name]).format(**figures) for name, say in COUNTED[condition.kind])
    words: dict[str, str] = {}
    for name, value in condition.params:
        if name in ("role", "who"):
            words[name] = roles.label(Role(str(value)))
        elif name == "what":
            words[name] = _(WHATS[Kept(str(value))])
        elif name == "language":
            words[name] = language_here(str(value))
        else:
            words[name] = str(value)
    return _(SENTENCES[condition.kind]).format(**words)


def treated(condition: Condition) -> str:
    """How the platform treats it, as one sentence."""
    return _(HOW[condition.kind])


def chip(condition: Condition) -> tuple[str, str]:
    """Chip of how it is treated."""
    kind, text = TREATMENTS[condition.treatment]
    return kind, _(text)


def told(items: list[dict[str, object]]) -> list[tuple[str, str, tuple[str, str]]]:
    """Sentence, treatment and chip of each of a request's conditions."""
    return [(sentence(one), treated(one), chip(one)) for one in conditions.parse(items)]
