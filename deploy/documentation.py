"""Renders docs/*.md as the pages that the product serves at /docs.

Written are `documentation.json` and the pictures that the pages show, into one folder. Markdown is CommonMark with
tables, read by markdown-it-py; raw HTML in it is shown as text. Links between pages lead to the pages served; a link to
another file of the repository, which no reader of an installation has, keeps its words only.

docs/README.md is the index: its lists name the pages by subject and by reader.
"""

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

ADDRESS = "/docs"
"""Where the pages are served."""
PICTURES = "/static/dist/docs"
"""Where the pictures of the pages are served."""
INDEX = "README"
DATA = "documentation.json"
"""The file that `web` reads, in the folder that `build` writes."""


class BrokenLink(Exception):
    """A page links to nothing; the message names the page and the link."""


@dataclass
class Heading:
    """A heading below the title, and the text up to the next one, for searching. `anchor` is empty for the beginning
    of a page.
    """

    level: int
    anchor: str
    title: str
    text: str = ""


@dataclass
class RenderedPage:
    """A page: `html` is what follows the title and the line of readers; `headings` begin with the page itself."""

    name: str
    title: str
    readers: list[str]
    html: str = ""
    headings: list[Heading] = field(default_factory=list)


def slug(title: str) -> str:
    """The anchor of a heading, as hosts of repositories make it."""
    return re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")


def reader_slug(reader: str) -> str:
    """The name of a group of readers in addresses: "judges and clerks" is "judges-and-clerks"."""
    return reader.replace(" ", "-")


def parser() -> MarkdownIt:
    """The Markdown of the pages: CommonMark and tables, no raw HTML."""
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _words(inline: Token) -> str:
    """The text of inline Markdown without its marks."""
    return "".join(
        child.content if child.type in ("text", "code_inline") else " " if child.type.endswith("break") else ""
        for child in inline.children or []
    )


# --- links -------------------------------------------------------------------------------------------------------


@dataclass
class Links:
    """Rewrites the links of one page."""

    page: Path
    anchors: dict[str, set[str]]
    """Anchors by the names of pages."""
    pictures: set[Path] = field(default_factory=set)
    """Files of pictures that the page shows."""

    def rewrite(self, children: list[Token]) -> list[Token]:
        """The inline tokens with links as they are served. Raises `BrokenLink`."""
        made: list[Token] = []
        dropped: list[bool] = []
        for token in children:
            if token.type == "link_open":
                target = self._target(str(token.attrs["href"]))
                dropped.append(not target)
                if target:
                    token.attrs["href"] = target
                    if "://" in target:
                        token.attrs["rel"] = "noreferrer"
            if token.type == "image":
                token.attrs["src"] = self._picture(str(token.attrs["src"]))
            if token.type in ("link_open", "link_close") and dropped[-1]:
                if token.type == "link_close":
                    dropped.pop()
                continue
            if token.type == "link_close":
                dropped.pop()
            made.append(token)
        return made

    def _target(self, href: str) -> str:
        """Where a link leads; empty where it leads to a file that is not served."""
        parts = urlsplit(href)
        if parts.scheme in ("http", "https", "mailto"):
            return href
        file = (self.page.parent / parts.path).resolve() if parts.path else self.page
        if parts.scheme or not file.exists():
            raise BrokenLink(f"{self.page.name}: {href} leads to nothing")
        if file.parent != self.page.parent or file.suffix != ".md":
            return ""
        if parts.fragment and parts.fragment not in self.anchors[file.stem]:
            raise BrokenLink(f"{self.page.name}: {href}: no such heading")
        where = ADDRESS if file.stem == INDEX else f"{ADDRESS}/{file.stem}"
        anchor = f"#{parts.fragment}" if parts.fragment else ""
        return (where if parts.path else "") + anchor or where

    def _picture(self, src: str) -> str:
        file = (self.page.parent / src).resolve()
        if not file.is_file() or self.page.parent not in file.parents:
            raise BrokenLink(f"{self.page.name}: there is no picture {src}")
        self.pictures.add(file)
        return f"{PICTURES}/{file.relative_to(self.page.parent).as_posix()}"


# --- pages -------------------------------------------------------------------------------------------------------


def _with_anchors(tokens: Sequence[Token]) -> Iterator[tuple[Token, Heading | None]]:
    """Each token, and with the opening of a heading what it is."""
    used: dict[str, int] = {}
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type != "heading_open" or following is None:
            yield token, None
            continue
        title = _words(following)
        anchor = slug(title)
        many = used[anchor] = used.get(anchor, -1) + 1
        yield token, Heading(int(token.tag[1]), f"{anchor}-{many}" if many else anchor, title)


