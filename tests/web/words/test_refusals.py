"""What a refusal says: its own sentence in the reader's language, otherwise what is known of its code."""

import gettext
from collections.abc import Iterator

import msgspec
import pytest

from hearings import errors
from hearings.sentences import Series, StateName, Word, tell, tell_n
from hearings.status import HearingStatus, MinutesStatus
from hearings.texts import clean
from media import messages
from web.server import forms
from web.words import i18n, refusals


class Marked(gettext.NullTranslations):
    """Translates every message into itself between brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return f"⟦{singular if n == 1 else plural}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(i18n, "translations", lambda tag: Marked())
    with i18n.speaking("fr"):
        yield


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            errors.NotReady(tell("The hearing is {status}", status=Word.status(HearingStatus.part_heard))),
            "⟦The hearing is ⟦Part heard⟧⟧",
        ),
        (
            errors.NotReady(tell("It stands: {status}", status=Word.status(MinutesStatus.drafted))),
            "⟦It stands: ⟦Draft⟧⟧",
        ),
        (
            errors.NotReady(tell("Not named yet: {roles}", roles=Series.of([Word.of("role", "interpreter")]))),
            "⟦Not named yet: ⟦Interpreter⟧⟧",
        ),
        (
            errors.NotAllowed(tell("It is for {state} to act", state=StateName.of("RO", "RO"))),
            "⟦It is for Roumanie to act⟧",
        ),
        (
            errors.TermsChanged(tell("Changed: {why}", why=Series.of([tell("a"), tell("b")], "semicolon"))),
            "⟦Changed: ⟦⟦a⟧; ⟦b⟧⟧⟧",
        ),
        (errors.DoubleBooking([(4, "Room 1")]), "⟦Already booked at this time: ⟦Room 1 (no. 4)⟧⟧"),
    ],
)
def test_a_sentence_is_told_with_everything_in_it(marked: None, error: errors.HearingsError, text: str) -> None:
    assert refusals.words(error) == text
    assert forms.explain(error).text == text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (errors.NotReady(), refusals.SENTENCES["not_ready"]),
        (errors.Stale(1, 2), refusals.SENTENCES["stale"]),
        (errors.FingerprintsOpen("plain words"), refusals.SENTENCES["fingerprints_open"]),
        (errors.RecordingNotHealthy("The recording is failing"), refusals.SENTENCES["recording_not_healthy"]),
        (errors.InterpreterUnfit([(1, "A", ("too_long",))]), refusals.SENTENCES["interpreter_unfit"]),
    ],
)
def test_what_is_no_sentence_is_said_by_its_code(marked: None, error: errors.HearingsError, text: str) -> None:
    assert refusals.words(error) == f"⟦{text}⟧"


def test_a_move_that_cannot_be_made_names_where_it_stands() -> None:
    error = errors.IllegalMove("hearing", "part_heard", "ready", ["agreed"])
    assert refusals.words(error) == "This is not possible in the current status: “Part heard”. Nothing was changed."
    message = errors.IllegalMove("message", "sent", "waiting", [])
    assert refusals.words(message) == refusals.SENTENCES["illegal_move"]


def test_a_refused_text_says_why_beside_its_field(marked: None) -> None:
    with pytest.raises(errors.Invalid) as refused:
        clean("x" * 6, "name", most=5)
    assert forms.explain(refused.value).text == "⟦Too long: at most 5 characters⟧"
    assert forms.explain(refused.value, {"name": "Nom"}).text == "⟦Nom: ⟦Too long: at most 5 characters⟧⟧"
    with pytest.raises(errors.Invalid) as refused:
        clean(" ", "name", most=5, least=1)
    assert forms.explain(refused.value, {"name": "Nom"}).text == "⟦Nom: this cannot be empty.⟧"


def test_what_somebody_wrote_in_a_refusal_is_not_translated(marked: None) -> None:
    error = errors.NotReady(tell("No longer in use: {name}", name="Salle {x}"))
    assert refusals.words(error) == "⟦No longer in use: Salle {x}⟧"


def test_numbers_take_the_form_of_the_language() -> None:
    with i18n.speaking("ar"):
        assert refusals.words(errors.Invalid(tell("Cannot be empty"))) != "Cannot be empty"
    one, several = "{n} row is imported.", "{n} rows are imported."
    with i18n.speaking("ru"):
        told = [refusals.words(errors.Invalid(tell_n(one, several, n))) for n in (1, 3, 5)]
        assert told == [i18n.ngettext(one, several, n).format(n=n) for n in (1, 3, 5)]
        assert len({text.lstrip("0123456789") for text in told}) == 3


def test_a_refusal_goes_over_the_socket_of_the_live_room() -> None:
    error = errors.NotReady(tell("The hearing is {status}", status=Word.status(HearingStatus.ready)))
    text = refusals.words(error)
    sent = msgspec.json.encode(messages.Result(re=1, ok=False, code=error.code, text=text))
    assert msgspec.json.decode(sent)["text"] == text == "The hearing is Ready"


@pytest.mark.parametrize(
    ("tag", "states", "begins", "holds"),
    [
        (
            "en",
            ["RO"],
            "No authority of Romania has provided a key, so it could",
            "An administrator of that State adds",
        ),
        ("en", ["RO", "TH"], "No authority of Romania or Thailand has provided a key, so they could", "each of these"),
        ("pt", ["RO"], "Nenhuma autoridade de Roménia", "Um administrador do Estado em causa"),
        (
            "pt",
            ["RO", "TH"],
            "Nenhuma autoridade de Roménia ou Tailândia",
            "Um administrador de cada um destes Estados",
        ),
    ],
)
def test_states_without_a_key_are_told_in_the_form_of_their_number(tag, states, begins, holds):
    with i18n.speaking(tag):
        told = refusals.words(errors.NoRecipients("", states))
        assert (told.startswith(begins), holds in told) == (True, True), told
