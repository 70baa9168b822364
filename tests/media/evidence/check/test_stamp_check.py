"""Until when the key of a time-stamping authority is relied on, by both verifiers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from asn1crypto import tsp

from media.evidence.check.stamp_check import end_of
from tests.deploy.verify_bag_mutations import page
from tests.support import tsa

END_OF_2030 = int(datetime(2031, 1, 1, tzinfo=UTC).timestamp()) * 10**9


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A token by an RSA key of 2048 bits, whose certificate lasts until the end of the thirties."""
    folder = tmp_path_factory.mktemp("tsa")
    return tsa.stamped(tsa.soon_over(folder, days=5_000), b"a head")


def certified_as(token: bytes, algorithm: dict[str, Any]) -> bytes:
    """The token with another algorithm at the key in its certificate; what is asked here verifies no signature."""
    response = tsp.TimeStampResp.load(token)
    certificate = response["time_stamp_token"]["content"]["certificates"][0].chosen
    certificate["tbs_certificate"]["subject_public_key_info"]["algorithm"] = algorithm
    return bytes(response.dump(force=True))


@pytest.mark.parametrize(
    "algorithm",
    [
        {"algorithm": "rsa"},
        {"algorithm": "rsassa_pss"},
        {"algorithm": "rsassa_pss", "parameters": {"hash_algorithm": {"algorithm": "sha256"}}},
    ],
    ids=["rsa", "pss", "pss with parameters"],
)
def test_an_rsa_key_of_2048_bits_is_relied_on_to_the_end_of_2030_whatever_it_is_certified_for(
    token: bytes, algorithm: dict[str, Any]
) -> None:
    made = certified_as(token, algorithm)
    assert end_of(made) == END_OF_2030
    assert page.end_of_token(made) == END_OF_2030
