"""What stands beside a row of law: relations of an instrument, a State's law, to whom an instrument is open."""

import pytest

from hearings.law.law import LAW
from web.law import row_facts
from web.words.i18n import speaking

pytestmark = pytest.mark.beside


@pytest.fixture
def admin(service):
    return service.signed_in("administrator")


def page(admin, kind, key):
    return admin.words(admin.get(f"/admin/law/row?kind={kind}&key={key.replace('/', '%2F')}"))


def test_the_page_of_an_instrument_says_what_goes_before_it_and_what_it_goes_before(admin):
    words = page(admin, "instrument", "ets182")
    assert "Replaced by Directive 2014/41/EU (EIO) art. 24" in words
    assert "Supplemented by EU-UK Trade and Cooperation Agreement" in words
    words = page(admin, "instrument", "eio")
    assert "Replaces EU MLA Convention 2000" in words
    assert "Gives way to Regulation (EU) 2023/2844 art. 6" in words
    assert "Beside other instruments" not in page(admin, "instrument", "ibero_vc")


def test_the_page_of_a_state_says_what_is_known_of_its_law_and_where_to_look(admin):
    words = page(admin, "jurisdiction", "RO")
    assert "There are no national rules of this State in the data." in words
    assert "Where to look Law 302/2004" in words
    words = page(admin, "jurisdiction", "DE")
    assert "Not confirmed, without effect IRG s. 61c; StPO s. 247a" in words
    assert "National rules" not in page(admin, "party", "RO/untoc").split("Edit", 1)[1]


def test_what_nobody_confirmed_and_to_whom_nothing_is_open_is_marked(admin):
    assert "Not confirmed, without effect" in page(admin, "overlay", "nat_DE_61c").split("Edit", 1)[0]
    assert "Not confirmed, without effect" not in page(admin, "overlay", "nat_FR_694_5").split("Edit", 1)[0]
    assert "Not open to this State" in page(admin, "party", "TH/eio")
    assert "Not open to this State" not in page(admin, "party", "IE/eio")
    listed = admin.words(admin.get("/admin/law?kind=overlay&q=nat_DE_61c"))
    assert "Not confirmed, without effect" in listed


def test_every_relation_of_the_data_is_said_on_the_page_of_both_instruments():
    with speaking("en"):
        told = [one["text"] for key in LAW.instruments for one in row_facts.relations(key, LAW)]
    for row in LAW.displacement:
        assert told.count(row["text"]) >= len({row["displaced"], row["displacing"]} - {None}), row["id"]
