"""`vivavoce receive` at the other State: what is not exactly what was released is not kept and not acknowledged."""

import json
import shutil
from pathlib import Path

import pytest

from media.evidence.check import receipt, verify
from media.evidence.log import course as journal_course
from tests.support.evidence import bags as builder
from tests.support.release_counter import Counter
from web.custody.commands import receive_command
from web.sitting import course
from web.sitting.excerpt_pages import choices
from web.words.i18n import precise_clock


async def test_nothing_is_stored_before_the_limits_are_acknowledged(counter: Counter, capsys):
    _path, bag = await counter.taken()
    assert receive_command.main(counter.arguments(bag)) == 2
    told = capsys.readouterr()
    assert "UNTOC art. 18(19): No use or transfer for other investigations" in told.out
    assert "--acknowledge" in told.err
    assert not (counter.folder / "kept").exists()


async def test_what_is_stored_is_the_whole_bag_and_the_receipt_names_it_word_for_word(counter: Counter, capsys):
    path, bag = await counter.taken()
    assert receive_command.main(counter.arguments(bag, "--acknowledge", "--json")) == 10
    told = json.loads(capsys.readouterr().out)
    folder = counter.folder / "kept" / path.rpartition("/")[2]
    assert told["folder"] == str(folder)
    names = {one.relative_to(bag): one.read_bytes() for one in bag.rglob("*") if one.is_file()}
    assert {
        one.relative_to(folder / "bag"): one.read_bytes() for one in (folder / "bag").rglob("*") if one.is_file()
    } == names
    made = receipt.read((folder / "receipt.jws").read_text())
    assert made.signed_by(receipt.public_key(counter.public("TH")))
    assert made.body["limits"] == receipt.release_in(bag).body["limits"]
    assert (made.body["bag"], made.body["received_by"]) == (receipt.bag_sha256(bag), "S. Srisai")
    assert receive_command.main(counter.arguments(bag, "--acknowledge")) == 2
    assert "received before" in capsys.readouterr().err


async def test_an_excerpt_is_received_too(counter: Counter, capsys):
    lines = (counter.archive.sealed.folder / "journal.jsonl").read_bytes().split(b"\n")[:-1]
    sitting = journal_course.read(lines)
    times = [precise_clock(course.instant(sitting, t), "Europe/Bucharest") for t in (0, sitting.end + 999)]
    chosen = [one.key for one in choices(sitting)]
    _path, bag = await counter.taken(**{"what": "excerpt", "from": times[0], "to": times[1], "choices": chosen})
    (access,) = counter.archive.accesses()
    assert (access["what"], counter.lines("released")[0]["what"]) == ("excerpt", "excerpt")
    code = receive_command.main(counter.arguments(bag, "--acknowledge", f"--release-key={counter.public('RO')}"))
    told = capsys.readouterr()
    assert code == 10, told.err
    assert "excerpt" in told.out
    (made,) = (counter.folder / "kept").glob("*/receipt.jws")
    assert receipt.read(made.read_text()).body["custody"] is None


def spoilt(bag: Path, how: str) -> None:
    if how == "segment":
        piece = next(one for one in sorted((bag / "data/seg").iterdir()) if "-000001" in one.name)
        piece.write_bytes(piece.read_bytes()[:-1] + b"x")
    elif how == "release":
        text = (bag / "release.json").read_text()
        (bag / "release.json").write_text(text.replace("The trial", "Any trial"))
    elif how == "none":
        (bag / "release.json").unlink()
    elif how == "link":
        (bag / "data/link").symlink_to("/etc/hostname")
    if how != "link":
        builder.rebag(bag)


@pytest.mark.parametrize("how", ["segment", "release", "none", "link"])
async def test_a_copy_that_was_changed_on_the_way_is_not_kept(counter: Counter, capsys, how):
    _path, bag = await counter.taken()
    spoilt(bag, how)
    assert receive_command.main(counter.arguments(bag, "--acknowledge")) in (2, 20)
    assert capsys.readouterr().err
    assert list((counter.folder / "kept").glob("*")) == []


async def test_a_release_of_another_copy_put_into_this_one_is_refused(counter: Counter, capsys):
    _path, bag = await counter.taken()
    _other, later = await counter.taken()
    shutil.copy(later / "release.json", bag / "release.json")
    builder.rebag(bag)
    assert receive_command.main(counter.arguments(bag, "--acknowledge")) == 20
    assert "does not name its release" in capsys.readouterr().err


async def test_another_state_and_another_key_are_refused(counter: Counter, capsys):
    _path, bag = await counter.taken()
    assert receive_command.main(counter.arguments(bag, "--acknowledge", state="RO")) == 2
    assert "released to TH" in capsys.readouterr().err
    wrong = counter.arguments(bag, "--acknowledge", f"--release-key={counter.public('TH')}")
    assert receive_command.main(wrong) == 20


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ((), 30, "cannot verify"),
        (("RO",), 20, "not by the key"),
        (("TH",), 10, "received by"),
    ],
)
async def test_a_receipt_is_checked_offline_against_the_copy_by_a_key_had_from_elsewhere(
    counter: Counter, capsys, more, code, said
):
    path, bag = await counter.taken()
    receive_command.main(counter.arguments(bag, "--acknowledge"))
    made = counter.folder / "kept" / path.rpartition("/")[2] / "receipt.jws"
    keys = [f"--receipt-key={counter.public(state)}" for state in more]
    given = [str(bag), "--policy", str(counter.policy), "--without-stamp", "--receipt", str(made), *keys]
    capsys.readouterr()
    assert verify.main(given) == code
    assert said in capsys.readouterr().out


async def test_a_court_that_sent_another_bag_does_not_fit_the_receipt(counter: Counter, capsys):
    path, bag = await counter.taken()
    receive_command.main(counter.arguments(bag, "--acknowledge"))
    made = counter.folder / "kept" / path.rpartition("/")[2] / "receipt.jws"
    _other, later = await counter.taken()
    capsys.readouterr()
    key = [f"--receipt-key={counter.public('TH')}"]
    assert (
        verify.main([str(later), "--policy", str(counter.policy), "--without-stamp", "--receipt", str(made), *key])
        == 20
    )
    assert "it names another bag than this copy has" in capsys.readouterr().out
