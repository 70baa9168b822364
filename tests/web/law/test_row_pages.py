"""The pages of the law: all bases for two States, and the administrator's hand on the data."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from hearings.law.law import LAW

pytestmark = pytest.mark.beside

TREATY = {
    "name": "Romania-Thailand (2026)",
    "id": "ro_th_2026",
    "side_a": "RO",
    "side_b": "TH",
    "valid_from": "2026-01-01",
    "provision": "art. 12(3)",
    "rule": "Witnesses and the accused are heard by video.",
    "persons": ["witness", "accused"],
    "consent": ["accused"],
    "channels": ["central_authority"],
    "obligation": "mandatory",
    "cost_default": "requested_state",
    "confidence": "read-in-source",
    "source": "Monitorul Oficial 1/2026",
    "reason": "Read in the gazette",
}
ROW = "/admin/law/row?kind=party&key=TH%2Funtoc"


@pytest.fixture
def admin(service):
    return service.signed_in("administrator")


@pytest.fixture
def clerk(service):
    return service.signed_in("clerk")


def hidden(answer, name):
    return unescape(re.search(rf'name="{name}" value="([^"]*)"', answer.text)[1])


def confirm(admin, preview, **changes):
    values = {name: hidden(preview, name) for name in ("csrf", "seen", "edits")}
    return admin.post("/admin/law/save", values | {"reason": "Read again in the treaty collection"} | changes)


def form_of(answer):
    """What stands in the form of a row, as a browser would send it."""
    main = answer.text.split('action="/admin/law/preview"', 1)[1].split("</form>", 1)[0]
    found = dict(re.findall(r'name="(f-[a-z_0-9]+)"[^>]* value="([^"]*)"', main))
    found |= dict(re.findall(r'name="(kind|key)" value="([^"]*)"', main))
    for name, options in re.findall(r'<select id="(f-[a-z_0-9]+)".*?>(.*?)</select>', main, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    found |= dict(re.findall(r'<textarea id="(f-[a-z_0-9]+)"[^>]*>(.*?)</textarea>', main, re.DOTALL))
    return {name: unescape(value) for name, value in found.items()}


# --- all bases ---------------------------------------------------------------------------------------------------


def test_the_check_page_asks_first_and_keeps_nothing(clerk):
    words = clerk.words(clerk.get("/law/check"))
    assert "This is not a legal opinion, and nothing you enter is saved." in words
    assert "Whose consent is needed" not in words


def test_all_bases_for_two_states_are_shown_in_their_order_those_that_are_excluded_last(clerk):
    query = "requesting_state=FR&requested_state=IT&capacity=accused&on=2026-11-24&evidential_purpose=yes"
    answer = clerk.get(f"/law/check?{query}&channel=central_authority&language_of_request=it")
    words = clerk.words(answer)
    order = re.findall(r'id="basis-([a-z0-9_]+)"', answer.text)
    assert order[:2] == ["eio", "drugs1988"]
    excluded = order[2:]
    assert excluded[0] == "reg2844" and excluded[-1] == "reciprocity"
    assert excluded.index("eu2000") < excluded.index("ets182") < excluded.index("untoc")
    assert "the European Investigation Order has replaced the 1959 Convention" in words
    assert "is not open to France" in words and "Not known whether France is bound" not in words
    assert f"{len(excluded)} instruments are excluded" in words
    assert "Takes precedence Directive 2014/41/EU (EIO) art. 24" in words
    for rule in ("(EIO) art. 24(2)", "art. 694-5 (+706-71)", "arts 726-quinquies, 729-quater"):
        assert rule in words
    assert "Not in force" in words
    assert "lawful" not in words and "allowed" not in words


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("requesting_state=RO&requested_state=RO&on=2026-11-24", "requested_state"),
        ("requesting_state=RO&requested_state=XX&on=2026-11-24", "requested_state"),
        ("requesting_state=RO&requested_state=TH&on=soon", "on"),
    ],
)
def test_a_question_that_cannot_be_asked_says_where(clerk, query, field):
    answer = clerk.get(f"/law/check?{query}")
    assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True)


def test_nonsense_in_the_address_is_not_said(clerk):
    answer = clerk.get(
        "/law/check?requested_state=TH&capacity=juror&stage=x&channel=y&offence_scope=z&consent=q&on=2026-11-24"
    )
    without = clerk.get("/law/check?requested_state=TH&on=2026-11-24")
    assert (answer.status_code, clerk.words(answer)) == (200, clerk.words(without))
    assert 'id="basis-untoc"' in answer.text


# --- the administrator -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/row?kind=party&key=TH/untoc", "/log", "/new/party", "/treaty"])
def test_only_an_administrator_sees_the_data_pages(admin, clerk, path):
    assert admin.get(f"/admin/law{path}").status_code == 200
    answer = clerk.get(f"/admin/law{path}")
    assert (answer.status_code, "You may not do this" in clerk.words(answer)) == (403, True)
    assert "/admin/law" not in answer.text.split("<main")[1]


@pytest.mark.parametrize("path", ["preview", "save", "treaty"])
def test_only_an_administrator_changes_them(service, everything, admin, clerk, path):
    """With what an administrator would send, and with nothing of use."""
    preview = admin.post("/admin/law/preview", form_of(admin.get(ROW)) | {"f-note": "Mine"}, page=ROW)
    sent = {name: hidden(preview, name) for name in ("seen", "edits")} | TREATY | form_of(admin.get(ROW))
    before = service.run(everything)
    for values in (sent, {"kind": "party"}):
        answer = clerk.post(f"/admin/law/{path}", values, page="/docket")
        assert (answer.status_code, "You may not do this" in clerk.words(answer)) == (403, True)
    assert service.run(everything) == before


@pytest.mark.parametrize(
    "kind",
    ["instrument", "party", "declaration", "overlay", "rule", "court_hours", "jurisdiction", "interpreting_rest"],
)
def test_rows_are_listed_with_source_and_mark(admin, kind):
    answer = admin.get(f"/admin/law?kind={kind}")
    assert answer.status_code == 200
    rows = re.findall(r'href="(/admin/law/row\?[^"]*)"', answer.text)
    assert 0 < len(rows) <= 50
    page = admin.get(rows[0].replace("&amp;", "&"))
    assert page.status_code == 200
    assert admin.get(f"/admin/law/new/{kind}").status_code == 200


def test_rows_are_found_and_paged(admin):
    first = admin.get("/admin/law?kind=rule")
    (more,) = re.findall(r'href="/admin/law\?([^"]*after[^"]*)"', first.text)
    second = admin.get(f"/admin/law?{more.replace('&amp;', '&')}")
    rows = [re.findall(r"key=([a-z0-9_]+)", page.text) for page in (first, second)]
    assert set(rows[0]) & set(rows[1]) == set()
    words = admin.words(admin.get("/admin/law?kind=rule&q=bissilli"))
    assert "Bissilli" in words and "art. 18(18)" not in words
    assert "No rows here." in admin.words(admin.get("/admin/law?kind=rule&q=zzzz"))
    unverified = admin.words(admin.get("/admin/law?kind=overlay&only=unverified"))
    assert "18 USC 3512" in unverified and "art. 694-5" not in unverified


@pytest.mark.parametrize("path", ["?kind=mood", "/row?kind=mood&key=x", "/row?kind=party&key=XX/untoc", "/new/mood"])
def test_what_is_not_there_is_not_found(admin, path):
    answer = admin.get(f"/admin/law{path}")
    assert (answer.status_code, "Page not found" in admin.words(answer)) == (404, True)


def test_an_edit_is_seen_before_it_counts_and_can_be_taken_back(admin, clerk):
    check = (
        "/law/check?requesting_state=RO&requested_state=TH&capacity=witness&on=2026-11-24&offence_scope=untoc_offence"
    )
    before = clerk.words(clerk.get(check))
    assert "Thailand is bound (since 16 November 2013)" in before
    values = form_of(admin.get(ROW))
    values |= {"f-party_status": "unknown", "reason": "Asked the depositary"}
    preview = admin.post("/admin/law/preview", values, page=ROW)
    words = admin.words(preview)
    assert (preview.status_code, "Nothing has changed yet." in words) == (200, True)
    assert "Is the State bound in_force unknown" in words
    assert "Requests of your State" in words and "There is an obstacle (cannot be relied on)" in words
    assert "Thailand is bound (since 16 November 2013)" in clerk.words(clerk.get(check))
    assert confirm(admin, preview, reason=" ").status_code == 422
    made = confirm(admin, preview)
    assert (made.status_code, made.headers["location"].endswith("done=yes")) == (303, True)
    assert "Not known whether Thailand is bound" in clerk.words(clerk.get(check))
    row = admin.words(admin.get(ROW))
    assert "Changed here" in row and "Elena Stan" in row and "Read again in the treaty collection" in row
    stale = confirm(admin, preview)
    assert stale.status_code == 409
    assert admin.words(admin.get(ROW)) == row
    back = admin.post("/admin/law/preview", {"kind": "party", "key": "TH/untoc", "back": "yes"}, page=ROW)
    assert confirm(admin, back).status_code == 303
    assert "Thailand is bound (since 16 November 2013)" in clerk.words(clerk.get(check))
    assert "reverted" in admin.words(admin.get("/admin/law/log"))


CONSENT = {
    "kind": "overlay",
    "key": "",
    "f-id": "nat_TH_video",
    "f-state": "TH",
    "f-provision": "s. 1",
    "f-applies_when_state_is": "requesting | requested",
    "f-rule": "A witness is heard by video only with consent.",
    "f-consent_required": '{"witness": true}',
    "f-minutes_each_place": "true",
    "f-confidence": "read-in-source",
    "f-source": "the gazette",
    "reason": "Read in the gazette",
}


def test_a_consent_newly_asked_for_is_told_before_with_the_requests_and_hearings_it_concerns(admin, service):
    page = "/admin/law/new/overlay"
    preview = admin.post("/admin/law/preview", CONSENT, page=page)
    words = admin.words(preview)
    assert preview.status_code == 200, words
    assert "Now requires the person's consent: s. 1" in words
    assert "New on the conduct of the hearing: The law of Thailand: a record is drawn up in each place" in words
    assert "Upcoming hearings on these requests" in words
    assert service.made.hearing.ref in words.split("Upcoming hearings on these requests", 1)[1]


def test_more_changes_than_fit_are_a_number(admin, monkeypatch):
    monkeypatch.setattr("web.law.row_pages.SHOWN", 0)
    words = admin.words(admin.post("/admin/law/preview", CONSENT, page="/admin/law/new/overlay"))
    assert "Now requires" not in words
    assert re.search(r"and \d+ more", words)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"f-party_status": "perhaps"}, "f-party_status"),
        ({"f-in_force_from": "2026-13-01"}, "f-in_force_from"),
        ({"f-source": ""}, "f-source"),
    ],
)
def test_what_cannot_be_right_is_refused_beside_its_field_and_kept(admin, change, field):
    answer = admin.post("/admin/law/preview", form_of(admin.get(ROW)) | change | {"f-note": "keep me"}, page=ROW)
    assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True)
    assert "keep me" in answer.text


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("instrument", "untoc"),
        ("overlay", "nat_CN_ICJA"),
        ("rule", "eio_22"),
        ("court_hours", "TH%2FAsia%2FBangkok"),
        ("jurisdiction", "BE"),
        ("interpreting_rest", "gap"),
        ("declaration", "GB%2Fets182%2F9%289%29"),
    ],
)
def test_a_form_sent_as_it_came_changes_nothing(admin, kind, key):
    page = f"/admin/law/row?kind={kind}&key={key}"
    preview = admin.post("/admin/law/preview", form_of(admin.get(page)), page=page)
    assert (preview.status_code, "Nothing is different." in preview.text) == (200, True), admin.words(preview)


def test_court_hours_are_edited_with_their_day_and_the_calendar_shows_them_with_their_version(admin, clerk):
    page = "/admin/law/row?kind=court_hours&key=KE%2FAfrica%2FNairobi"
    values = form_of(admin.get(page))
    values["f-intervals"] = '[{"weekdays": "1-4", "opens": "07:15", "closes": "12:45"}]'
    values["f-effective_from"] = "2099-01-01"
    preview = admin.post("/admin/law/preview", values, page=page)
    assert "Applies from – 2099-01-01" in admin.words(preview)
    assert confirm(admin, preview).status_code == 303
    assert "07:15–12:45" not in clerk.words(clerk.get("/calendars/KE")), "not within the next year"
    values["f-effective_from"] = "2020-01-01"
    confirm(admin, admin.post("/admin/law/preview", values, page=page))
    words = clerk.words(clerk.get("/calendars/KE"))
    assert "07:15–12:45 Not verified Entered by an administrator of this service, version 2" in words
    back = admin.post(
        "/admin/law/preview", {"kind": "court_hours", "key": "KE/Africa/Nairobi", "back": "yes"}, page=page
    )
    assert confirm(admin, back).status_code == 303
    assert "07:15–12:45" not in clerk.words(clerk.get("/calendars/KE"))


def test_the_rest_of_interpreters_is_edited_and_shown_as_changed(admin, clerk):
    page = "/admin/law/row?kind=interpreting_rest&key=gap"
    values = form_of(admin.get(page))
    wrong = admin.post("/admin/law/preview", values | {"f-minutes": "0"}, page=page)
    assert (wrong.status_code, 'href="#f-minutes"' in wrong.text) == (422, True)
    preview = admin.post("/admin/law/preview", values | {"f-minutes": "45"}, page=page)
    assert "Length in minutes 30 45" in admin.words(preview)
    assert confirm(admin, preview).status_code == 303
    shown = clerk.words(clerk.get("/calendars"))
    assert "Least time between two bookings of one interpreter 45" in shown and "Changed here" in shown
    back = admin.post("/admin/law/preview", {"kind": "interpreting_rest", "key": "gap", "back": "yes"}, page=page)
    assert confirm(admin, back).status_code == 303
    assert "Least time between two bookings of one interpreter 30" in clerk.words(clerk.get("/calendars"))


def test_a_structure_that_is_no_json_is_refused_and_kept(admin):
    page = "/admin/law/row?kind=instrument&key=eu_japan"
    answer = admin.post("/admin/law/preview", form_of(admin.get(page)) | {"f-profile": "{"}, page=page)
    assert (answer.status_code, 'href="#f-profile"' in answer.text) == (422, True)
    assert form_of(answer)["f-profile"].strip() == "{"


@pytest.mark.parametrize("edits", ["", "{", "[]", "[1]", '[{"kind": "party", "key": "", "data": {"iso2": "XX"}}]'])
def test_edits_that_were_tampered_with_change_nothing(service, everything, admin, edits):
    values = {"csrf": admin.token("/docket"), "seen": "0", "edits": edits, "reason": "because"}
    before = service.run(everything)
    assert admin.post("/admin/law/save", values).status_code in (409, 422)
    assert service.run(everything) == before


def test_a_bilateral_treaty_is_added_by_a_short_form_and_goes_first(admin, clerk):
    page = "/admin/law/treaty"
    wrong = admin.post(page, TREATY | {"side_b": "RO"}, page=page)
    assert (wrong.status_code, 'href="#side_a"' in wrong.text) == (422, True)
    assert TREATY["source"] in wrong.text
    preview = admin.post(page, TREATY, page=page)
    assert preview.status_code == 200, admin.words(preview)
    assert confirm(admin, preview).status_code == 303
    query = "requesting_state=TH&requested_state=RO&capacity=accused&on=2026-11-24&language_of_request=ro"
    query += "&channel=central_authority"
    words = clerk.words(clerk.get(f"/law/check?{query}"))
    assert "Takes precedence Romania-Thailand (2026)" in words
    assert "the instrument: Romania-Thailand (2026) art. 12(3)" in words
    again = admin.post(page, TREATY, page=page)
    assert (again.status_code, "There is a problem" in again.text, TREATY["source"] in again.text) == (422, True, True)


# --- owner and review --------------------------------------------------------------------------------------------


def test_a_row_shows_its_owner_and_when_it_is_to_be_reviewed(admin):
    words = admin.words(admin.get(ROW))
    assert "Owner Thailand Last reviewed 20" in words and "Next review by 20" in words
    of_all = admin.words(admin.get("/admin/law/row?kind=instrument&key=untoc"))
    assert "Owner This installation" in of_all
    assert "This row belongs to no State." in of_all


def test_a_review_needs_its_source_is_on_record_and_changes_nothing(admin, service):
    page = "/admin/law/row?kind=rule&key=untoc_18_18"
    shown = form_of(admin.get(page))
    seen = re.search(r'name="seen" value="([0-9]+)"', admin.get(page).text)[1]
    values = {"kind": "rule", "key": "untoc_18_18", "seen": seen}
    refused = admin.post("/admin/law/review", values | {"review_reason": "x"}, page=page)
    assert (refused.status_code, 'href="#review_reason"' in refused.text) == (422, True)
    assert 'value="x"' in refused.text
    made = admin.post("/admin/law/review", values | {"review_reason": "Read in the treaty collection"}, page=page)
    assert made.status_code == 303
    words = admin.words(admin.get(made.headers["location"]))
    assert "The review is on record. The row was not changed." in words
    assert "reviewed, unchanged" in words and "Read in the treaty collection" in words
    assert f"Last reviewed {datetime.now(UTC).date().isoformat()}" in words
    assert "Changed here" not in words and form_of(admin.get(page)) == shown
    assert "reviewed, unchanged" in admin.words(admin.get("/admin/law/log"))
    again = admin.post("/admin/law/review", values | {"review_reason": "Again"}, page=page)
    assert again.status_code == 409


def test_rows_whose_review_is_overdue_are_listed_marked_and_found(admin, clerk, monkeypatch):
    monkeypatch.setitem(LAW.defaults["review"], "files_reviewed_on", "2020-01-01")
    own = admin.words(admin.get("/admin/law/reviews"))
    assert "Romania" in own and "Thailand" not in own
    everybody = admin.get("/admin/law/reviews?whose=all")
    (more,) = re.findall(r'href="/admin/law/reviews\?([^"]*after[^"]*)"', everybody.text)
    second = admin.get(f"/admin/law/reviews?{more.replace('&amp;', '&')}")
    rows = [set(re.findall(r'href="(/admin/law/row[^"]*)"', page.text)) for page in (everybody, second)]
    assert len(rows[0]) == len(rows[1]) == 50 and not rows[0] & rows[1]
    assert "Review overdue" in admin.words(admin.get("/admin/law/row?kind=party&key=TH%2Funcac"))
    assert "No rows here." not in admin.words(admin.get("/admin/law?kind=party&only=stale"))
    check = "/law/check?requesting_state=RO&requested_state=TH&capacity=witness&on=2026-11-24&scopes=untoc_offence"
    assert "review overdue" in clerk.words(clerk.get(check))
    monkeypatch.undo()
    assert "review overdue" not in clerk.words(clerk.get(check))
    assert clerk.get("/admin/law/reviews").status_code == 403
