"""The journal of a recording in words."""

import json

from web.sitting import custody
from web.words import i18n

AT = 1_764_831_600_000_000_000


def told(*lines: dict[str, object]) -> list[str]:
    """What is said of each line, in French."""
    with i18n.speaking("fr"):
        return [
            one["text"] for one in custody.entries_of(tuple(json.dumps(line | {"at": AT}).encode() for line in lines))
        ]


def test_a_notice_is_told_by_its_code_with_the_journals_own_english_beside():
    known, unknown = ({"type": "notice", "code": code, "text": "<x> of judge_1_mic"} for code in ("clock_step", "new"))
    english = '<bdi lang="en" dir="ltr">&lt;x&gt; of judge_1_mic</bdi>'
    with i18n.speaking("fr"):
        words = i18n._(custody.NOTICES["clock_step"])
    assert told(known, unknown) == [f"{words} ({english})", english]


def test_the_recorders_own_reason_is_told_and_what_people_wrote_stays_as_it_is():
    again, paused = {"type": "reopen", "reason": custody.AGAIN}, {"type": "pause", "reason": "<Pause>"}
    with i18n.speaking("fr"):
        words = i18n._(custody.AGAIN)
    assert told(again, paused) == [words, "<bdi>&lt;Pause&gt;</bdi>"]
