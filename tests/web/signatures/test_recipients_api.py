"""Recipients of recordings through the API."""

from pyrage import x25519

from hearings.signatures import recipients

NEW = {"authority": "Tribunalul Cluj", "kind": "requesting"}


def made() -> str:
    return str(x25519.Identity.generate().to_public())


async def test_a_system_adds_reads_and_retires_the_recipients_of_its_state(installation, ro, th):
    body = NEW | {"recipient": made()}
    answer = await ro.post("/recipients", body)
    assert answer.status_code == 201, answer.text
    one = answer.json()
    assert (one["added_by"], one["retired_at"], one["fingerprint"]) == (
        "System of RO",
        None,
        recipients.fingerprint(body["recipient"]),
    )
    path = f"/recipients/{one['id']}"
    assert answer.headers["location"].endswith(path)
    assert (await ro.get(path)).json() == one
    assert one in (await ro.get("/recipients")).json()["items"]
    assert one["id"] not in [row["id"] for row in (await th.get("/recipients")).json()["items"]]
    for refused in (await th.get(path), await th.post(f"{path}/retire", {"reason": "Not ours"})):
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    retired = await ro.post(f"{path}/retire", {"reason": "The key was lost."})
    assert (retired.status_code, retired.json()["retired_by"]) == (200, "System of RO")
    assert retired.json()["retired_reason"] == "The key was lost."
    assert (await ro.get(path)).json() == retired.json()
    assert (await ro.post(f"{path}/retire", {"reason": "Once more"})).json()["code"] == "not_ready"


async def test_what_is_no_recipient_or_was_added_before_is_refused(ro, th):
    body = NEW | {"recipient": made()}
    assert (await ro.post("/recipients", body)).status_code == 201
    for client, changes, field in (
        (ro, {}, "recipient"),
        (th, {}, "recipient"),
        (ro, {"recipient": "age1qp7hls0jvgqfu0p7x8vh65h8jderkw2dpxeavx7znzx2d0fwe5xszj8sfq"}, "recipient"),
        (ro, {"recipient": str(x25519.Identity.generate())}, "recipient"),
        (ro, {"recipient": made(), "kind": "other"}, "kind"),
        (ro, {"recipient": made(), "authority": " "}, "authority"),
    ):
        answer = await client.post("/recipients", body | changes)
        assert (answer.status_code, answer.json()["code"][:7]) == (422, "invalid"), answer.text
        assert field in answer.text
        assert "AGE-SECRET" not in answer.text


async def test_the_scopes_say_who_reads_and_who_adds(installation, ro):
    reader = await installation.client("RO", scopes=("recipients:read",))
    assert (await reader.get("/recipients")).status_code == 200
    refused = await reader.post("/recipients", NEW | {"recipient": made()})
    assert (refused.status_code, refused.json()["scope"]) == (403, "recipients:write")
    other = await installation.client("RO", scopes=("requests:read",))
    assert (await other.get("/recipients")).json()["scope"] == "recipients:read"


async def test_a_sandbox_client_adds_them_to_the_sandbox_only(installation, ro):
    sandbox = await installation.client("RO", sandbox=True)
    one = (await sandbox.post("/recipients", NEW | {"recipient": made()})).json()
    assert one["id"] not in [row["id"] for row in (await ro.get("/recipients")).json()["items"]]
