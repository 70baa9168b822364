"""Which addresses an issuer's own document may have this installation ask: none inside, none of somebody else."""

import dataclasses
from collections.abc import Sequence

import pytest

from hearings.errors import SignInRefused
from web.issuers import Flow, Issuer, IssuerClient, may_be_asked, may_lead_to

ISSUER = Issuer(
    key="ro",
    state="RO",
    name="Login",
    issuer="https://login.example/realm",
    client_id="vivavoce",
    secret="s",
    hosts=("keys.example", "token.example:8443"),
)
INSIDE = dataclasses.replace(ISSUER, private_network=True)
HERE = dataclasses.replace(ISSUER, issuer="http://127.0.0.1:9000", hosts=())


@pytest.mark.parametrize(
    ("issuer", "address", "may"),
    [
        (ISSUER, "https://login.example/token", True),
        (ISSUER, "https://LOGIN.example:443/token", True),
        (ISSUER, "https://keys.example/jwks", True),
        (ISSUER, "https://token.example:8443/token", True),
        (ISSUER, "http://login.example/token", False),
        (ISSUER, "https://login.example:8443/token", False),
        (ISSUER, "https://token.example/token", False),
        (ISSUER, "https://intranet.example/jwks", False),
        (ISSUER, "https://sub.login.example/jwks", False),
        (ISSUER, "https://login.example@intranet.example/jwks", False),
        (ISSUER, "https://user@login.example/jwks", False),
        (ISSUER, "https://127.0.0.1/jwks", False),
        (ISSUER, "http://localhost/jwks", False),
        (ISSUER, "https://login.example:x/jwks", False),
        (ISSUER, "file:///etc/passwd", False),
        (ISSUER, "", False),
        (HERE, "http://127.0.0.1:9000/token", True),
        (HERE, "http://127.0.0.1:9001/token", False),
    ],
)
def test_an_issuer_names_addresses_of_its_own_host_or_of_the_file(issuer: Issuer, address: str, may: bool) -> None:
    assert may_be_asked(issuer, address) is may


@pytest.mark.parametrize(
    ("address", "public", "inside"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1::1", True, True),
        ("10.0.0.7", False, True),
        ("192.168.1.1", False, True),
        ("fd00::1", False, True),
        ("127.0.0.1", False, False),
        ("::1", False, False),
        ("::ffff:127.0.0.1", False, False),
        ("169.254.169.254", False, False),
        ("fe80::1%eth0", False, False),
        ("0.0.0.0", False, False),
        ("224.0.0.1", False, False),
    ],
)
async def test_a_name_that_leads_inside_is_not_asked(address: str, public: bool, inside: bool) -> None:
    assert (may_lead_to(ISSUER, address), may_lead_to(INSIDE, address)) == (public, inside)
    if public:
        return

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.216.34", address]

    client = IssuerClient({"ro": ISSUER}, resolve)
    with pytest.raises(SignInRefused) as refused:
        await client.authorization_address(Flow(ISSUER, "state", "browser", "https://court.example/x"), again=False)
    assert refused.value.why == "issuer_address"
