"""Statements for signing on pages: in words, and as canonical JSON; the island `sign` makes the signature.

A page calls `prepare` (mostly by way of web/server/signed_acts.py), puts the result into the macro `sign_form` of
web/server/templates/sign.html, and passes the form's value `jws` to the domain function, which calls
`hearings.signatures.signatures.receive` with the expected body. The officer's page adds only the time of signing; a
body that differs from the one expected by then is refused (`TermsChanged`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from hearings import errors, queries
from hearings.models import SigningKey
from hearings.signatures import signatures, signing_keys
from hearings.signatures.signatures import Act
from web.server.forms import FormError
from web.server.problems import wants_html
from web.words import refusals
from web.words.i18n import N_, _, state_name, state_word

ACTS: Mapping[Act, str] = {
    Act.submit_request: N_("Submit a request for a hearing by video"),
    Act.accept_request: N_("Accept the request"),
    Act.accept_with_conditions: N_("Accept the request with conditions"),
    Act.refuse_request: N_("Refuse the request"),
    Act.postpone_request: N_("Postpone the request"),
    Act.withdraw_request: N_("Withdraw the request"),
    Act.agree_hearing: N_("Agree to the time and terms of the hearing"),
    Act.sign_agreement: N_("Sign the technical agreement"),
    Act.sign_minutes: N_("Sign the minutes"),
    Act.release_recording: N_("Release a copy of the recording"),
    Act.receive_recording: N_("Acknowledge a copy of the recording"),
    Act.answer_gate: N_("Answer the legal check"),
}


@dataclass(frozen=True)
class Prepared:
    """Input of the macro `sign_form`: facts in words, the canonical JSON, and the keys that may sign it."""

    statement: Mapping[str, Any]
    facts: Sequence[tuple[str, str]]
    keys: Sequence[SigningKey] = ()
    """The signing State's keys in force."""
    administrators: Sequence[str] = ()
    """Names of the administrators who register keys for this State."""

    @property
    def kids(self) -> Sequence[str]:
        """Thumbprints of the keys."""
        return [key.kid for key in self.keys]

    @property
    def authorities(self) -> str:
        """The authorities whose keys may sign, in one line."""
        return " · ".join(dict.fromkeys(key.authority_name for key in self.keys))

    @property
    def state(self) -> str:
        """The State that signs, by name."""
        return state_word(self.statement["iss"])

    @property
    def text(self) -> str:
        """The canonical form of the statement."""
        return signatures.payload(self.statement).decode("utf-8")


async def prepare(
    db: AsyncSession,
    *,
    state: str,
    other: str,
    act: Act,
    about: str,
    body: Mapping[str, Any],
    now: datetime,
    facts: Sequence[tuple[str, str]] = (),
) -> Prepared:
    """A statement of `state` towards `other`, ready to be shown. `facts`: the body in words, label and text."""
    keys = await signing_keys.keys_of(db, state=state)
    people = await queries.people(db, state=state)
    known = [
        (_("Signed for"), state_name(state)),
        (_("Addressed to"), state_name(other)),
        (_("Act"), _(ACTS[act])),
        (_("Reference"), about),
    ]
    return Prepared(
        statement=signatures.statement(state=state, other=other, act=act, about=about, body=body, now=now),
        facts=[*known, *facts],
        keys=[key for key in keys if key.retired_at is None],
        administrators=[person.name for person in people if "administrator" in person.functions],
    )


def refusal(request: Request, error: errors.HearingsError) -> FormError:
    """The form error for a refused statement, on the page where it can be signed again. Raises the error itself if the
    request wants no HTML.
    """
    if not wants_html(request):
        raise error
    return FormError("sign-key" if isinstance(error, errors.SignatureRefused) else "", refusals.words(error))
