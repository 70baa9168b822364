"""What installing builds, and that it is built once."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def assets() -> ModuleType:
    spec = importlib.util.spec_from_file_location("assets", ROOT / "deploy" / "assets.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_second_build_finds_nothing_to_do(assets: ModuleType) -> None:
    assets.build(ROOT)
    assert assets.build(ROOT) is False
    assert list((ROOT / "web" / "static" / "dist").glob("*.js"))


def test_digest_sees_a_change_a_move_and_a_new_file(assets: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    seen = [assets.digest(tmp_path, tmp_path.iterdir())]
    (tmp_path / "a").write_text("2")
    seen.append(assets.digest(tmp_path, tmp_path.iterdir()))
    (tmp_path / "a").rename(tmp_path / "b")
    seen.append(assets.digest(tmp_path, tmp_path.iterdir()))
    (tmp_path / "c").write_text("")
    seen.append(assets.digest(tmp_path, tmp_path.iterdir()))
    assert len(set(seen)) == 4


def test_node_takes_certificates_from_where_python_does(assets: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    assert "NODE_EXTRA_CA_CERTS" not in assets._environment()
    monkeypatch.setenv("PIP_CERT", "/etc/pip.pem")
    assert assets._environment()["NODE_EXTRA_CA_CERTS"] == "/etc/pip.pem"
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/all.pem")
    assert assets._environment()["NODE_EXTRA_CA_CERTS"] == "/etc/all.pem"
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", "/etc/own.pem")
    assert assets._environment()["NODE_EXTRA_CA_CERTS"] == "/etc/own.pem"


def test_a_registry_that_drops_a_connection_is_asked_again(
    assets: ModuleType, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    step = ["sh", "-c", "echo x >>tries; echo ECONNRESET; test $(wc -l <tries) = 3"]
    assets._run(step, tmp_path, (0.0, 0.0, 0.0))
    assert (tmp_path / "tries").read_text() == "x\nx\nx\n"
    assert capfd.readouterr().err.count("once more in 0 s") == 2
    with pytest.raises(SystemExit, match="building the browser code failed"):
        assets._run(step, tmp_path)
    assert "ECONNRESET" in capfd.readouterr().err
