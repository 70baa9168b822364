"""Remarks on a request: its facts against its instruments, its translations against it. Nothing waits for them."""

from typing import Annotated

from pydantic import Field

from hearings import queries
from hearings.lint import linting
from hearings.lint.remarks import RemarkWeight
from web.api.access import Caller
from web.api.fields import Shown
from web.api.routes import Resource

router = Resource("lint")

RequestId = Annotated[str, Field(max_length=40, description="Id or reference of a request.")]


class LintPassage(Shown):
    """Words of the request or of a translation. `place`: the field, or the language of the translation; empty for the
    name of a file."""

    place: str
    text: str


class LintRemark(Shown):
    """What is worth a look. `field`: of the request, or `translations`; `language`: of the translation it is about (BCP
    47), empty for the request itself; `provision`: empty where it is good practice."""

    code: str
    field: str
    weight: RemarkWeight
    text: str
    provision: str
    language: str
    passages: list[LintPassage]


class RequestLint(Shown):
    """The remarks on a request, the facts first. They stop nothing."""

    items: list[LintRemark]


@router.read("/requests/{request_id}/lint", scope="requests:read", errors=(404,), waits=True)
async def read_lint(caller: Caller, request_id: RequestId) -> RequestLint:
    """Remarks on the drafting of a request and on its translations, with the places of the text they are about.

    When the request is the other State's, that State can see that it was read.
    """
    texts = caller.request.app.state.parts.file_texts
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    caller.handed_over = True
    found = await linting.remarks(await linting.gather(caller.db, row, texts), texts, now=caller.now)
    return RequestLint.model_validate({"items": [remark.as_json() for remark in found]}, strict=False)
