"""Languages: choosing one, dates that cannot be misread, and catalogues in good order."""

import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from markupsafe import Markup

from deploy import assets
from hearings import languages, reference
from hearings.sentences import tell
from tests.support.translated import catalogue
from web.words import catalogues, i18n, sentences

pytestmark = pytest.mark.beside

WHEN = datetime(2026, 12, 3, 7, 0, tzinfo=UTC)
WEB = Path(i18n.__file__).parents[1]
OTHERS = [language for language in i18n.LANGUAGES.values() if language.tag != "en"]


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


def fields(text):
    named = {name for _literal, name, _spec, _conversion in Formatter().parse(text) if name}
    return sorted(named | set(re.findall(r"%\((\w+)\)[sd]", text)))


def test_every_message_can_be_taken_out_of_the_code_and_filled_in():
    found = catalogues.messages()
    assert len({where for _message, _context, where, _comments in found if where.endswith(".py")}) > 100
    assert {where.partition("/")[0] for _message, _context, where, _comments in found} == {
        "hearings",
        "scheduler",
        "web",
    }
    for message, _context, where, _comments in found:
        for one in [message] if isinstance(message, str) else message:
            assert one.strip(), where
            assert "{}" not in one, f"what is filled in has a name, so that a translator can move it: {one}"
            fields(one)


def test_a_language_that_is_behind_is_told_so_and_a_catalogue_is_brought_up_to_date_without_loss(tmp_path, monkeypatch):
    shutil.copytree(i18n.LOCALES / "ro", tmp_path / "ro", ignore=shutil.ignore_patterns("*.mo"))
    for module in (i18n, catalogues):
        monkeypatch.setattr(module, "LOCALES", tmp_path)
    monkeypatch.setattr(catalogues, "LANGUAGES", {tag: i18n.LANGUAGES[tag] for tag in ("en", "ro")})
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
    assert kept.get("Sign out").string == catalogue("ro").get("Sign out").string != ""
    (line,) = [one for one in catalogues.status(program) if one.startswith("ro ")]
    assert re.fullmatch(r"ro +(\d+) of (\d+) messages, (\d+) awaiting review", line)


def test_a_message_nobody_has_translated_is_shown_in_english_and_the_others_are_not(tmp_path, monkeypatch):
    made = Catalog(locale="ar")
    made.add("Sign out", "خروج")
    made.add("Said for the first time")
    made.add(("{n} new thing", "{n} new things"))
    made.add("Guessed", "تخمين", flags={"fuzzy"})
    made.add("Close", "إغلاق", context="dialog")
    path = tmp_path / "ar" / "LC_MESSAGES" / "vivavoce.po"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, made)
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    i18n.translations.cache_clear()
    try:
        with i18n.speaking("ar"):
            assert i18n._("Sign out") == "خروج"
            assert [i18n._(one) for one in ("Said for the first time", "Guessed", "Never collected")] == [
                "Said for the first time", "Guessed", "Never collected",
            ]  # fmt: skip
            assert i18n.ngettext("{n} new thing", "{n} new things", 3) == "{n} new things"
    finally:
        monkeypatch.undo()
        i18n.translations.cache_clear()


def test_no_message_is_a_name_of_the_code():
    names, texts = [], dict[str, str]()
    for message, _context, where, _comments in catalogues.messages():
        text = texts.get(where) or texts.setdefault(where, (WEB.parent / where).read_text(encoding="utf-8"))
        for one in [message] if isinstance(message, str) else message:
            if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", one) or f'["{one}"]' in text:
                names.append((one, where))
    assert names == []


def test_a_translation_that_is_not_shown_counts_as_none():
    made = Catalog(locale="fr")
    made.add("Sign out", "Se déconnecter")
    made.add("Sign in", "Se connecter", flags={"fuzzy"})
    assert catalogues.missing(made) == ["Sign in"]


