"""Forms: reading them safely, and telling a person what was wrong beside the field it concerns."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from hearings import errors
from web import refusals
from web.i18n import N_, _
from web.security import BODY_LIMIT, check_csrf

FIELDS = 60


@dataclass(frozen=True)
class FormError:
    """What is wrong, in a whole sentence; `field` is the id of the input, empty when it concerns none."""

    field: str
    text: str


class Form(Mapping[str, str]):
    """Values of a form: text only, the first of each name; `all(name)` gives every one."""

    def __init__(self, pairs: list[tuple[str, str]], file: bytes = b"") -> None:
        self.pairs = pairs
        self.file = file
        """What the file that was chosen holds; empty without one."""
        self.first: dict[str, str] = {}
        for name, value in pairs:
            self.first.setdefault(name, value)

    def __getitem__(self, name: str) -> str:
        return self.first[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.first)

    def __len__(self) -> int:
        return len(self.first)

    def text(self, name: str) -> str:
        """The value without blanks around it; empty when there is none."""
        return self.first.get(name, "").strip()

    def all(self, name: str) -> list[str]:
        """Every value of a name, as check boxes give them."""
        return [value for key, value in self.pairs if key == name]


async def read(request: Request, *, token: bool = True, most: int = FIELDS, files: int = 0) -> Form:
    """The form of a POST, of at most `most` fields and `files` files (one at most, within `BODY_LIMIT`).

    Raises 400 for what is no form, 403 when the CSRF token is not that of the login.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        raise HTTPException(415, "bad_request")
    pairs: list[tuple[str, str]] = []
    chosen = b""
    async with request.form(max_files=files, max_fields=most, max_part_size=BODY_LIMIT) as data:
        for name, value in data.multi_items():
            if isinstance(value, UploadFile):
                if not files:
                    raise HTTPException(400, "bad_request")
                chosen = await value.read()
            else:
                pairs.append((name, value))
    form = Form(pairs, chosen)
    if token:
        signed = request.scope["actor"]
        if signed is None:
            raise HTTPException(401, "sign_in_needed")
        check_csrf(request.app.state.parts.keys.cookie, signed.login.id, form.text("csrf"))
    return form


KNOWN = (
    N_("Cannot be empty"),
    N_("This time has passed"),
    N_("This time is too far ahead"),
    N_("A sitting lasts between five minutes and twelve hours"),
    N_("These times lie too close together to keep something free for each of them"),
    N_("The last day lies before the first"),
    N_("Look at a year at most"),
    N_("Opens before it closes, within one day"),
    N_("On one weekday or more"),
    N_("A booking ends after it begins and lasts a month at most"),
    N_("Judge, requested authority and a person to be heard take part"),
    N_("Choose what to book"),
    N_("People of a hearing are in one of its two States"),
    N_("A PIN is never written here: say only by which separate channel it is told"),
    N_("A number with + and country code is needed (E.164), and nothing after it"),
    N_("An IP address or the full name of a host is needed"),
    N_("An address such as sip:room4@court.example is needed, without password or parameters"),
    N_("An alias such as room4 or room4@court.example is needed"),
    N_("Ports such as 443/tcp, 50000-50100/udp are needed"),
)
"""Texts of `hearings` that need no figures filled in; translated as they are."""


def explain(error: errors.HearingsError, labels: Mapping[str, str] | None = None) -> FormError:
    """A refusal of `hearings`, beside the field it names, in words."""
    field = getattr(error, "field", "")
    text = str(error)
    name = (labels or {}).get(field, "")
    if isinstance(error, errors.UnknownLanguage):
        text = _("Choose a language.")
    elif type(error) is errors.Invalid:
        if text == "Cannot be empty" and name:
            text = _("{field}: this cannot be empty.").format(field=name)
        else:
            text = f"{name}: {_(text)}" if name else _(text)
    elif not isinstance(error, errors.Invalid):
        text = refusals.words(error)
    return FormError(field, text)
