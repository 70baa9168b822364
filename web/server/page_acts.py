"""Acts of pages: the common handling of every submitted form, around a function for the act itself.

In this order: the login, and a right in its own State where the page needs one; the form with its CSRF token; one
transaction, in which the function acts; the calls after its commit; and the redirect. When the function refuses, the
transaction has been rolled back and nothing was changed: the page is shown again with the submitted values, and with
the errors beside their fields.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hearings import errors
from hearings.actors import Actor
from hearings.models import Person
from web.parts import Parts
from web.server import forms
from web.server.forms import FIELDS, Form, FormError
from web.server.sign_in import SignedIn, administrator, signed_in, staff
from web.words.i18n import _

Endpoint = Callable[[Request], Awaitable[Response]]
Keep = Callable[[Form], Mapping[str, Any]]
Explain = Callable[[Any], FormError | list[FormError]]


@dataclass
class Sent:
    """A submitted form: its sender, its values, and the transaction of the act."""

    request: Request
    signed: SignedIn
    form: Form
    now: datetime
    db: AsyncSession = field(init=False)
    after: list[Callable[[], Any]] = field(default_factory=list)
    """Called once everything is committed."""

    @property
    def person(self) -> Person:
        """The member of staff who sent it."""
        assert self.signed.person is not None
        return self.signed.person

    @property
    def state(self) -> str:
        """The State whose data the sender may see."""
        return self.signed.state

    @property
    def actor(self) -> Actor:
        """The sender, as an actor of the history."""
        return self.signed.actor()

    @property
    def by(self) -> dict[str, Any]:
        """Actor and time, as keyword arguments of the functions of `hearings`."""
        return {"actor": self.actor, "now": self.now}

    @property
    def path(self) -> Mapping[str, Any]:
        """The parameters of the route's path."""
        return self.request.path_params

    @property
    def parts(self) -> Parts:
        """The parts of the application."""
        parts: Parts = self.request.app.state.parts
        return parts


Refused = Callable[[Sent, Any], Awaitable[Response]]
Page = Callable[[Request, Person, Mapping[str, Any], list[FormError]], Awaitable[Response]]
Answer = str | Response
FollowUp = Callable[[], Awaitable[Answer]]
"""What an act still has to do once its transaction is over: all that waits for the seal, or reads and writes files."""
Act = Callable[[Sent], Awaitable[Answer | FollowUp]]


def again(
    page: Page, explain: Explain = forms.explain, keep: Callable[[Form], Mapping[str, Any]] | None = None
) -> Refused:
    """Shows the page again with the submitted values (as `keep` selects them) and the errors."""

    async def refused(sent: Sent, error: errors.HearingsError) -> Response:
        wrong = explain(error)
        values = keep(sent.form) if keep else sent.form.first
        return await page(sent.request, sent.person, values, wrong if isinstance(wrong, list) else [wrong])

    return refused


def explained(labels: Mapping[str, str]) -> Callable[[errors.HearingsError], FormError]:
    """Explains a refusal, with labels given as message ids."""
    return lambda error: forms.explain(error, {name: _(text) for name, text in labels.items()})


def page_act(
    refused: Refused | None = None,
    on: tuple[type[Exception], ...] = (errors.Invalid,),
    *,
    right: str = "",
    guests: bool = False,
    most: int = FIELDS,
    files: int = 0,
) -> Callable[[Act], Endpoint]:
    """The endpoint of a form. Its function returns the address to redirect to, or the answer, or a coroutine function
    that returns one of the two after the commit.

    `refused` answers the refusals named by `on`; the others become the page of the problem (`web.server.problems`).
    `right` is asked of the person in their own State; `guests`: participants who came by a link may send it too.
    """

    def decorate(act: Act) -> Endpoint:
        @wraps(act)
        async def endpoint(request: Request) -> Response:
            if right:
                signed, _person = administrator(right, request)
            else:
                signed = signed_in(request) if guests else staff(request)[0]
            form = await forms.read(request, most=most, files=files)
            sent = Sent(request, signed, form, datetime.now(UTC))
            try:
                async with sent.parts.database.transaction() as sent.db:
                    done = await act(sent)
                for follow in sent.after:
                    follow()
                if callable(done) and not isinstance(done, Response):
                    done = await done()
            except on as error:
                if refused is None:
                    raise
                return await refused(sent, error)
            return RedirectResponse(done, 303) if isinstance(done, str) else done

        return endpoint

    return decorate


def notice(request: Request, texts: Mapping[str, str], instead: object = None) -> str | None:
    """The text for the completed act that redirected here (named by `?done=`); none where the page has another text,
    `instead`."""
    done = request.query_params.get("done", "")
    return _(texts[done]) if done in texts and not instead else None
