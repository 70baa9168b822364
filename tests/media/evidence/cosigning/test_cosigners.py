"""The list of cosigners is a policy without logs, each with an address; what follows is the installation's policy."""

from pathlib import Path

import pytest

from media.evidence.check import policy
from media.evidence.cosigning.cosigner_key import CosignerKey
from media.evidence.cosigning.cosigners import Cosigners, CosignersError, read
from media.evidence.seal.seal_key import SealKey

RO, TH = CosignerKey("ro.example/1", b"r" * 32).vkey, CosignerKey("th.example/1", b"t" * 32).vkey
LOG = SealKey(bytes(32)).vkey("court.example")
GOOD = f"""# who cosigns
witness RO {RO} https://ro.example/cosigner/
witness\tTH {TH}   http://127.0.0.1:8470

group both all RO TH
quorum both
"""


def test_each_cosigner_has_its_key_and_its_address() -> None:
    ro, th = read(GOOD).each
    assert (ro.name, ro.url, th.name, th.url) == ("RO", "https://ro.example/cosigner", "TH", "http://127.0.0.1:8470")
    assert (ro.key.name, th.key.name) == ("ro.example/1", "th.example/1")


def test_the_policy_that_follows_demands_what_the_list_says() -> None:
    made = policy.parse(read(GOOD).policy([LOG]).encode())
    assert [key.name for key in made.logs] == ["court.example/hearing"]
    assert made.is_met({"RO", "TH"})
    assert not made.is_met({"RO"})
    assert "https://" not in read(GOOD).policy([LOG])  # who verifies asks nobody
    assert Cosigners().policy([LOG]) == f"log {LOG}\nquorum none\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none\n",
        GOOD.replace("quorum both\n", ""),
        GOOD.replace("https://ro.example/cosigner/", ""),
        GOOD.replace("https://", "http://"),
        GOOD.replace("https://ro.example/cosigner/", "https://ro.example/?a=b"),
        GOOD.replace("https://", "file://"),
        GOOD.replace(TH, RO),
        GOOD.replace(RO, LOG),
        GOOD.replace("quorum both", "quorum all"),
        GOOD + f"log {LOG}\n",
        GOOD + "nonsense\n",
    ],
)
def test_a_list_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CosignersError):
        read(text)


def test_the_list_of_the_documentation_is_one_but_for_its_keys() -> None:
    page = (Path(__file__).parents[4] / "docs" / "cosigner.md").read_text(encoding="utf-8")
    shown = page.split("without `log` lines:\n\n```\n")[1].split("```")[0]
    words = shown.split()
    filled = shown.replace(words[2], RO).replace(words[6], TH)
    assert [one.name for one in read(filled).each] == ["RO", "TH"]
