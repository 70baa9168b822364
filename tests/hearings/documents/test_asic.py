"""Signed containers: made, verified by openssl, read again; refused when anything in them is not as it was signed."""

import asyncio
import base64
import hashlib
import io
import re
import stat
import subprocess
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hearings.documents import asic, asic_check, pdf_seals
from hearings.documents.pdf_seals import DocumentSeal
from hearings.errors import Invalid
from web.demo.time_authority import Authority

NOW = datetime.now(UTC)
FILES = {
    "request.json": ("application/json", b'{"a":1}'),
    "request.pdf": ("application/pdf", b"%PDF-1.7\n"),
    "attachments/01-Încheiere & <act>.txt": ("text/plain", b"words\n" * 1000),
}


@pytest.fixture(scope="module")
def seals(tmp_path_factory: pytest.TempPathFactory) -> list[DocumentSeal]:
    folder = tmp_path_factory.mktemp("seals")
    own = pdf_seals.make_seal(key=folder / "k", certificate=folder / "c", name="court.example", now=NOW)
    return [pdf_seals.seal_of_state(folder / "states", state="RO", name="court.example", now=NOW), own]


@pytest.fixture(scope="module")
def made(seals: list[DocumentSeal]) -> bytes:
    return asyncio.run(asic.make(FILES, seals))