def test_what_a_program_has_translated_is_marked_until_a_person_has_read_it(tmp_path, monkeypatch):
    made, drafts, program = Catalog(locale="fr"), Catalog(locale="fr"), Catalog()
    for message in ("Sign out", "Sign in", "Save"):
        program.add(message)
        drafts.add(message, f"{message} (fr)", flags={"fuzzy"} if message == "Save" else set())
    made.add("Sign out", "Se déconnecter")
    made.add("Sign in")
    made.add("Save")
    assert catalogues.draft(made, drafts) == 1
    assert (made.get("Sign out").string, made.get("Sign in").string) == ("Se déconnecter", "Sign in (fr)")
    assert catalogues.coverage(made) == catalogues.Coverage(messages=3, translated=2, awaiting=1)
    french = i18n.LANGUAGES["fr"]
    monkeypatch.setattr(catalogues, "LOCALES", tmp_path)
    catalogues.path_of(french).parent.mkdir(parents=True)
    catalogues.path_of(french).write_bytes(catalogues.text(made))
    kept = catalogues.updated(french, program)
    assert catalogues.coverage(kept) == catalogues.Coverage(messages=3, translated=2, awaiting=1)
    assert "# review: machine\n" in catalogues.text(kept).decode()
    kept.get("Sign in").user_comments = []
    assert catalogues.coverage(kept).awaiting == 0


@pytest.mark.parametrize(
    ("tag", "bucharest", "hague"),
    [
        ("en", "Bucharest", "The Hague"),
        ("fr", "Bucarest", "La Haye"),
        ("ru", "Бухарест", "Гаага"),
        ("pt", "Bucareste", "Haia"),
        ("ro", "București", "Haga"),
        ("th", "บูคาเรส", "กรุงเฮก"),
    ],
)
def test_a_city_has_one_name_in_a_language_in_whatever_language_it_was_entered(tag, bucharest, hague):
    with i18n.speaking(tag):
        assert {i18n.city_here(name) for name in ("Bucharest", "București", "Бухарест", "bucarest ")} == {bucharest}
        assert {i18n.city_here(name) for name in ("Den Haag", "The Hague", "La Haya")} == {hague}
        assert i18n.city_here("Cluj-Napoca") == "Cluj-Napoca"


def test_portuguese_names_are_those_of_portugal():
    with i18n.speaking("pt"):
        assert (i18n.state_name("RO"), i18n.state_name("CZ")) == ("Roménia", "Chéquia")
        assert i18n.language_here("ro") == "romeno"


def test_a_comment_for_translators_goes_into_the_catalogues():
    commented = {entry.id: entry.auto_comments for entry in catalogues.template() if entry.auto_comments}
    assert commented["Hold"] == ["Translators: the floor is closed for everyone, the recording goes on; not a stay"]


@pytest.mark.parametrize("language", OTHERS, ids=lambda one: one.tag)
def test_a_translation_keeps_the_fields_and_has_every_plural_form(language):
    found = catalogue(language.tag)
    plurals = assets._plural_categories(found)
    for entry in found:
        if not entry.id or not entry.string or entry.fuzzy:
            continue
        if isinstance(entry.id, tuple):
            assert len(entry.string) == len(plurals)
            assert len(set(map(bool, entry.string))) == 1, f"some forms only: {entry.id}"
            for category, form in zip(plurals, entry.string, strict=True):
                if form and category not in ("zero", "one", "two"):  # a form for one number may say it in words
                    assert fields(form) == fields(entry.id[1]), entry.id
                assert set(fields(form)) <= set(fields(entry.id[1])), entry.id
        else:
            assert fields(entry.string) == fields(entry.id), entry.id
            formed = re.compile(r"\{\w+:(the|of|in|to)\}")
            assert bool(formed.search(entry.id)) >= bool(formed.search(entry.string)), "it is given no form"


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


SHEETS = {
    file.name: file.read_text(encoding="utf-8")
    for folder in ("static/css", "frontend/src/live", "frontend/src/player", "frontend/src/verify")
    for file in sorted((WEB / folder).glob("*.css"))
}


def block(sheet, query):
    """What stands in the blocks of a media query."""
    found = ""
    for begin in [match.end() for match in re.finditer(rf"@media \({query}\)[^{{]*{{", sheet)]:
        depth, end = 1, begin
        while depth:
            depth += {"{": 1, "}": -1}.get(sheet[end], 0)
            end += 1
        found += sheet[begin : end - 1]
    return found


