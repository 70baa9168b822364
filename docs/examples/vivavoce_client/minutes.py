"""Minutes: read, completed in one's own language, read back, signed, received."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from vivavoce_client.calls import Calls, said


class MinutesSummary(TypedDict):
    """Minutes in a list."""

    hearing: str
    number: int
    status: str
    languages: list[str]
    text_sha256: str
    created_at: str
    signed_at: str | None
    received_at: str | None


class Passage(TypedDict):
    """One passage by language. `open_for`: who has still to write it; empty when nobody has."""

    key: str
    revision: int
    texts: dict[str, str]
    open_for: str
    required: bool
    by: str
    at: str


class Minutes(MinutesSummary):
    """Minutes, whole. `obstacles` is what stands in the way of reading them back."""

    passages: list[Passage]
    obstacles: list[dict[str, str]]
    recordings: dict[str, str]
    readings: list[dict[str, Any]]
    reservations: list[dict[str, Any]]
    signed_by: list[str]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """That the minutes were read to those who were heard. With `corrections` they go back to be corrected."""

    read_by: str
    languages: list[str]
    heard_by: list[str]
    corrections: str | None = None


class MinutesActs(Calls):
    """What is done with minutes."""

    def list_minutes(self, ref: str) -> list[MinutesSummary]:
        """The minutes of a hearing."""
        return cast(list[MinutesSummary], self.get(f"/hearings/{ref}/minutes")["items"])

    def minutes(self, ref: str, number: int) -> Minutes:
        """Minutes with every passage."""
        return cast(Minutes, self.get(f"/hearings/{ref}/minutes/{number}"))

    def draft_minutes(self, ref: str) -> Minutes:
        """Draft minutes of the sittings that have none."""
        return cast(Minutes, self.post(f"/hearings/{ref}/minutes"))

    def submit_minutes(self, ref: str, number: int) -> Minutes:
        """Give a draft to the other State to be read."""
        return cast(Minutes, self.post(f"/hearings/{ref}/minutes/{number}/submit"))

    def write(
        self,
        ref: str,
        number: int,
        passage: Passage,
        writings: Mapping[str, Mapping[str, str]],
        *,
        settled: bool = False,
    ) -> Passage:
        """Write a passage, by language `{text, how, by}`; `settled` when nothing is left open in it, in any language.

        Raises `NotNow` when it was changed since it was read.
        """
        texts = {lang: dict(one) for lang, one in writings.items()}
        body = {"revision": passage["revision"], "writings": texts, "settled": settled}
        return cast(Passage, self.post(f"/hearings/{ref}/minutes/{number}/passages/{passage['key']}", body))

    def read_back(self, ref: str, number: int, reading: Reading) -> Minutes:
        """Enter that they were read back: the text is fixed then."""
        return cast(Minutes, self.post(f"/hearings/{ref}/minutes/{number}/read-back", said(reading)))

    def answer_correction(self, ref: str, number: int, reading: int, text: str) -> Minutes:
        """Say why what was asked for at a reading back is not changed."""
        return cast(Minutes, self.post(f"/hearings/{ref}/minutes/{number}/readings/{reading}/answer", {"text": text}))

    def sign_minutes(self, ref: str, number: int) -> Minutes:
        """Sign the text that was read back, and the recordings it names."""
        path = f"/hearings/{ref}/minutes/{number}"
        return cast(Minutes, self.signed(f"{path}/sign", f"{path}/statement"))

    def receive_minutes(self, ref: str, number: int) -> Minutes:
        """Acknowledge signed minutes."""
        return cast(Minutes, self.post(f"/hearings/{ref}/minutes/{number}/acknowledge"))

    def minutes_pdf(self, ref: str, number: int) -> bytes:
        """Signed minutes as a PDF."""
        return self.call("GET", f"/hearings/{ref}/minutes/{number}/document.pdf").content
