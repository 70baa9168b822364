"""The pages of the documentation as installing renders them: every link leads somewhere, and no HTML is let through."""

import importlib.util
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
ALLOWED = set(
    "p h2 h3 h4 ul ol li a code pre strong em table thead tbody tr th td div img br hr blockquote s".split()  # noqa: SIM905
)


@pytest.fixture(scope="module")
def documentation() -> ModuleType:
    spec = importlib.util.spec_from_file_location("documentation", ROOT / "deploy" / "documentation.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["documentation"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def rendered(documentation: ModuleType) -> tuple[dict[str, Any], set[Path]]:
    data, pictures = documentation.render(DOCS)
    return data, pictures


class Elements(HTMLParser):
    """Elements of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def page_of(documentation: ModuleType, folder: Path, text: str, **others: str) -> str:
    """The HTML of a page with this text, beside others."""
    for name, more in {"page": text, **others}.items():
        (folder / f"{name}.md").write_text(f"# {name}\n\n*For: developers.*\n\n{more}", encoding="utf-8")
    (folder / "README.md").write_text("# Index\n", encoding="utf-8")
    pages = documentation.render(folder)[0]["pages"]
    return next(page["html"] for page in pages if page["name"] == "page")


def test_every_relative_link_and_anchor_leads_to_a_page_and_a_heading(
    rendered: tuple[dict[str, Any], set[Path]],
) -> None:
    pages = {page["name"]: page for page in rendered[0]["pages"]}
    assert set(pages) == {file.stem for file in DOCS.glob("*.md")} - {"README"}
    ids = {
        name: [given["id"] for _tag, given in Elements(page["html"]).elements if "id" in given]
        for name, page in pages.items()
    }
    links = [
        (name, str(given["href"]))
        for name, page in pages.items()
        for tag, given in Elements(page["html"]).elements
        if tag == "a"
    ]
    assert len(links) > 200
    assert [name for name, found in ids.items() if len(found) != len(set(found))] == []
    for name, href in links:
        where, _mark, anchor = href.partition("#")
        if href.startswith("http"):
            continue
        target = re.fullmatch(r"(?:/docs(?:/([a-z-]+))?)?", where)
        assert target is not None, (name, href)
        assert not anchor or anchor in ids[target[1] or name], (name, href)
        assert where in ("", "/docs") or target[1] in pages, (name, href)


def test_every_page_is_in_the_index_by_subject_and_for_each_of_its_readers(
    rendered: tuple[dict[str, Any], set[Path]],
) -> None:
    data, _pictures = rendered
    readers = {page["name"]: set(page["readers"]) for page in data["pages"]}
    assert sorted(name for subject in data["subjects"] for name in subject["pages"]) == sorted(readers)
    indexed: dict[str, set[str]] = {name: set() for name in readers}
    for group in data["readers"]:
        for page in group["pages"]:
            indexed[page["name"]].add(group["name"])
    assert indexed == readers
    assert "search" not in readers


def test_pages_are_made_of_harmless_elements_and_load_nothing_from_elsewhere(
    rendered: tuple[dict[str, Any], set[Path]],
) -> None:
    for page in rendered[0]["pages"]:
        assert "<th></th>" not in page["html"], page["name"]
        for tag, given in Elements(page["html"]).elements:
            assert tag in ALLOWED, (page["name"], tag)
            assert not {"style", "srcset"} & set(given) and not any(name.startswith("on") for name in given)
            assert str(given.get("src", "/static/")).startswith("/static/")


def test_html_in_a_page_is_shown_as_text_and_a_script_is_no_address(documentation: ModuleType, tmp_path: Path) -> None:
    text = (
        '<script>alert(1)</script>\n\na <b onclick="x()">b</b> [c](javascript:alert%281%29)\n\n```\n</code><i>\n```\n'
    )
    found = Elements(page_of(documentation, tmp_path, text)).elements
    assert {tag for tag, _given in found} == {"p", "pre", "code"}


@pytest.mark.parametrize("link", ["gone.md", "other.md#gone", "#gone", "other.md#other-", "../gone/file.py"])
def test_a_link_that_leads_to_nothing_stops_the_build_and_is_named(
    documentation: ModuleType, tmp_path: Path, link: str
) -> None:
    with pytest.raises(documentation.BrokenLink, match=re.escape(f"page.md: {link}")):
        page_of(documentation, tmp_path, f"[words]({link})", other="## Here\n\nText.")


def test_links_lead_to_pages_that_are_served_and_what_is_not_served_keeps_its_words(
    documentation: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"png")
    (tmp_path / "code.py").write_text("pass")
    text = "[a](other.md) [b](other.md#here) [c](#d) [e](README.md) [*f*](code.py) ![g](images/a.png)\n\n## D\n"
    html = page_of(documentation, tmp_path, text, other="## Here\n")
    assert re.findall(r'href="([^"]+)"', html) == ["/docs/other", "/docs/other#here", "#d", "/docs"]
    assert "<em>f</em>" in html and "code.py" not in html
    assert 'src="/static/dist/docs/images/a.png"' in html
    documentation.build(tmp_path, tmp_path / "out")
    assert (tmp_path / "out" / "images" / "a.png").read_bytes() == b"png"
    assert (tmp_path / "out" / "documentation.json").is_file()
