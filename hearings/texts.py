"""Text that people type: normalised, and free of characters that hide or reorder other characters."""

import unicodedata

from hearings.errors import Invalid
from hearings.sentences import tell, tell_n

_MARKS = 4
"""More combining marks than this on one letter are no language we know of."""
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
LOST = "\N{REPLACEMENT CHARACTER}"
"""What readers of forms put where bytes were no UTF-8, such as a lone surrogate: the text is not what was sent."""


def clean(text: str, field: str, *, most: int, least: int = 0, lines: bool = False) -> str:
    """NFC, trimmed. Refuses control and format characters (bidirectional overrides, zero widths), lone surrogates,
    what stands for lost characters, stacks of combining marks, and lengths outside `least`–`most`. `lines` allows line
    breaks.
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
    plain = "".join(" " if unicodedata.category(one) in gone and one not in kept else one for one in text)
    return " ".join(plain.split())[:most]
