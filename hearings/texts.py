"""Text that people type: normalised, and free of characters that hide or reorder other characters."""

import re
import unicodedata

from hearings import reference
from hearings.errors import Invalid
from hearings.sentences import N_, tell, tell_n

NOT_A_MARK = N_("Not a valid page token")
NOT_A_VALUE = N_("Not a value this field accepts")
NOT_SUBMITTED = N_("The other State does not see a draft: submit it first")
HEARING_OVER = N_("The hearing is over")
HEARING_OFF = N_("The hearing is cancelled")
LAST_BEFORE_FIRST = N_("The last day lies before the first")
TOO_FAR = N_("This day is too far from today")
IN_ITS_WORDS = N_("In the words of the data: {text}")
WHOLE_NUMBER = N_("A whole number from {least} to {most} is needed")

_ADDRESS = re.compile(r"[^@\s;|<>,]+@([A-Za-z0-9.-]+)")
_MARKS = 4
"""Greatest number of combining marks on one letter; no known language needs more."""
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
LOST = "\N{REPLACEMENT CHARACTER}"
"""Replacement for bytes that were no UTF-8, such as lone surrogates: such a text is not what was sent."""


def clean(text: str, field: str, *, most: int, least: int = 0, lines: bool = False) -> str:
    """NFC, trimmed. Raises `Invalid` for control and format characters (bidirectional overrides, zero widths), lone
    surrogates, replacement characters, stacks of combining marks, and lengths outside `least`–`most`. `lines` allows
    line breaks.
    """
    if len(text) > most * 4:
        raise Invalid(tell_n("Too long: at most {n} character", "Too long: at most {n} characters", most), field)
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    run = 0
    for character in text:
        category = unicodedata.category(character)
        # A zero-width joiner or non-joiner belongs to the spelling of several scripts; the rest hide something.
        harmless = character in "\u200c\u200d" or (lines and character == "\n")
        if (category in HIDDEN and not harmless) or character == LOST:
            raise Invalid(
                tell("A character that cannot be shown is not allowed: {code}", code=f"U+{ord(character):04X}"), field
            )
        run = run + 1 if category in {"Mn", "Me"} else 0
        if run > _MARKS:
            raise Invalid(tell("Too many marks on one letter"), field)
    if len(text) > most:
        raise Invalid(tell_n("Too long: at most {n} character", "Too long: at most {n} characters", most), field)
    if len(text) < least:
        few = tell_n("At least {n} character is needed", "At least {n} characters are needed", least)
        raise Invalid(tell("Cannot be empty") if least == 1 else few, field)
    return text


def one_line(text: str, most: int = 200, *, kept: str = "") -> str:
    """Text as one line: control, format and separator characters become blanks, but those `kept`. For headers.

    CR and LF in a mail's subject or a calendar's summary would begin another header or property (RFC 5322 §2.2,
    RFC 5545 §3.1).
    """
    gone = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    plain = "".join(
        " " if unicodedata.category(character) in gone and character not in kept else character for character in text
    )
    return " ".join(plain.split())[:most]


_DROPPED = frozenset({*range(27, 36), 202, 216, 220, 230})
"""Canonical combining classes of the marks that `folded` leaves out: of Latin, Greek, Cyrillic and Arabic letters. The
marks of Indic, Thai, Hebrew and Japanese writing make other words and stay."""
_PLAIN = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ŧ": "t",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "\u2019": "'",
    }
)
"""Letters that Unicode does not take apart, by those of a keyboard that lacks them."""


def folded(text: str) -> str:
    """A text for comparing names and numbers, without differences of case, of width and of the marks on letters:
    "stefan" finds "Ștefan". The columns named `…_folded` hold it; a change here needs a migration of theirs.
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(character for character in apart if unicodedata.combining(character) not in _DROPPED)
    return unicodedata.normalize("NFC", bare.translate(_PLAIN))


def institutional(text: str, field: str) -> str:
    """A text whose addresses are those of institutions. Raises `Invalid` for a mailbox of a free-mail service."""
    for domain in _ADDRESS.findall(text):
        parts = domain.casefold().rstrip(".").split(".")
        if any(".".join(parts[number:]) in reference.free_mail() for number in range(len(parts))):
            raise Invalid(
                tell("{domain} is a free-mail service: enter a mailbox of the institution", domain=domain[:80]), field
            )
    return text
