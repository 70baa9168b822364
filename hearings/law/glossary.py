"""Words of mutual legal assistance side by side in several languages, for those who draft (data/glossary.yaml)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from hearings.reference import VERIFIED


@dataclass(frozen=True, kw_only=True)
class Term:
    """One notion: its id, the word in each language, and how well that is known."""

    id: str
    words: Mapping[str, str]
    source: str
    confidence: str

    @property
    def unverified(self) -> bool:
        """Whether "unverified" must stand beside it."""
        return self.confidence not in VERIFIED

    def word(self, tag: str) -> str:
        """The word in a language, by its primary tag; empty when it is not known."""
        return self.words.get(tag) or self.words.get(tag.split("-")[0], "")


@cache
def terms() -> tuple[Term, ...]:
    """The whole glossary, in the order of the English words."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = yaml.load((files("hearings") / "data" / "glossary.yaml").read_text("utf-8"), loader)
    source, confidence = found["source"], found["confidence"]
    return tuple(
        Term(
            id=id_,
            words=dict(row),
            source=row.get("source", source),
            confidence=row.get("confidence", confidence),
        )
        for id_, row in sorted(found["terms"].items(), key=lambda pair: str(pair[1]["en"]).casefold())
    )


def languages() -> tuple[str, ...]:
    """Languages the glossary has every word in."""
    return tuple(tag for tag in terms()[0].words if all(one.word(tag) for one in terms()))


def beside(wanted: Iterable[str]) -> tuple[tuple[str, ...], tuple[Term, ...]]:
    """The languages of these the glossary knows (always English too), and its terms."""
    known = [tag.split("-")[0] for tag in wanted if tag]
    have = {tag.split("-")[0] for tag in languages()}
    return tuple(dict.fromkeys(tag for tag in ("en", *known) if tag in have)), terms()
