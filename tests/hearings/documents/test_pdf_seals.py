"""Seals on PDF: ours says whose it is and keeps the file PDF/A; what others bring is checked, not believed."""

import io
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from asn1crypto import keys, tsp, x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign.timestamps import DummyTimeStamper

from hearings.documents import documents, limited, pdf_check, pdf_seals
from hearings.documents.pdf_seals import LARGEST, REASON, DocumentSeal, check, make_seal, seal_of_state, seals_of_state

ROOT = Path(__file__).parents[3]
FONTS = ROOT / "web" / "static" / "dist" / "print-fonts"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> DocumentSeal:
    folder = tmp_path_factory.mktemp("keys")
    return make_seal(key=folder / "key", certificate=folder / "crt.pem", name="court.example", now=NOW)


@pytest.fixture(scope="module")
def sealed(own: DocumentSeal) -> bytes:
    """A real document with the installation's seal."""
    data = {"lang": "en", "title": "T", "reference": "RO-2026-0001", "notice": "", "meta": [], "sections": []}
    return pdf_seals._seal(documents._compile("request", data, documents.FRAME, FONTS), own)


def changed_later(data: bytes) -> bytes:
    """Another revision that turns the first page."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page["/Rotate"] = generic.NumberObject(90)
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


# --- ours --------------------------------------------------------------------------------------------------------


async def test_a_sealed_file_holds_and_says_whose_the_seal_is(sealed: bytes) -> None:
    report = await check(sealed)
    (one,) = report.signatures
    assert (report.problem, report.intact, one.intact, one.whole_file, one.trusted) == ("", True, True, True, False)
    assert ("Document seal of court.example" in one.signer, REASON in one.signer) == (True, True)
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        assert (str(field.V.SubFilter), str(field.V.Reason)) == ("/ETSI.CAdES.detached", REASON)


async def test_a_seal_leaves_the_file_pdf_a(sealed: bytes) -> None:
    with pikepdf.open(io.BytesIO(sealed)) as pdf:
        with pdf.open_metadata() as meta:
            assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("2", "B")
        (field,) = pdf.Root.AcroForm.Fields
        # ISO 19005-2, 6.3.3: a widget of no size needs no appearance; none, so no font that is not embedded.
        assert ([float(one) for one in field.Rect], "/AP" in field) == ([0.0] * 4, False)
        assert "/DR" not in pdf.Root.AcroForm
        # ISO 19005-2, 6.1: of PDF 1.7, by header and by catalog; PAdES is declared as an extension of it.
        assert (pdf.pdf_version, "/Version" in pdf.Root, [str(one) for one in pdf.Root.Extensions]) == (
            "1.7",
            False,
            ["/ESIC"],
        )
        descriptors = [entry for entry in pdf.objects if isinstance(entry, pikepdf.Dictionary) and "/FontName" in entry]
        assert all({"/FontFile2", "/FontFile3"} & set(descriptor.keys()) for descriptor in descriptors)


def test_the_seal_is_made_once_and_kept_private(own: DocumentSeal) -> None:
    assert [stat.S_IMODE(path.stat().st_mode) for path in (own.key, own.certificate)] == [0o600, 0o600]
    with pytest.raises(FileExistsError):
        make_seal(key=own.key, certificate=own.certificate, name="x", now=NOW)
    assert pdf_seals.expires(own) > NOW + timedelta(days=3650)


def test_the_seal_of_a_state_gets_a_successor_a_year_before_it_ends_and_stays_itself(tmp_path: Path) -> None:
    def at(now: datetime) -> DocumentSeal:
        return seal_of_state(tmp_path, state="RO", name="court.example", now=now)

    first = at(NOW)
    before = first.key.read_bytes(), first.certificate.read_bytes()
    last_day = pdf_seals.expires(first) - pdf_seals.AHEAD - timedelta(minutes=1)
    assert at(last_day) == first
    second = at(last_day + timedelta(minutes=2))
    assert (second.key.name, second.certificate.name) == ("RO-2.key", "RO-2.crt")
    assert pdf_seals.expires(second) > pdf_seals.expires(first) + timedelta(days=3_000)
    assert at(last_day + timedelta(days=30)) == second == seals_of_state(tmp_path, "RO")[-1]
    assert (
        (first.key.read_bytes(), first.certificate.read_bytes())
        == before
        != (
            second.key.read_bytes(),
            second.certificate.read_bytes(),
        )
    )
    assert [stat.S_IMODE(path.stat().st_mode) for path in (second.key, second.certificate)] == [0o600, 0o600]
    third = at(pdf_seals.expires(second) + timedelta(days=4_000))  # nothing was sealed in all those years
    assert third.certificate.name == "RO-3.crt"


# --- what others bring -------------------------------------------------------------------------------------------


async def test_a_root_that_an_administrator_added_makes_the_signer_known(sealed: bytes, own: DocumentSeal) -> None:
    assert [signature.trusted for signature in (await check(sealed, roots=[own.certificate])).signatures] == [True]
    assert pdf_seals.roots_in(own.certificate.parent) == [own.certificate]
    assert pdf_seals.roots_in(own.certificate.parent / "none") == []


PEM = serialization.Encoding.PEM


class Certified:
    """A signer whom a root has certified for a time, and an authority whose time-stamps say what they are told to."""

    def __init__(self, folder: Path, begin: datetime, end: datetime) -> None:
        root_key, key, stamp_key = (rsa.generate_private_key(65537, 2048) for _ in range(3))
        names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, one)]) for one in ("Root", "Clerk", "Times")]
        root_name, name, stamp_name = names
        begun, ends = NOW - timedelta(days=7_000), NOW + timedelta(days=400)
        use = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
        leaf = x509.CertificateBuilder(root_name, name, key.public_key(), 2, begin, end)
        leaf = leaf.add_extension(use, critical=True)
        root = x509.CertificateBuilder(root_name, root_name, root_key.public_key(), 1, begun, ends)
        root = root.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        times = x509.CertificateBuilder(stamp_name, stamp_name, stamp_key.public_key(), 3, begun, ends)
        times = times.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        self.root, self.times = folder / "root.pem", folder / "times.pem"
        self.seal = DocumentSeal(folder / "clerk.key", folder / "clerk.crt")
        made = times.sign(stamp_key, hashes.SHA256())
        self.root.write_bytes(root.sign(root_key, hashes.SHA256()).public_bytes(PEM))
        self.seal.certificate.write_bytes(leaf.sign(root_key, hashes.SHA256()).public_bytes(PEM))
        self.times.write_bytes(made.public_bytes(PEM))
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        self.seal.key.write_bytes(key.private_bytes(PEM, *form))
        private = keys.PrivateKeyInfo.load(stamp_key.private_bytes(serialization.Encoding.DER, *form))
        certificate = asn1_x509.Certificate.load(made.public_bytes(serialization.Encoding.DER))
        self.stamper = DummyTimeStamper(certificate, private)

    async def signed(self, at: datetime | None) -> bytes:
        """A file that was signed, with a time-stamp of that time."""

        async def stamp(digest: bytes) -> bytes:
            self.stamper.fixed_dt = at
            imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest}
            query = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True})
            return bytes((await self.stamper.async_request_tsa_response(query)).dump())

        return await pdf_seals.seal(blank(), self.seal, stamp if at else None)


async def test_a_certificate_that_has_ended_counts_as_of_the_time_of_a_time_stamp_that_is_trusted(
    tmp_path: Path,
) -> None:
    begin, end = NOW - timedelta(days=1_500), NOW - timedelta(days=300)
    clerk = Certified(tmp_path, begin, end)

    async def trusted(at: datetime | None, *roots: Path) -> bool:
        (one,) = (await check(await clerk.signed(at), roots=roots)).signatures
        assert (one.intact, one.problem) == (True, "")
        return one.trusted

    assert await trusted(end - timedelta(days=1), clerk.root, clerk.times)
    assert not await trusted(end - timedelta(days=1), clerk.root)  # anybody can say when it was
    assert not await trusted(end - timedelta(days=1), clerk.times)
    assert not await trusted(end + timedelta(days=1), clerk.root, clerk.times)
    assert not await trusted(begin - timedelta(days=1), clerk.root, clerk.times)
    assert not await trusted(None, clerk.root, clerk.times)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda data: data.replace(b"/MediaBox", b"/MediaBix", 1), "changed"),
        (changed_later, "changed_since"),
    ],
)
async def test_a_file_changed_after_signing_does_not_hold(sealed: bytes, change, problem: str) -> None:
    made = change(sealed)
    assert made != sealed
    report = await pdf_check.look(made, [])
    assert [(one["intact"], one["trusted"], one["problem"]) for one in report["signatures"]] == [
        (False, False, problem)
    ]


async def test_bytes_after_the_signature_are_told(sealed: bytes) -> None:
    report = await check(sealed + b"\n% more")
    assert (report.intact, [signature.whole_file for signature in report.signatures]) == (False, [False])


async def test_the_name_in_a_certificate_comes_without_characters_no_database_keeps(tmp_path: Path) -> None:
    odd = make_seal(key=tmp_path / "key", certificate=tmp_path / "crt.pem", name="court\x00\n.example", now=NOW)
    (one,) = (await pdf_check.look(await pdf_seals.seal(blank(), odd), []))["signatures"]
    assert one["intact"]
    assert [one[name].count("court\ufffd\ufffd.example") for name in ("signer", "issuer")] == [1, 1]


def blank(**options: object) -> bytes:
    made = pikepdf.new()
    made.add_blank_page()
    out = io.BytesIO()
    made.save(out, **options)
    return out.getvalue()


GARBAGE = {
    "nothing": (b"", "unreadable"),
    "a header": (b"%PDF-1.7\n", "unreadable"),
    "noise": (bytes(range(256)) * 40, "unreadable"),
    "no end of brackets": (b"%PDF-1.4\n1 0 obj\n" + b"<<" * 100_000, "unreadable"),
    "encrypted": (blank(encryption=pikepdf.Encryption(owner="a", user="b")), "encrypted"),
    "no signature": (blank(), ""),
}


@pytest.mark.parametrize("name", GARBAGE)
async def test_a_file_that_cannot_be_read_gives_a_report(name: str) -> None:
    data, problem = GARBAGE[name]
    assert await pdf_check.look(data, []) == {"problem": problem, "signatures": []}


async def test_a_report_comes_from_a_process_of_its_own() -> None:
    for data, problem in ((GARBAGE["no end of brackets"][0], "unreadable"), (b"x" * (LARGEST + 1), "too_large")):
        report = await check(data)
        assert (report.problem, report.intact, list(report.signatures)) == (problem, False, [])


async def test_a_check_that_takes_too_long_is_given_up(sealed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "PATIENCE", 0.01)
    assert (await check(sealed)).problem == "unreadable"


def test_neither_printing_nor_sealing_is_loaded_before_it_is_needed() -> None:
    words = "import web.app, sys; print([one for one in ('typst', 'pyhanko', 'asn1crypto') if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