def anchors(text: str) -> set[str]:
    """The anchors of a page."""
    return {heading.anchor for _token, heading in _with_anchors(parser().parse(text)) if heading}


READERS = re.compile(r"\n\*For: ([a-z, ]+)\.\*\n")


def render_page(file: Path, links: Links) -> RenderedPage:
    """One page. Raises `BrokenLink`, and `ValueError` for a page without a title or readers."""
    text = file.read_text(encoding="utf-8")
    readers = READERS.search(text)
    if readers is None:
        raise ValueError(f"{file.name} does not say below its title whom it is for")
    text = text.replace(readers[0], "", 1)
    md = parser()
    md.add_render_rule("fence", _code_block)
    md.add_render_rule("code_block", _code_block)
    md.add_render_rule("table_open", lambda *_arguments: '<div class="scroll" tabindex="0"><table>\n')
    md.add_render_rule("table_close", lambda *_arguments: "</table></div>\n")
    environment: dict[str, Any] = {"page": file.stem}
    page = RenderedPage(file.stem, "", [reader_slug(reader) for reader in readers[1].split(", ")])
    kept: list[Token] = []
    for token, heading in _with_anchors(md.parse(text, environment)):
        if token.children:
            token.children = links.rewrite(token.children)
        if heading:
            page.headings.append(heading)
            token.attrs["id"] = heading.anchor
        elif page.headings and (token.content or token.children):
            words = _words(token) if token.type == "inline" else token.content
            if kept[-1].type != "heading_open":  # the heading's own words are its title
                page.headings[-1].text += f"{words} "
        kept.append(token)
    if not page.headings or page.headings[0].level != 1:
        raise ValueError(f"{file.name} does not begin with its title")
    page.title, page.headings[0].anchor = page.headings[0].title, ""
    page.html = md.renderer.render(kept[3:], md.options, environment)
    return page


def _code_block(renderer: Any, tokens: Sequence[Token], number: int, options: Any, environment: dict[str, Any]) -> str:
    """Code with a number of its own on the page, which the button that copies it names."""
    block = environment["blocks"] = environment.get("blocks", 0) + 1
    code = escape(tokens[number].content)
    return f'<pre id="code-{block}" data-code tabindex="0"><code>{code}</code></pre>\n'


# --- the index ---------------------------------------------------------------------------------------------------

ENTRY = re.compile(r"^- \[[a-z-]+\]\(([a-z-]+)\.md\): (.+)$", re.MULTILINE)
SUBJECT = re.compile(r"^- \*\*(.+)\*\*: (.+)$", re.MULTILINE)


def read_index(text: str) -> dict[str, list[dict[str, Any]]]:
    """The index as data: `subjects` with the names of their pages, `readers` with pages and what each is about."""
    head, *parts = re.split(r"^## For (.+)$", text, flags=re.MULTILINE)
    md = parser()
    return {
        "subjects": [
            {"title": match[1], "pages": re.findall(r"\]\(([a-z-]+)\.md\)", match[2])}
            for match in SUBJECT.finditer(head)
        ],
        "readers": [
            {
                "name": reader_slug(reader),
                "title": reader,
                "pages": [{"name": name, "about": md.renderInline(about)} for name, about in ENTRY.findall(part)],
            }
            for reader, part in zip(parts[::2], parts[1::2], strict=True)
        ],
    }


def sources(docs: Path) -> list[Path]:
    """The files that the pages are made of."""
    return [*sorted(docs.glob("*.md")), *sorted((docs / "images").glob("*.png"))]


def render(docs: Path) -> tuple[dict[str, Any], set[Path]]:
    """All pages as data, and the files of their pictures. Raises `BrokenLink` and `ValueError`."""
    files = [file.resolve() for file in sorted(docs.glob("*.md"))]
    known = {file.stem: anchors(file.read_text(encoding="utf-8")) for file in files}
    pictures: set[Path] = set()
    pages = []
    for file in files:
        if file.stem != INDEX:
            links = Links(file, known)
            pages.append(asdict(render_page(file, links)))
            pictures |= links.pictures
    return {**read_index((docs / f"{INDEX}.md").read_text(encoding="utf-8")), "pages": pages}, pictures


def build(docs: Path, out: Path) -> None:
    """Write the pages and their pictures into a folder, which is emptied first."""
    data, pictures = render(docs)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    _copy(docs.resolve(), out, pictures)
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    (out / DATA).write_text(text, encoding="utf-8")


def _copy(docs: Path, out: Path, pictures: Iterable[Path]) -> None:
    for picture in sorted(pictures):
        target = out / picture.relative_to(docs)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, target)
