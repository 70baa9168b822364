"""Refusals of the service as exceptions, by what is to be done about them."""

from collections.abc import Mapping
from typing import Any

import httpx


class Problem(Exception):
    """A refusal (RFC 9457). Decide by `code`; `detail` is for a person; `more` holds what is known more exactly."""

    def __init__(self, answer: httpx.Response) -> None:
        try:
            found = answer.json()
        except ValueError:
            found = {}
        self.more: dict[str, Any] = found if isinstance(found, dict) else {}
        self.status = answer.status_code
        self.code = str(self.more.get("code", "unreadable"))
        self.detail = str(self.more.get("detail", answer.reason_phrase))
        self.nonce = answer.headers.get("dpop-nonce", "")
        self.retry_after = int(answer.headers.get("retry-after", 0))
        super().__init__(f"{self.status} {self.code}: {self.detail}")


class NotThere(Problem):
    """404: there is no such thing, or it was not shared with this State."""


class NotAllowed(Problem):
    """401 or 403: not with this token, key, scope or signature."""


class NotNow(Problem):
    """409, 412, 428: not as things stand. Read again and decide again."""


class NotRight(Problem):
    """400, 413, 415, 422: the request itself must be mended."""


PROBLEMS: Mapping[int, type[Problem]] = {
    **dict.fromkeys((400, 413, 415, 422), NotRight),
    **dict.fromkeys((401, 403), NotAllowed),
    404: NotThere,
    **dict.fromkeys((409, 412, 428), NotNow),
}


def problem(answer: httpx.Response) -> Problem:
    """The refusal an answer tells of."""
    return PROBLEMS.get(answer.status_code, Problem)(answer)
