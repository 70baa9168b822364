"""A made-up language in which every message of the program comes back as ⟦itself⟧: what stands outside is English."""

import re
from gettext import NullTranslations

OPENED, CLOSED = "⟦", "⟧"
FIELD = re.compile(r"(\{[^{}]*\}|%\(\w+\)s|%%|<[^>]+>)")
"""What a message carries besides words; it stays outside the brackets, so that what is filled in is looked at too."""


class Brackets(NullTranslations):
    """The catalogue of that language."""

    def gettext(self, message: str) -> str:
        pieces = FIELD.split(message)
        return "".join(
            piece if number % 2 or not piece.strip() else f"{OPENED}{piece}{CLOSED}"
            for number, piece in enumerate(pieces)
        )

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)
