"""The history in words."""

import re
from pathlib import Path

import hearings
from web import i18n, statuses

CODE = Path(hearings.__file__).parent


def test_every_reason_the_program_writes_itself_has_words():
    texts = (path.read_text("utf-8") for path in CODE.rglob("*.py"))
    written = {reason for text in texts for reason in re.findall(r'reason="([^"]+)"', text)}
    assert written and written == set(statuses.REASONS)


def test_a_reason_somebody_wrote_stays_as_it_is_and_is_kept_apart():
    with i18n.speaking("fr"):
        assert statuses.because("cancelled") == i18n._("cancelled")
        assert statuses.because("<Krank>") == "<bdi>&lt;Krank&gt;</bdi>"
        assert statuses.because("") == "<bdi>–</bdi>"
