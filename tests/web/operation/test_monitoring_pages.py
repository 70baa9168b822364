"""Health, figures and checks: what anybody is told, what monitoring is told, what an administrator sees."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.turn_server import turn_server
from web.operation import checks, figures
from web.operation.health import Examiner


def token(service: Any) -> dict[str, str]:
    """What a monitoring system shows."""
    return {"authorization": f"Bearer {(service.settings.keys / 'monitor.token').read_text().strip()}"}


def measured(service: Any) -> dict[str, float]:
    text = service.client().get("/metrics", headers=token(service)).text
    return {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if not line.startswith("#")}


@pytest.fixture(autouse=True)
def look_anew(service: Any) -> None:
    service.app.state.examiner = Examiner(service.app.state.parts)


def test_health_says_in_words_whether_it_lives_is_ready_and_can_write(service: Any) -> None:
    answer = service.client().get("/healthz")
    conductor = "conductor: this process, token 1\norders of older conductors refused: 0\n"
    told = f"ok\nlive: ok\nready: ok\nwrite: ok\nseal: not_separated\n{conductor}relays: none\n"
    assert (answer.status_code, answer.text) == (200, told)
    for part in ("live", "ready", "write"):
        answer = service.client().get(f"/healthz/{part}")
        assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.alone
def test_health_says_what_each_relay_answers_without_waiting_for_it_and_fails_nothing(
    serving: Any, tmp_path: Path
) -> None:
    with turn_server(tmp_path) as relay, serving(tmp_path, **relay.settings) as made:
        client = made.client()

        def told(wanted: str) -> str:
            until = time.monotonic() + 20
            while (answer := client.get("/healthz")).text.splitlines()[-1] != wanted and time.monotonic() < until:
                time.sleep(0.1)
            assert (answer.status_code, answer.text.splitlines()[0]) == (200, "ok")
            for secret in (str(relay.port), str(relay.tls_port), relay.secret_file.read_text()):
                assert secret not in answer.text
            return answer.text.splitlines()[-1]

        began = time.monotonic()
        assert client.get("/healthz").text.splitlines()[-1] == "relays: not asked yet"
        assert time.monotonic() - began < 2
        up = "relays: udp ok, tcp ok, tls its certificate is not trusted"  # nobody but itself has signed it
        assert told(up) == up
        relay.process.kill()
        relay.process.wait()
        assert told(up) == up  # the answer is kept for a minute
        made.app.state.examiner._relays._asked_at = None
        down = "relays: udp does not answer, tcp does not answer, tls does not answer"
        assert told(down) == down


def test_findings_and_figures_are_for_who_shows_the_token(service: Any) -> None:
    for path in ("/metrics", "/healthz?full"):
        for headers in ({}, {"authorization": "Bearer"}, {"authorization": "Bearer x"}):
            answer = service.client().get(path, headers={**headers, "accept": "application/json"})
            assert (answer.status_code, answer.json()["code"]) == (401, "monitor_token_needed")
            assert answer.headers["www-authenticate"] == "Bearer"
    answer = service.client().get("/healthz?full", headers=token(service)).json()
    assert {one["check"] for one in answer["findings"]} == {check.name for check in checks.CHECKS}
    assert answer["ready"] == answer["write"] == "ok"


def test_every_figure_of_the_table_is_told_unless_it_is_not_known(service: Any) -> None:
    answer = service.client().get("/metrics", headers=token(service))
    assert answer.headers["content-type"] == figures.CONTENT_TYPE
    unknown = {"vivavoce_certificate_days_left", "vivavoce_sealed_age_seconds"}
    assert measured(service).keys() == {figure.name for figure in figures.FIGURES} - unknown
    names = re.findall(r"^# TYPE (\S+) (gauge|counter)$", answer.text, re.MULTILINE)
    assert all(name.endswith("_total") == (kind == "counter") for name, kind in names)


def test_a_refused_link_and_a_report_are_counted(service: Any) -> None:
    before = measured(service)
    service.client().post("/s", {"secret": "x" * 22})
    report = {"content-type": "application/csp-report", "origin": "null"}
    client = service.client()
    assert client.request("POST", "/csp-report", headers=report, content=b"{not read").status_code == 204
    after = measured(service)
    for name in ("vivavoce_refused_logins_total", "vivavoce_csp_reports_total"):
        assert after[name] == before[name] + 1
    codes = {client.request("POST", "/csp-report", headers=report, content=b"").status_code for _ in range(60)}
    assert codes == {204, 429}
    service.app.state.parts.pulse.counts["csp_reports"] = 0  # these were no browser's


def test_an_administrator_sees_every_check_and_nobody_else_any(service: Any) -> None:
    answer = service.signed_in("administrator").get("/admin/checks")
    words = service.client().words(answer)
    assert answer.status_code == 200
    assert all(check.label in words for check in checks.CHECKS)
    assert "The seal runs under this service’s own account" in words.replace("'", "’")
    assert service.signed_in("clerk").get("/admin/checks").status_code == 403
    assert service.client().get("/admin/checks").status_code == 401
