"""What operations on minutes take and show; and examples of both."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from hearings.minutes.corrections import Correction
from hearings.minutes.passages import Obstacle
from hearings.minutes.revision import LONGEST, How, Writing
from hearings.models import Hearing, Minutes, MinutesPassage, MinutesReading, MinutesReservation
from hearings.models.minutes import ReadingOutcome, ReservationKind
from hearings.roles import Role
from hearings.status import MinutesStatus
from web.api import examples
from web.api.fields import Json, Model, Moment, Ordered, Shown

SHA256 = examples.TERMS_SHA256
SUMMARY: dict[str, Any] = {
    "hearing": "7F3K-22QD",
    "number": 1,
    "status": "in_review",
    "languages": ["ro", "th"],
    "text_sha256": "",
    "created_at": examples.AT,
    "signed_at": None,
    "received_at": None,
    "received_by": "",
}
PASSAGE: dict[str, Any] = {
    "key": "public.all",
    "revision": 2,
    "texts": {"ro": "Ședința este publică.", "th": "การพิจารณาเป็นไปโดยเปิดเผย"},
    "marks": {
        "ro": {"how": "written", "by": "", "open": ["Nu este consemnat."]},
        "th": {"how": "translated", "by": "Malee Suksan"},
    },
    "sources": ["human:clerk", "person:0193a1b2-0000-7000-8000-000000000001"],
    "open_for": "",
    "required": False,
    "by": "System of the Ministry of Justice",
    "at": examples.AT,
    "note": "",
}
READING: dict[str, Any] = {
    "number": 1,
    "outcome": "accepted",
    "read_by": "Malee Suksan",
    "languages": ["th"],
    "heard_by": ["Somchai Wongsa"],
    "corrections": "",
    "unmade": [],
    "answer": None,
    "entered_by": "System of the Office of the Attorney General",
    "at": examples.AT,
}
RESERVATION: dict[str, Any] = {
    "number": 1,
    "kind": "reservation",
    "made_by": "Somchai Wongsa",
    "role": "witness",
    "language": "th",
    "text": "The second question was put before the interpreter had ended.",
    "text_sha256": SHA256,
    "entered_by": "System of the Office of the Attorney General",
    "at": examples.AT,
}
MINUTES: dict[str, Any] = SUMMARY | {
    "passages": [PASSAGE],
    "obstacles": [{"key": "oath.person", "why": "open", "lang": "", "who": "requested_authority", "reading": 0}],
    "recordings": {"0193a1b2-0000-7000-8000-00000000000a": SHA256},
    "readings": [READING],
    "reservations": [RESERVATION],
    "signed_by": [],
}
REFRESHED: dict[str, Any] = {"anew": ["times.all"], "left": ["public.all"]}
Language = Annotated[str, Field(min_length=2, max_length=35, examples=["th"])]
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

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "revision": 1,
                    "writings": {
                        "ro": {"text": "Ședința este publică.", "how": "written"},
                        "th": {"text": "การพิจารณาเป็นไปโดยเปิดเผย", "how": "translated", "by": "Malee Suksan"},
                    },
                    "settled": True,
                    "note": "Nobody had recorded it.",
                }
            ]
        }
    )

    revision: int = Field(ge=1, lt=1_000_000)
    writings: dict[str, NewText] = Field(max_length=2)
    settled: bool = Field(default=False, description="Nothing is left open in it, in any language.")
    note: str = Field(default="", max_length=500)


class NewReading(Model):
    """Who read the text back, in which languages, to whom; with `corrections`, what they asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"read_by": "Malee Suksan", "languages": ["th"], "heard_by": ["Somchai Wongsa"]}]
        }
    )

    read_by: Name
    languages: list[Language] = Field(min_length=1, max_length=2)
    heard_by: list[Name] = Field(min_length=1, max_length=40)
    corrections: str = Field(default="", max_length=4000)


class NewAnswer(Model):
    """Why corrections are not made, or not in every language: it stands in the minutes."""

    text: str = Field(min_length=3, max_length=4000, examples=["The recording has eight o'clock at 0:42:17."])


class NewReservation(Model):
    """A reservation or a refusal to sign: whose it is, in their words."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{name: RESERVATION[name] for name in ("kind", "made_by", "role", "language", "text")}]
        }
    )

    kind: Annotated[ReservationKind, Field(strict=False)] = ReservationKind.reservation
    made_by: Name
    role: Annotated[Role, Field(strict=False)] | None = None
    language: Language
    text: str = Field(min_length=3, max_length=4000)


class ShownPassage(Shown):
    """One version of a passage. `open_for`: the role that still has to complete it."""

    key: str
    revision: int
    texts: Annotated[dict[str, str], Ordered]
    marks: Json
    sources: list[str]
    open_for: str
    required: bool
    by: str
    at: Moment
    note: str

    @classmethod
    def of(cls, row: MinutesPassage) -> "ShownPassage":
        own = {name: getattr(row, name) for name in cls.model_fields if name != "by"}
        return cls(**own, by=row.author_label)


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

    @classmethod
    def of(cls, one: Obstacle) -> "ShownObstacle":
        return cls(key=one.key, why=one.why, lang=one.lang, who=one.who, reading=one.reading)


class ShownAnswer(Shown):
    """Why a correction is not made, by whom and when."""

    text: str
    entered_by: str
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
    entered_by: str
    at: Moment

    @classmethod
    def of(cls, row: MinutesReading, asked: Correction | None) -> "ShownReading":
        own = {name: getattr(row, name) for name in cls.model_fields.keys() - {"unmade", "answer", "entered_by"}}
        given = asked.answer if asked else None
        answer = ShownAnswer(text=given.text, entered_by=given.author_label, at=given.at) if given else None
        return cls(**own, unmade=list(asked.unmade) if asked else [], answer=answer, entered_by=row.author_label)


class ShownReservation(Shown):
    """A reservation beside the text, and the hash the text had then."""

    number: int
    kind: ReservationKind
    made_by: str
    role: str
    language: str
    text: str
    text_sha256: str
    entered_by: str
    at: Moment

    @classmethod
    def of(cls, row: MinutesReservation) -> "ShownReservation":
        own = {name: getattr(row, name) for name in cls.model_fields if name != "entered_by"}
        return cls(**own, entered_by=row.author_label)


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

    @classmethod
    def own(cls, row: Minutes, hearing: Hearing) -> dict[str, Any]:
        """The fields of a summary."""
        names = ("number", "status", "text_sha256", "created_at", "signed_at", "received_at", "received_by")
        languages = list(dict.fromkeys((row.language_requesting, row.language_requested)))
        return {name: getattr(row, name) for name in names} | {"hearing": hearing.ref, "languages": languages}


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
