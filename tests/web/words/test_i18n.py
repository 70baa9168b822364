"""Languages: choosing one, dates that cannot be misread, and catalogues in good order."""

import gettext
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from markupsafe import Markup

from web.words import catalogues, i18n

pytestmark = pytest.mark.beside

WHEN = datetime(2026, 12, 3, 7, 0, tzinfo=UTC)
WEB = Path(i18n.__file__).parents[1]
OTHERS = [language for language in i18n.LANGUAGES.values() if language.tag != "en"]


def messages(tag: str) -> Mapping[str, str]:
    """What an island is given to say in a language."""
    found: Any = i18n.catalogue(tag)["messages"]
    return found


@pytest.fixture(params=list(i18n.LANGUAGES))
def language(request):
    kept = i18n.current.set(i18n.LANGUAGES[request.param])
    yield i18n.LANGUAGES[request.param]
    i18n.current.reset(kept)


@pytest.mark.parametrize(
    ("cookies", "accept", "tag"),
    [
        ("", "", "en"), ("", "fr", "fr"), ("", "de, th;q=0.8, fr;q=0.9", "fr"), ("", "pt-BR,en;q=0.5", "pt"),
        ("", "zh-CN", "zh-Hans"), ("vivavoce_language=ar", "fr", "ar"), ("vivavoce_language=xx", "fr", "fr"),
        ("a=b; vivavoce_language=zh-Hans", "", "zh-Hans"), ("", "fr;q=x, ro;q=0, es", "es"), ("\x00=;;", "ro", "ro"),
        ("", "," * 5000 + "fr", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_one_chosen_then_the_one_the_browser_asks_for(cookies, accept, tag):
    assert i18n.choose(cookies, accept).tag == tag


def test_official_dates_are_gregorian_with_latin_digits_in_every_language(language):
    shown = i18n.long_date(WHEN, "Asia/Bangkok")
    assert re.findall(r"\d+", shown) in (["3", "2026"], ["2026", "12", "3"])
    assert all(character in "0123456789" for character in shown if character.isdigit())
    assert "2569" not in shown


def test_times_are_wall_times_with_their_offset():
    assert (i18n.clock(WHEN, "Asia/Bangkok"), i18n.offset(WHEN, "Asia/Bangkok")) == ("14:00", "UTC+07:00")
    assert (i18n.clock(WHEN, "America/St_Johns"), i18n.offset(WHEN, "America/St_Johns")) == ("03:30", "UTC-03:30")
    assert i18n.machine_time(WHEN) == "2026-12-03T07:00:00Z"
    with pytest.raises(ValueError, match="naive"):
        i18n.clock(datetime(2026, 12, 3), "Asia/Bangkok")  # noqa: DTZ001  the very thing refused


@pytest.mark.parametrize(
    ("hours", "zone", "shown"),
    [
        (2, "Asia/Bangkok", "Thursday 3 December 2026 \u206614:00–16:00 UTC+07:00\u2069"),
        (
            11, "Asia/Bangkok",
            "Thursday 3 December 2026 \u206614:00 UTC+07:00\u2069 – Friday 4 December 2026 \u206601:00 UTC+07:00\u2069",
        ),
    ],
)  # fmt: skip
def test_a_span_is_told_by_one_clock_and_isolated(hours, zone, shown):
    assert i18n.span(WHEN, WHEN + timedelta(hours=hours), zone) == shown


def test_a_span_over_a_change_of_the_clocks_tells_both_offsets():
    begins = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 03:30 in Bucharest, twice
    assert i18n.span(begins, begins + timedelta(hours=1), "Europe/Bucharest") == (
        "Sunday 25 October 2026 \u206603:30 UTC+03:00\u2069 – Sunday 25 October 2026 \u206603:30 UTC+02:00\u2069"
    )


def test_languages_and_states_have_names_everywhere(language):
    assert i18n.language_name("th") == "ไทย"
    assert i18n.language_here("th")
    assert i18n.state_name("TH") not in ("", "TH")
    assert i18n.state_name("XX") == "XX"


def catalogue(language):
    with (i18n.LOCALES / language.locale / "LC_MESSAGES" / "vivavoce.po").open("rb") as file:
        return read_po(file, locale=language.locale)


def fields(text):
    named = {name for _literal, name, _spec, _conversion in Formatter().parse(text) if name}
    return sorted(named | set(re.findall(r"%\((\w+)\)[sd]", text)))


def test_every_message_can_be_taken_out_of_the_code_and_filled_in():
    found = list(catalogues.messages())
    assert len({where for _message, _context, where in found if where.endswith(".py")}) > 100
    assert {where.partition("/")[0] for _message, _context, where in found} == {"hearings", "web"}
    for message, _context, where in found:
        for one in [message] if isinstance(message, str) else message:
            assert one.strip(), where
            assert "{}" not in one, f"what is filled in has a name, so that a translator can move it: {one}"
            fields(one)


def test_a_language_that_is_behind_is_told_so_and_a_catalogue_is_brought_up_to_date_without_loss(tmp_path, monkeypatch):
    shutil.copytree(i18n.LOCALES / "ro", tmp_path / "ro", ignore=shutil.ignore_patterns("*.mo"))
    for module in (i18n, catalogues):
        monkeypatch.setattr(module, "LOCALES", tmp_path)
    program, romanian = catalogues.template(), i18n.LANGUAGES["ro"]
    before = catalogues.missing(catalogues.updated(romanian, program))
    program.add("Said for the first time")
    assert sorted(catalogues.missing(catalogues.updated(romanian, program))) == sorted(
        [*before, "Said for the first time"]
    )
    catalogues.update(program)
    with catalogues.path_of(romanian).open("rb") as file:
        kept = read_po(file, locale="ro")
    assert "Said for the first time" in kept
    assert kept.get("Sign out").string == catalogue(romanian).get("Sign out").string != ""
    (line,) = [one for one in catalogues.status(program) if one.startswith("ro ")]
    assert re.fullmatch(r"ro +(\d+) of (\d+) messages, (\d+) of \3 words of documents", line)


def test_a_message_nobody_has_translated_is_shown_in_english_and_the_others_are_not(tmp_path, monkeypatch):
    made = Catalog(locale="ar")
    made.add("Sign out", "خروج")
    made.add("Said for the first time")
    made.add(("{n} new thing", "{n} new things"))
    made.add("Guessed", "تخمين", flags={"fuzzy"})
    path = tmp_path / "ar" / "LC_MESSAGES" / "vivavoce.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, made)
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    for cached in (i18n.translations, i18n.catalogue):
        cached.cache_clear()
    try:
        with i18n.speaking("ar"):
            assert i18n._("Sign out") == "خروج"
            assert [i18n._(one) for one in ("Said for the first time", "Guessed", "Never collected")] == [
                "Said for the first time", "Guessed", "Never collected",
            ]  # fmt: skip
            assert i18n.ngettext("{n} new thing", "{n} new things", 3) == "{n} new things"
        assert i18n.catalogue("ar")["messages"] == {"Sign out": "خروج"}
    finally:
        monkeypatch.undo()
        for cached in (i18n.translations, i18n.catalogue):
            cached.cache_clear()


def test_no_message_is_a_name_of_the_code():
    names = []
    for message, _context, where in catalogues.messages():
        text = (WEB.parent / where).read_text(encoding="utf-8")
        for one in [message] if isinstance(message, str) else message:
            if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", one) or f'["{one}"]' in text:
                names.append((one, where))
    assert names == []


def test_a_translation_that_is_not_shown_counts_as_none():
    made = Catalog(locale="fr")
    made.add("Sign out", "Se déconnecter")
    made.add("Sign in", "Se connecter", flags={"fuzzy"})
    assert catalogues.missing(made) == ["Sign in"]


@pytest.mark.parametrize("language", OTHERS, ids=lambda one: one.tag)
def test_a_translation_keeps_the_fields_and_has_every_plural_form(language):
    found = catalogue(language)
    assert found.num_plurals == len(language.plural)
    for entry in found:
        if not entry.id or not entry.string or entry.fuzzy:
            continue
        if isinstance(entry.id, tuple):
            assert len(entry.string) == len(language.plural)
            assert len(set(map(bool, entry.string))) == 1, f"some forms only: {entry.id}"
            for category, form in zip(language.plural, entry.string, strict=True):
                if form and category not in ("zero", "one", "two"):  # a form for one number may say it in words
                    assert fields(form) == fields(entry.id[1]), entry.id
                assert set(fields(form)) <= set(fields(entry.id[1])), entry.id
        else:
            assert fields(entry.string) == fields(entry.id), entry.id


@pytest.mark.parametrize("language", OTHERS, ids=lambda one: one.tag)
def test_python_and_islands_choose_the_same_plural_form(language):
    chosen = gettext.c2py(catalogue(language).plural_expr)
    category = Locale.parse(language.locale).plural_form
    assert [language.plural[chosen(n)] for n in range(1, 1000)] == [category(n) for n in range(1, 1000)]


@pytest.mark.parametrize(
    ("tag", "told"),
    [
        ("en", ("A, B and C", "A or B", "A, B")), ("fr", ("A, B et C", "A ou B", "A, B")),
        ("ar", ("A وB وC", "A أو B", "A، B")), ("zh-Hans", ("A、B和C", "A或B", "A、B")),
    ],
)  # fmt: skip
def test_a_list_is_told_as_the_language_has_it(tag, told):
    with i18n.speaking(tag):
        assert (i18n.listed("ABC"), i18n.listed("AB", "or"), i18n.one_by_one("AB")) == told
        assert (i18n.listed([]), i18n.listed(["A"]), i18n.one_by_one([])) == ("", "A", "")


@pytest.mark.parametrize(("tag", "told"), [("en", "A: <b>"), ("fr", "A\N{NO-BREAK SPACE}: <b>"), ("zh-Hans", "A：<b>")])
def test_a_name_and_what_is_told_of_it_have_the_colon_of_the_language(tag, told):
    with i18n.speaking(tag):
        assert i18n.about("A", "<b>") == told
        assert i18n.about("A", Markup("<b>")) == told
        assert i18n.about(Markup("A"), "<b>") == told.replace("<b>", "&lt;b&gt;")


def test_no_template_has_a_colon_or_a_comma_of_its_own_between_two_things():
    glued, comment = re.compile(r"(?:[}%]\}|</\w+>)[:,] ?(?=\{\{|\{%|<)"), re.compile(r"\{#.*?#\}", re.DOTALL)
    texts = {path.name: comment.sub("", path.read_text("utf-8")) for path in WEB.glob("*/templates/*.html")}
    assert {name: glued.findall(text) for name, text in texts.items() if glued.search(text)} == {}


def test_one_message_with_two_meanings_is_told_by_its_context():
    with i18n.speaking("ar"):
        assert i18n._("Recording") == "التسجيل"
        assert i18n._(i18n.NP_("going on now", "Recording")) == "يجري التسجيل"
        assert messages("ar")["Recording"] == "التسجيل"
    assert i18n._(i18n.NP_("going on now", "Recording")) == "Recording"


@pytest.mark.parametrize(
    ("tag", "recipients", "retired"),
    [
        ("ar", ("المرسل إليه", "المستلم"), ("مسحوب من الخدمة", "مسحوب من الخدمة")),
        ("fr", ("Destinataire", "Destinataire"), ("Mise hors service", "Mis hors service")),
        ("zh-Hans", ("收件人", "接收方"), ("已停用", "已停用")),
    ],
)
def test_whom_a_message_goes_to_is_not_what_a_recording_is_encrypted_to(tag, recipients, retired):
    with i18n.speaking(tag):
        assert tuple(i18n.pgettext(one, "Recipient") for one in ("message", "recording")) == recipients
        assert tuple(i18n.pgettext(one, "Retired") for one in ("signing key", "recipient")) == retired


@pytest.mark.parametrize("language", OTHERS, ids=lambda one: one.tag)
def test_a_translated_message_comes_back_for_python_and_for_islands(language):
    kept = i18n.current.set(language)
    try:
        assert i18n._("Sign out") not in ("", "Sign out")
        assert messages(language.tag)["Sign out"] == i18n._("Sign out")
    finally:
        i18n.current.reset(kept)


def test_romanian_is_written_with_commas_below():
    text = (i18n.LOCALES / "ro" / "LC_MESSAGES" / "vivavoce.po").read_text(encoding="utf-8")
    assert not set(text) & set("şţŞŢ")


def test_stylesheets_are_the_same_for_both_directions_and_pages_have_no_inline_style():
    physical = re.compile(
        r"(?<![\w-])(margin|padding|border|inset)-(left|right)|(?<![\w-])(left|right|float)\s*:|text-align:\s*(left|right)"
    )
    sheets, templates = [*(WEB / "static" / "css").glob("*.css")], [*WEB.glob("*/templates/*.html")]
    assert sheets and len(templates) > 50
    for sheet in sheets:
        assert physical.findall(sheet.read_text(encoding="utf-8")) == [], sheet.name
    for template in templates:
        text = template.read_text(encoding="utf-8")
        assert re.findall(r"\sstyle=|<style|\son\w+=|javascript:", text) == [], template.name
        assert re.findall(r"<script(?![^>]*\ssrc=)", text) == [], template.name
