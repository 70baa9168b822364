"""Forms: parsing within limits, and error messages beside the fields they concern."""

from collections.abc import Mapping
from dataclasses import dataclass

from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request

from hearings import errors
from web.server.security import BODY_LIMIT, check_csrf
from web.words import refusals
from web.words.i18n import _
from web.words.sentences import translated

FIELDS = 60


@dataclass(frozen=True)
class FormError:
    """An error in a form, as a sentence; `field` is the id of the input, empty when it concerns none."""

    field: str
    text: str


class Form(Mapping[str, str]):
    """Values of a form: text only, the first of each name; `all(name)` gives every one."""

    def __init__(self, pairs: list[tuple[str, str]], file: bytes = b"") -> None:
        self.pairs = pairs
        self.file = file
        """Content of the uploaded file; empty without one."""
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


def media_type(request: HTTPConnection) -> str:
    """The type of a body; empty where it says another charset than UTF-8.

    The reader of forms would take any codec that Python has; one of them, punycode, is quadratic.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    translated = options.get(b"charset", b"utf-8").lower()
    return kind.decode("latin-1").lower() if translated in (b"utf-8", b"utf8") else ""


async def read(request: Request, *, token: bool = True, most: int = FIELDS, files: int = 0) -> Form:
    """The form of a POST, of at most `most` fields and `files` files (one at most, within `BODY_LIMIT`).

    Raises 400 for a body that is no form, 403 when the CSRF token is not that of the login.
    """
    kind = media_type(request)
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


def explain(error: errors.HearingsError, labels: Mapping[str, str] | None = None) -> FormError:
    """The form error for a refusal of `hearings`, at the field that it names."""
    field = getattr(error, "field", "")
    name = (labels or {}).get(field, "")
    if not isinstance(error, errors.Invalid):
        text = refusals.words(error)
    elif isinstance(error, errors.UnknownLanguage):
        text = _("Choose a language.")
    elif name and str(error) == "Cannot be empty":
        text = _("{field}: this cannot be empty.").format(field=name)
    else:
        text = translated(error.text)
        if name and type(error) is errors.Invalid:
            text = _("{field}: {value}").format(field=name, value=text)
    return FormError(field, text)
