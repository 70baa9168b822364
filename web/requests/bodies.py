"""What acts on a request say: bodies that are sent, and bodies of statements an authority has signed."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from web.api.fields import Model


class Question(Model):
    """A question to the requesting State, and by when its answer is wanted."""

    question: str = Field(min_length=3, max_length=4000, examples=["Which court will conduct the hearing?"])
    due: Annotated[datetime, Field(strict=False)] | None = None


class Answer(Model):
    """The answer to the question."""

    answer: str = Field(min_length=3, max_length=4000, examples=["The Tribunal of Bucharest, second section."])


class Comment(Model):
    """What the requesting State says to a refusal."""

    comment: str = Field(min_length=3, max_length=4000, examples=["We shall ask again under the other instrument."])


class MaybeReason(Model):
    """Body of `accept_request`."""

    reason: str = Field(max_length=4000, description="Empty where none is given.", examples=[""])


class Conditions(Model):
    """Body of `accept_with_conditions`; `rules` are those the room itself keeps (docs/api.md)."""

    conditions: str = Field(min_length=3, max_length=4000)
    rules: list[dict[str, Any]] = Field(max_length=50, description="Empty where the room keeps none by itself.")


class Refusal(Model):
    """Body of `refuse_request`; `ground` is a code of the closed list."""

    ground: str = Field(max_length=60)
    motive: str = Field(max_length=60, description="What the ground rests on: a code of `refusal_motive`, or empty.")
    reasons: str = Field(min_length=3, max_length=4000)


class Postponement(Model):
    """Body of `postpone_request`, with the day on which the request is looked at again."""

    reasons: str = Field(min_length=3, max_length=4000)
    review: Annotated[datetime, Field(strict=False)]
