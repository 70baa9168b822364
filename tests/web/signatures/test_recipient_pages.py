"""The page of recipients: adding by paste or file, what is refused and how, retiring, and whose page it is."""

import pytest
from pyrage import x25519

from hearings.db import Database
from hearings.models import AuthorityKey
from hearings.signatures import recipients as keys
from web.signatures import recipient_pages as recipients

PAGE = "/admin/recipients"


@pytest.fixture
def administrator(service):
    return service.signed_in("administrator")


def made() -> str:
    return str(x25519.Identity.generate().to_public())


def rows(service, state: str = "RO") -> list[AuthorityKey]:
    async def read(database: Database) -> list[AuthorityKey]:
        async with database.reading() as db:
            return list(await keys.keys_of(db, state=state))

    found: list[AuthorityKey] = service.run(read)
    return found


def add(client, recipient: str = "", file: bytes | None = None, **changes: str):
    values = {"authority_name": "Tribunalul Cluj", "kind": "requesting", "recipient": recipient} | changes
    chosen = {"file": ("recipient.txt", file or b"", "text/plain")} if file is not None else {"file": ("", b"")}
    return client.post(PAGE, values, page=PAGE, files=chosen)


def test_an_administrator_adds_a_recipient_by_pasting_it(service, administrator):
    recipient = made()
    assert add(administrator, f" {recipient} ").headers["location"] == f"{PAGE}?done=added"
    page = administrator.get(f"{PAGE}?done=added")
    told = administrator.words(page)
    assert "The recipient has been added." in told and "Added by Elena Stan" in told
    assert recipient in page.text and keys.fingerprint(recipient) in told
    (row,) = [row for row in rows(service) if row.recipient == recipient]
    assert (row.created_by_label, row.owner_state, row.retired_at) == ("Elena Stan", "RO", None)


def test_an_administrator_adds_a_recipient_from_a_file(service, administrator):
    recipient = made()
    assert add(administrator, file=f"# Cluj\n{recipient}\n".encode()).status_code == 303
    assert recipient in [row.recipient for row in rows(service)]


def test_a_private_key_is_refused_in_words_and_shown_to_nobody_again(service, administrator):
    identity = x25519.Identity.generate()
    for options in ({"recipient": str(identity)}, {"file": f"{identity}\n".encode()}):
        answer = add(administrator, **options)
        assert (answer.status_code, "private half of a key" in administrator.words(answer)) == (422, True)
        assert str(identity) not in answer.text and 'href="#recipient"' in answer.text
        assert 'value="Tribunalul Cluj"' in answer.text
    kept = b"".join(path.read_bytes() for path in service.settings.data.rglob("*") if path.is_file())
    assert str(identity).encode() not in kept


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"recipient": "age1x"}, "recipient", "begins with age1"),
        (
            {"recipient": "age1qp7hls0jvgqfu0p7x8vh65h8jderkw2dpxeavx7znzx2d0fwe5xszj8sfq"},
            "recipient",
            "a character is wrong or missing",
        ),
        (
            {"recipient": "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z"},
            "recipient",
            "not a complete",
        ),
        ({}, "recipient", "one of the two"),
        ({"recipient": made(), "file": made().encode()}, "recipient", "one of the two"),
        ({"file": b"\xff\xfe\x00"}, "recipient", "begins with age1"),
        ({"recipient": made(), "authority_name": " "}, "authority_name", "cannot be empty"),
        ({"recipient": made(), "kind": "other"}, "kind", "State whose key it is."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_added(
    service, everything, administrator, given, field, words
):
    before = service.run(everything)
    answer = add(administrator, **given)
    assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True)
    assert words in administrator.words(answer)
    assert service.run(everything) == before


def test_a_recipient_is_retired_with_a_reason_and_stays_on_the_page(service, administrator):
    recipient = made()
    add(administrator, recipient)
    (row,) = [row for row in rows(service) if row.recipient == recipient]
    retire = f"{PAGE}/retire"
    for values, field in (({"key": row.id, "reason": "x"}, "reason"), ({"key": "", "reason": "Lost"}, "key")):
        answer = administrator.post(retire, values, page=PAGE)
        assert (answer.status_code, f'href="#{field}"' in answer.text) == (422, True)
    wanted = {"key": row.id, "reason": "The key was lost."}
    assert administrator.post(retire, wanted, page=PAGE).headers["location"] == f"{PAGE}?done=retired"
    page = administrator.get(PAGE)
    assert "By Elena Stan: The key was lost." in administrator.words(page)
    assert f'<option value="{row.id}"' not in page.text
    twice = administrator.post(retire, wanted, page=PAGE)
    assert (twice.status_code, 'href="#key"' in twice.text) == (422, True)
    again = add(administrator, recipient)
    assert (again.status_code, "added before" in administrator.words(again)) == (422, True)


def test_the_page_warns_when_nothing_could_be_opened(service, administrator):
    warning = "No key of an authority of your State is in force"
    assert warning not in administrator.words(administrator.get(PAGE))
    for row in rows(service):
        if row.kind != keys.ESCROW and row.retired_at is None:
            administrator.post(f"{PAGE}/retire", {"key": row.id, "reason": "Changed"}, page=PAGE)
    assert warning in administrator.words(administrator.get(PAGE))


def test_recipients_are_the_business_of_their_own_administrator(service, everything, administrator):
    (foreign,) = [row for row in rows(service, "TH") if row.kind != keys.ESCROW]
    others = [service.signed_in(who) for who in ("clerk", "authority", "judge")]
    before = service.run(everything)
    for client in others:
        assert PAGE not in client.get("/docket").text
        values = {"authority_name": "A", "kind": "requesting", "recipient": made()}
        for answer in (
            client.get(PAGE),
            client.post(PAGE, values, page="/docket"),
            client.post(f"{PAGE}/retire", {"key": foreign.id, "reason": "Why"}, page="/docket"),
        ):
            assert (answer.status_code, "You may not do this" in client.words(answer)) == (403, True)
            assert foreign.recipient not in answer.text
    assert foreign.recipient not in administrator.get(PAGE).text
    answer = administrator.post(f"{PAGE}/retire", {"key": foreign.id, "reason": "Why"}, page=PAGE)
    assert (answer.status_code, 'href="#key"' in answer.text) == (422, True)
    assert service.run(everything) == before
    assert f'href="{PAGE}"' in administrator.get("/admin").text


def test_every_kind_of_key_has_words():
    assert set(recipients.KINDS) == set(keys.KINDS)
