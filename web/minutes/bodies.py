"""What operations on minutes take and show."""

from typing import Annotated, Any, Literal

from pydantic import Field

from hearings.minutes.corrections import Correction
from hearings.minutes.revision import LONGEST, How, Writing
from hearings.minutes.signed_corrections import LONGEST as MOST_OF_CORRECTION
from hearings.models import Hearing, Minutes, MinutesReading
from hearings.models.minutes import ReadingOutcome, ReservationKind
from hearings.roles import Role
from hearings.status import MinutesStatus
from web.api.fields import Column, Json, Model, Moment, Ordered, Shown

Language = Annotated[str, Field(min_length=2, max_length=35)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class NewText(Model):
    """A text of a passage in one language. A translation names who made it, or says that a machine did."""

    text: str = Field(min_length=1, max_length=LONGEST)
    how: Literal["written", "translated", "machine"] | None = Field(
        default=None, description="How it came about; without it the text there is may only be sent back as it is."
    )
    by: str = Field(default="", max_length=200)

    def writing(self) -> Writing:
        """As `hearings` takes it."""
        return Writing(text=self.text, how=How(self.how) if self.how else None, by=self.by)


class Revision(Model):
    """New texts of a passage, by language. `revision` is the version that was read."""

    revision: int = Field(ge=1, lt=1_000_000)
    writings: dict[str, NewText] = Field(max_length=2)
    settled: bool = Field(default=False, description="Nothing is left open in it, in any language.")
    note: str = Field(default="", max_length=500)


class NewReading(Model):
    """Who read the text back, in which languages, to whom; with `corrections`, what they asked for."""

    read_by: Name
    languages: list[Language] = Field(min_length=1, max_length=2)
    heard_by: list[Name] = Field(min_length=1, max_length=40)
    corrections: str = Field(default="", max_length=4000)


class NewAnswer(Model):
    """Why corrections are not made, or not in every language: it stands in the minutes."""

    text: str = Field(min_length=3, max_length=4000)


class NewReservation(Model):
    """A reservation or a refusal to sign: whose it is, in their words."""

    kind: Annotated[ReservationKind, Field(strict=False)] = ReservationKind.reservation
    made_by: Name
    role: Annotated[Role, Field(strict=False)] | None = None
    language: Language
    text: str = Field(min_length=3, max_length=4000)


class NewCorrection(Model):
    """What is to be read instead in signed minutes, and why: both by language, in every language of the minutes."""

    texts: dict[Language, Annotated[str, Field(min_length=3, max_length=MOST_OF_CORRECTION)]] = Field(max_length=2)
    reasons: dict[Language, Annotated[str, Field(min_length=3, max_length=MOST_OF_CORRECTION)]] = Field(max_length=2)


class SignedCorrection(Shown):
    """A correction of signed minutes. `asked_by`: the State; `sha256` is what both sign; in force with both."""

    hearing: str
    minutes: int
    number: int
    asked_by: str
    texts: Annotated[dict[str, str], Ordered]
    reasons: Annotated[dict[str, str], Ordered]
    text_sha256: str
    recordings: Annotated[dict[str, str], Column("heads")]
    sha256: str
    entered_by: Annotated[str, Column("author_label")]
    at: Moment
    signed_by: list[str]
    in_force: bool


class SignedCorrectionList(Shown):
    """The corrections of signed minutes, by number."""

    items: list[SignedCorrection]


class ShownPassage(Shown):
    """One version of a passage. `open_for`: the role that still has to complete it."""

    key: str
    revision: int
    texts: Annotated[dict[str, str], Ordered]
    marks: Json
    sources: list[str]
    open_for: str
    required: bool
    by: Annotated[str, Column("author_label")]
    at: Moment
    note: str


class PassageList(Shown):
    """Every version of one passage, oldest first."""

    items: list[ShownPassage]
    next: str


class ShownObstacle(Shown):
    """Why the minutes cannot be read back or signed yet. In the passage `key` a text is `missing`, `stale` or a
    `contradiction` (says that something is open where the rest does not), or something is `open`; or a `correction`
    asked for at `reading` is neither made nor answered.
    """

    key: str
    why: str
    lang: str
    who: str
    reading: int


class ShownAnswer(Shown):
    """Why a correction is not made, by whom and when."""

    text: str
    entered_by: Annotated[str, Column("author_label")]
    at: Moment


class ShownReading(Shown):
    """One reading back, and what came of it. `unmade`: languages whose text is still the one that was read, when
    corrections were asked for.
    """

    number: int
    outcome: ReadingOutcome
    read_by: str
    languages: list[str]
    heard_by: list[str]
    corrections: str
    unmade: list[str]
    answer: ShownAnswer | None
    entered_by: Annotated[str, Column("author_label")]
    at: Moment


def reading(row: MinutesReading, asked: Correction | None) -> ShownReading:
    """A reading back, with what became of the correction that was asked for."""
    answer = ShownAnswer.from_row(asked.answer) if asked and asked.answer else None
    return ShownReading.from_row(row, unmade=asked.unmade if asked else (), answer=answer)


class ShownReservation(Shown):
    """A reservation beside the text, and the hash the text had then."""

    number: int
    kind: ReservationKind
    made_by: str
    role: str
    language: str
    text: str
    text_sha256: str
    entered_by: Annotated[str, Column("author_label")]
    at: Moment


class MinutesSummary(Shown):
    """Minutes in a list. `text_sha256` is empty until the text has been read back."""

    hearing: str
    number: int
    status: MinutesStatus
    languages: list[str]
    text_sha256: str
    created_at: Moment
    signed_at: Moment | None
    received_at: Moment | None
    received_by: str


def heading(row: Minutes, hearing: Hearing) -> dict[str, Any]:
    """Of a summary, what the row does not say as it is shown."""
    languages = list(dict.fromkeys((row.language_requesting, row.language_requested)))
    return {"hearing": hearing.ref, "languages": languages}


class MinutesList(Shown):
    """The minutes of a hearing, by number."""

    items: list[MinutesSummary]


class ShownMinutes(MinutesSummary):
    """Minutes, whole. `recordings`: the heads (`SIZE:ROOT`) that are signed; `signed_by`: whose signature counts."""

    passages: list[ShownPassage]
    obstacles: list[ShownObstacle]
    recordings: dict[str, str]
    readings: list[ShownReading]
    reservations: list[ShownReservation]
    signed_by: list[str]


class Drafted(Shown):
    """Passages that were drafted anew, and those a person has changed, which were left alone."""

    anew: list[str]
    left: list[str]
