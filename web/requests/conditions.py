"""The conditions the service itself enforces, on the form of an acceptance: one line for each kind
(`hearings.requests.conditions`)."""

from dataclasses import dataclass
from typing import Any

from hearings.requests import conditions
from hearings.requests.conditions import PARAMS, ConditionKind, NotRecorded
from hearings.roles import Role
from web.requests.steps import languages
from web.server.forms import Form
from web.words import roles
from web.words.i18n import N_, _

LABELS = {
    ConditionKind.nobody_else_in_room: conditions.SENTENCES[ConditionKind.nobody_else_in_room],
    ConditionKind.camera_shows_room: conditions.SENTENCES[ConditionKind.camera_shows_room],
    ConditionKind.official_present: N_("An official is present throughout"),
    ConditionKind.counsel_present: conditions.SENTENCES[ConditionKind.counsel_present],
    ConditionKind.time_limit: N_("A time limit for hearing the person"),
    ConditionKind.breaks_every: N_("Pauses"),
    ConditionKind.language_only: N_("The person is addressed in one language only"),
    ConditionKind.no_recording_of: N_("No recording of somebody"),
    ConditionKind.no_questions_on: N_("No questions on a subject"),
    ConditionKind.identity_protected: conditions.SENTENCES[ConditionKind.identity_protected],
    ConditionKind.copy_to_requested_state: N_("A copy of the recording for the requested State"),
    ConditionKind.destroy_after: N_("The recording is destroyed after the final decision"),
}
PARTS = {
    "role": N_("Role in the hearing"),
    "function": N_("Function"),
    "minutes": N_("Number of minutes"),
    "pause": N_("Pause, in minutes"),
    "language": N_("Language"),
    "who": N_("Of whom"),
    "what": N_("What"),
    "subject": N_("Subject"),
    "days": N_("Number of days"),
}


@dataclass(frozen=True)
class Part:
    """One input of a condition: a choice, or free text where there are no choices."""

    id: str
    label: str
    choices: list[tuple[str, str]]


@dataclass(frozen=True)
class ConditionChoice:
    """One kind of condition on the form: a check box and its inputs."""

    id: str
    label: str
    parts: list[Part]


def lines() -> list[ConditionChoice]:
    """Every kind, in the language of the page."""
    return [
        ConditionChoice(
            id=f"c_{kind.value}",
            label=_(LABELS[kind]),
            parts=[Part(f"c_{kind.value}_{name}", _(PARTS[name]), _choices(name)) for name in PARAMS.get(kind, {})],
        )
        for kind in ConditionKind
    ]


def _choices(name: str) -> list[tuple[str, str]]:
    if name in ("role", "who"):
        return [(role.value, roles.label(role)) for role in Role]
    if name == "what":
        return [(what.value, _(conditions.WHATS[what])) for what in NotRecorded]
    if name == "language":
        return languages()
    return []


def read(form: Form) -> list[dict[str, Any]]:
    """The ticked conditions in the JSON form of `hearings.requests.conditions`. Raises `Invalid`."""
    chosen = [
        {"kind": kind.value} | {name: form.text(f"c_{kind.value}_{name}") for name in PARAMS.get(kind, {})}
        for kind in ConditionKind
        if form.text(f"c_{kind.value}") == "yes"
    ]
    return [dict(conditions.as_json(condition)) for condition in conditions.parse(chosen)]
