"""Where a seal key on a token is: a PKCS#11 URI (RFC 7512), in one line.

`pkcs11:token=Court;object=seal?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/var/lib/vivavoce-seal/pin`

All four are needed; `serial=` may tell tokens of one label apart. What is not listed here is refused, not passed over,
and so is `pin-value`: a PIN stands in a file of mode 0600, not where every account of the machine sees command lines.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

_EXAMPLE = "pkcs11:token=LABEL;object=LABEL?module-path=FILE&pin-source=FILE"
_PATH = {"token", "object"}
_QUERY = {"module-path", "pin-source"}
_MAY = {"serial"}


@dataclass(frozen=True)
class TokenUri:
    """The library that speaks to the token, the labels of token and key, the file of the PIN."""

    module: Path
    token: str
    key: str
    pin_file: Path
    serial: str = ""


def parse_token_uri(text: str) -> TokenUri:
    """Read a URI; ValueError, which never repeats a PIN, if it is not one that names a seal key."""
    scheme, _, rest = text.partition(":")
    path, _, query = rest.partition("?")
    if scheme != "pkcs11":
        raise ValueError(f"expected {_EXAMPLE}")
    found = _attributes(path, ";", _PATH | _MAY) | _attributes(query, "&", _QUERY)
    if missing := sorted((_PATH | _QUERY) - {name for name, value in found.items() if value}):
        raise ValueError(f"without {' and '.join(missing)}; expected {_EXAMPLE}")
    module, pin_file = Path(found["module-path"]), Path(found["pin-source"].removeprefix("file:"))
    if not (module.is_absolute() and pin_file.is_absolute()):
        raise ValueError("module-path and pin-source are absolute paths")
    return TokenUri(module, found["token"], found["object"], pin_file, found.get("serial", ""))


def _attributes(text: str, separator: str, known: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(separator) if text else ():
        name, _, value = part.partition("=")
        if name == "pin-value":
            raise ValueError("pin-value is refused: put the PIN into a file, mode 0600, and say pin-source")
        if name not in known or name in found:
            raise ValueError(f"{name!r} is {'there twice' if name in found else 'not known here'}")
        try:
            found[name] = unquote(value, errors="strict")
        except UnicodeDecodeError:
            raise ValueError(f"{name!r} is not UTF-8") from None
    return found