def openssl(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_the_media_type_is_first_and_stored_and_the_same_for_whoever_looks_at_the_bytes(made: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(made)) as container:
        first = container.infolist()[0]
        assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
        assert container.namelist()[1:] == [
            *FILES,
            *("META-INF/ASiCManifest001.xml", "META-INF/signature001.p7s"),
            *("META-INF/ASiCManifest002.xml", "META-INF/signature002.p7s"),
        ]
    assert made[30:69] == b"mimetypeapplication/vnd.etsi.asic-e+zip"


def test_openssl_verifies_each_signature_over_its_manifest(
    made: bytes, seals: list[DocumentSeal], tmp_path: Path
) -> None:
    with zipfile.ZipFile(io.BytesIO(made)) as container:
        container.extractall(tmp_path)
    for number, seal in enumerate(seals, 1):
        manifest, signature = f"META-INF/ASiCManifest00{number}.xml", f"META-INF/signature00{number}.p7s"
        command = ["cms", "-verify", "-binary", "-inform", "DER", "-in", signature, "-content", manifest]
        anchor = ["-CAfile", str(seal.certificate), "-partial_chain", "-purpose", "any"]
        done = openssl(tmp_path, *command, *anchor, "-out", "verified")
        assert done.returncode == 0, done.stderr
        shown = openssl(tmp_path, "cms", "-cmsout", "-print", "-inform", "DER", "-in", signature).stdout
        assert "signingCertificateV2" in shown  # CAdES: which certificate has signed is signed too
        text = (tmp_path / manifest).read_text("utf-8")
        assert f'URI="{signature}"' in text
        digests = re.findall(r"<ds:DigestValue>([^<]+)<", text)
        assert digests == [base64.b64encode(hashlib.sha256(data).digest()).decode() for _kind, data in FILES.values()]


async def test_what_was_packed_is_read_again_and_who_signed_it(made: bytes, seals: list[DocumentSeal]) -> None:
    found = await asic.read(made, roots=[seals[0].certificate])
    assert found.files == {name: data for name, (_kind, data) in FILES.items()}
    assert [one.trusted for one in found.signatures] == [True, False]
    assert ["Seal of RO" in found.signatures[0].signer, "court.example" in found.signatures[1].signer] == [True, True]
    assert all(one.said_at for one in found.signatures)


async def test_a_time_stamp_is_in_the_last_signature_and_counts_when_its_authority_is_trusted(
    seals: list[DocumentSeal], tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "tsa")

    def query(digest: bytes) -> bytes:
        command = ["ts", "-query", "-digest", digest.hex(), "-sha256", "-cert", "-out", "query"]
        assert openssl(tmp_path, *command).returncode == 0
        return authority.answer((tmp_path / "query").read_bytes())

    async def stamp(digest: bytes) -> bytes:
        return await asyncio.to_thread(query, digest)

    made = await asic.make(FILES, seals, stamp)
    (tmp_path / "tsa.pem").write_bytes(authority.anchors)
    found = await asic.read(made, roots=[tmp_path / "tsa.pem"])
    assert [bool(one.stamped_at) for one in found.signatures] == [False, True]
    assert not (await asic.read(made)).signatures[1].stamped_at


# --- what is refused ----------------------------------------------------------------------------------------------


def packed(files: dict[str, bytes], **changes: int) -> bytes:
    """A zip of these files, the first stored."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as container:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = changes.get("attributes", 0o100600 << 16) if name != "mimetype" else 0
            container.writestr(entry, data, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return out.getvalue()


def contents(made: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(made)) as container:
        return {name: container.read(name) for name in container.namelist()}


Change = Callable[[dict[str, bytes]], object]
CHANGES: dict[str, tuple[str, Change]] = {
    "a file more": (asic.NOT_COVERED, lambda files: files.update({"more.txt": b"x"})),
    "a file less": (asic.NOT_COVERED, lambda files: files.pop("request.pdf")),
    "a file changed": (asic.NOT_THE_FILE, lambda files: files.update({"request.json": b'{"a":2}'})),
    "a file more beside the manifests": (asic.NOT_COVERED, lambda files: files.update({"META-INF/x.txt": b"x"})),
    "a manifest less": (asic.NOT_SIGNED, lambda files: files.pop("META-INF/ASiCManifest002.xml")),
    "a signature less": (asic.NOT_SIGNED, lambda files: files.pop("META-INF/signature002.p7s")),
    "no signature at all": (
        asic.NOT_SIGNED,
        lambda files: [files.pop(name) for name in list(files) if name.startswith("META-INF/")],
    ),
    "a digest changed in the manifest, with its file": (
        asic.CHANGED,
        lambda files: files.update(
            {
                "request.json": b'{"a":2}',
                "META-INF/ASiCManifest001.xml": files["META-INF/ASiCManifest001.xml"].replace(
                    base64.b64encode(hashlib.sha256(b'{"a":1}').digest()),
                    base64.b64encode(hashlib.sha256(b'{"a":2}').digest()),
                ),
            }
        ),
    ),
    "a signature over another manifest": (
        asic.CHANGED,
        lambda files: files.update({"META-INF/signature001.p7s": files["META-INF/signature002.p7s"]}),
    ),
    "a signature that is none": (asic.CHANGED, lambda files: files.update({"META-INF/signature001.p7s": b"0\x80"})),
    "a manifest that is no XML": (asic.NOT_SIGNED, lambda files: files.update({"META-INF/ASiCManifest001.xml": b"<"})),
    "an entity in a manifest": (
        asic.NOT_SIGNED,
        lambda files: files.update(
            {"META-INF/ASiCManifest001.xml": b'<!DOCTYPE a [<!ENTITY b "b">]>' + files["META-INF/ASiCManifest001.xml"]}
        ),
    ),
    "another media type": (asic.NOT_A_CONTAINER, lambda files: files.update({"mimetype": b"application/zip"})),
    "a name that leads out": (asic.NOT_A_NAME, lambda files: files.update({"../x.txt": b"x"})),
    "a name from the root": (asic.NOT_A_NAME, lambda files: files.update({"/etc/x.txt": b"x"})),
    "a name with a drive": (asic.NOT_A_NAME, lambda files: files.update({"C:\\x.txt": b"x"})),
    "a folder": (asic.NOT_A_NAME, lambda files: files.update({"folder/": b""})),
    "a name twice, in capitals": (asic.NOT_A_NAME, lambda files: files.update({"REQUEST.JSON": b"x"})),
    "too many files": (asic.TOO_LARGE, lambda files: files.update({f"{n}.txt": b"x" for n in range(100)})),
    "too many signatures": (
        asic.TOO_LARGE,
        lambda files: files.update({f"META-INF/signature{n:03}x.p7s": b"x" for n in range(asic.MOST_SIGNING)}),
    ),
    "signatures that are too large": (
        asic.TOO_LARGE,
        lambda files: files.update({f"META-INF/signature{n:03}x.p7s": bytes(asic.SMALL) for n in range(3)}),
    ),
    "a bomb": (asic.TOO_LARGE, lambda files: files.update({"zeros.txt": bytes(asic.UNPACKED)})),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_a_container_that_is_not_as_it_was_signed_is_refused(made: bytes, what: str) -> None:
    why, change = CHANGES[what]
    files = contents(made)
    change(files)
    await refused(packed(files), why)


async def refused(data: bytes, why: str) -> None:
    with pytest.raises(Invalid) as error:
        await asic.read(data)
    assert (str(error.value), error.value.field) == (why, "file")


async def test_a_container_that_lies_about_its_sizes_or_is_none_is_refused(made: bytes) -> None:
    files = contents(made)
    liar = bytearray(packed(files | {"zeros.txt": bytes(1 << 20)}))
    at = liar.rindex(b"zeros.txt") - 46 + 24  # its size in the central directory
    assert int.from_bytes(liar[at : at + 4], "little") == 1 << 20
    liar[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(Invalid):
        await asic.read(bytes(liar))
    link = packed(files, attributes=(stat.S_IFLNK | 0o777) << 16)
    await refused(link, asic.NOT_A_NAME)
    for data in (b"", b"PK", made[:1000], b"x" + made, packed(dict(reversed(files.items()))), made[:60] + made[70:]):
        await refused(data, asic.NOT_A_CONTAINER)
    await refused(made + bytes(asic.LARGEST), asic.TOO_LARGE)


def test_a_manifest_with_a_name_twice_or_another_digest_is_none(made: bytes) -> None:
    text = contents(made)["META-INF/ASiCManifest001.xml"]
    assert set(asic_check.read(text)[1]) == set(FILES)
    line = re.search(rb"<asic:DataObjectReference.*?</asic:DataObjectReference>", text, re.DOTALL)[0]
    for bad in (text.replace(line, line + line), text.replace(b"xmlenc#sha256", b"xmlenc#sha512"), b"<a/>"):
        with pytest.raises(ValueError):
            asic_check.read(bad)


async def test_a_name_that_leads_out_is_never_packed(seals: list[DocumentSeal]) -> None:
    for name in ("../x", "/x", "META-INF/x", "a//b", "a\x00b"):
        with pytest.raises(ValueError):
            await asic.make({name: ("text/plain", b"x")}, seals)