@pytest.mark.parametrize("name", SHEETS)
def test_in_a_low_window_nothing_keeps_its_place_and_without_motion_nothing_moves(name):
    sheet = SHEETS[name]
    low = block(sheet, "max-height: 30rem")
    pinned = re.findall(r"([.\w-]+) {[^}]*position: (?:sticky|fixed)", sheet)
    assert [selector for selector in pinned if selector not in low] == []
    if re.search(r"(?<![\w-])(animation|transition)(-[\w]+)?:", sheet):
        still = block(sheet, "prefers-reduced-motion: reduce")
        assert "* {" in still and "animation: none !important" in still and "transition: none !important" in still


def test_no_page_takes_the_english_name_of_a_city_out_of_its_time_zone():
    named = re.compile(r"""zone\w*\.(?:split\(["']/["']\)\[-1\]|rpartition\(["']/["']\))""")
    files = [*WEB.glob("*/*.py"), *WEB.glob("*/templates/*.html")]
    found = {file.name for file in files if named.search(file.read_text(encoding="utf-8"))}
    assert found == {"i18n.py", "court_clocks.py"}, "zone_city says it in the language of the reader"


def test_no_template_shows_a_city_as_it_was_entered():
    shown = re.compile(r"\{\{[^}]*(?:\.|requesting_|requested_)city\b(?! *\| *city_here|\) \| city_here)[^}]*\}\}")
    places = {
        (path.name, found[0])
        for path in WEB.glob("*/templates/*.html")
        for found in shown.finditer(path.read_text("utf-8"))
        if "city_here" not in found[0] and "text_field" not in found[0]
    }
    assert places == set()


FORMS = reference.state_forms()


@pytest.mark.parametrize("tag", sorted({tag for tag, _state in FORMS}))
def test_every_state_of_the_data_has_its_forms_in_every_language_that_inflects_names(tag):
    assert {state for language, state in FORMS if language == tag} == {"*", *reference.jurisdictions()}
    with i18n.speaking(tag):
        for state in reference.jurisdictions():
            name, forms = i18n.state_word(state), FORMS[tag, state]
            assert all(forms.values()), state
            assert forms["the"].endswith(name), "the row is of the name that pages show"
            assert f"{name:of}" == forms["of"] != forms["in"]
            assert f"{name}" == name


@pytest.mark.parametrize("tag", i18n.LANGUAGES)
def test_a_state_nobody_has_inflected_still_fits_into_a_sentence(tag):
    with i18n.speaking(tag):
        for form in ("the", "of", "in", "to"):
            assert "XX" in f"{i18n.state_word('XX'):{form}}"
            assert "XX" in Markup("{state:" + form + "}").format(state=i18n.state_word("XX"))


def test_a_sentence_of_hearings_may_name_a_state_by_a_form_too(monkeypatch):
    made = tell("{state} is bound since {day}", state=languages.state_name("NL"), day=date(2027, 1, 1))
    monkeypatch.setattr(sentences, "_", lambda message: message.replace("{state}", "Law {state:of}"))
    assert sentences.translated(made).startswith("Law of the Netherlands")
    assert sentences.translated_markup(made).startswith("Law of the Netherlands")


def test_what_a_message_formats_as_a_form_of_a_state_is_given_as_one():
    """The bare name, which is a plain text, knows no form."""
    formed = re.compile(r"\{state:\w+\}.*?\.format\([^\n]*")
    files = [*WEB.glob("*/*.py"), *WEB.glob("*/templates/*.html")]
    calls = [call for file in files for call in formed.findall(file.read_text(encoding="utf-8"))]
    assert len(calls) > 5
    assert [call for call in calls if "state_name" in call] == []


def test_no_page_puts_the_bare_name_of_a_state_after_a_word_that_inflects_it():
    bare = re.compile(r"\b(of|in|to|for|by|from|with) \{(state|other|requesting|requested)\}")
    found = [
        (where, one)
        for message, _context, where, _comments in catalogues.messages()
        if where.startswith("web/")
        for one in ([message] if isinstance(message, str) else message)
        if bare.search(one)
    ]
    assert found == []
