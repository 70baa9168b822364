"""Minutes in the languages of the courts: what the program says in them by itself."""

import pytest

from hearings.minutes.gathering import conditions_of
from hearings.models import HearingRequest
from web.words.sentences import say_whole

RULES = [
    {"kind": "time_limit", "minutes": 21},
    {"kind": "breaks_every", "minutes": 45, "pause": 1},
    {"kind": "language_only", "language": "th"},
    {"kind": "no_recording_of", "who": "interpreter", "what": "picture"},
    {"kind": "destroy_after", "days": 1},
]


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        (
            "en",
            [
                "The person is heard for at most 21 minutes.",
                "There is a pause after 45 minutes at most. It lasts 1 minute.",
                "The person is addressed in Thai only.",
                "No recording is made of the picture of the Interpreter.",
                "The recording is destroyed 1 day after the final decision.",
            ],
        ),
        (
            "ru",
            [
                "Лицо допрашивается не дольше 21 минуты.",
                "Перерыв делается не позже чем через 45 минут. Он длится 1 минуту.",
                "К лицу обращаются только на этом языке: тайский.",
                "Не записывается изображение: Переводчик.",
                "Запись уничтожается через 1 день после окончательного решения.",
            ],
        ),
    ],
)
def test_conditions_stand_in_the_minutes_in_the_form_of_their_figures(tag: str, told: list[str]) -> None:
    found = conditions_of(HearingRequest(condition_rules=RULES))
    assert [say_whole(tag, one) for _source, one in found] == told
