"""Headers, origin, token, and rate limits, as data and as pure functions."""

import pytest
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from web.buckets import Buckets
from web.server import security
from web.server.security import origin_allowed
from web.settings import Settings

LOCAL = Settings(public_url="http://localhost:8000")
COURT = Settings(public_url="https://court.example")


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("/docket", "page"), ("/h/7F3K-22QD", "page"), ("/h/7F3K-22QD/live", "page"), ("/requests/new", "page"),
        ("/recordings", "page"), ("/recordings/0193", "player"), ("/recordings/0193/verify", "page"),
        ("/verify", "page"),
    ],
)  # fmt: skip
def test_the_player_alone_may_name_a_script(path, policy):
    assert security.policy_for(path) == policy


def test_pages_allow_nothing_inline_and_nothing_from_elsewhere_and_make_no_code_from_text():
    for policy in (security.POLICIES["page"], security.POLICIES["player"]):
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy and "http" not in policy and "*" not in policy
        assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
        assert "; require-trusted-types-for 'script'; " in policy
    assert security.POLICIES["page"].endswith("; trusted-types 'none'")
    assert security.POLICIES["player"].endswith("; trusted-types player")


@pytest.mark.parametrize(
    ("settings", "headers", "allowed"),
    [
        (COURT, {"origin": "https://court.example"}, True),
        (COURT, {"origin": "https://court.example", "sec-fetch-site": "same-origin"}, True),
        (COURT, {"origin": "null", "sec-fetch-site": "same-origin"}, True),
        (COURT, {"origin": "https://court.example", "sec-fetch-site": "cross-site"}, False),
        (COURT, {"origin": "https://court.example", "sec-fetch-site": "same-site"}, False),
        (COURT, {"origin": "https://court.example.evil"}, False),
        (COURT, {"origin": "http://court.example"}, False),
        (COURT, {"origin": "null"}, False),
        (COURT, {}, False),
        (COURT, {"sec-fetch-site": "none"}, False),
        (COURT, {"origin": "https://evil.example", "host": "evil.example"}, False),
        (COURT, {"origin": "http://localhost:8000", "host": "localhost:8000"}, False),
        (LOCAL, {"origin": "http://localhost:8000"}, True),
        (LOCAL, {"origin": "http://127.0.0.1:8000", "host": "127.0.0.1:8000"}, True),
        (LOCAL, {"origin": "http://127.0.0.1:9000", "host": "127.0.0.1:8000"}, False),
        (LOCAL, {"origin": "http://evil.example", "host": "evil.example"}, False),
    ],
)
def test_only_our_own_pages_may_change_things(settings, headers, allowed):
    assert origin_allowed(settings, Headers(headers)) is allowed


@pytest.mark.parametrize(("settings", "hsts"), [(COURT, security.HSTS), (LOCAL, None)])
async def test_browsers_are_told_to_stay_on_tls_and_where_to_report_where_there_is_tls(settings, hsts):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    sent = []

    async def send(message):
        sent.append(message)

    await security.HeadersMiddleware(app, settings)({"type": "http", "path": "/docket"}, None, send)
    headers = Headers(raw=sent[0]["headers"])
    assert headers.get("strict-transport-security") == hsts
    assert headers.get("reporting-endpoints") == ('csp="/csp-report"' if hsts else None)
    assert headers["content-security-policy"].endswith("; report-to csp") is bool(hsts)


def test_a_token_belongs_to_one_login():
    token = security.csrf_token(b"k" * 32, "one")
    security.check_csrf(b"k" * 32, "one", token)
    for key, login, given in ((b"k" * 32, "two", token), (b"x" * 32, "one", token), (b"k" * 32, "one", "é")):
        with pytest.raises(HTTPException) as refused:
            security.check_csrf(key, login, given)
        assert (refused.value.status_code, refused.value.detail) == (403, "csrf")


def test_a_bucket_gives_its_burst_then_one_by_one():
    now = 0.0
    buckets = Buckets(clock=lambda: now)
    assert [buckets.take("sign_in", "a") for _ in range(10)] == [0.0] * 10
    assert buckets.take("sign_in", "a") == 6.0
    assert buckets.take("sign_in", "b") == 0.0
    now = 6.0
    assert (buckets.take("sign_in", "a"), buckets.take("sign_in", "a")) == (0.0, 6.0)


def test_buckets_are_bounded_and_forget_the_oldest():
    buckets = Buckets(clock=lambda: 0.0, size=3)
    for who in "abcd":
        buckets.take("sign_in", who)
    assert [who for _rate, who in buckets.levels] == ["b", "c", "d"]


@pytest.mark.parametrize(
    ("method", "path", "rate"),
    [
        ("GET", "/static/css/page.css", None), ("GET", "/healthz", None), ("GET", "/docket", "read"),
        ("POST", "/s", "sign_in"), ("POST", "/j", "sign_in"), ("POST", "/requests/new", "write"),
        ("GET", "/recordings/x/seg/1", "segment"),
    ],
)  # fmt: skip
def test_each_request_counts_against_its_limit(method, path, rate):
    assert security.rate_of(method, path) == rate


@pytest.mark.parametrize(
    ("given", "policy"),
    [
        ({"content-disposition": "attachment"}, "download"),
        ({"content-disposition": "attachment; filename*=UTF-8''a.html", "content-security-policy": "x"}, "download"),
        ({"content-disposition": "inline"}, "page"),
        ({"content-security-policy": "default-src *"}, "page"),
        ({}, "page"),
    ],
)
async def test_a_download_is_in_a_sandbox_and_nothing_else_chooses_its_policy(given, policy):
    async def app(_scope, _receive, send):
        headers = [(name.encode(), value.encode()) for name, value in given.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    sent = []

    async def send(message):
        sent.append(message)

    middleware = security.HeadersMiddleware(app, Settings())
    await middleware({"type": "http", "path": "/requests/x/documents/y"}, None, send)
    found = [value.decode() for name, value in sent[0]["headers"] if name == b"content-security-policy"]
    assert found == [security.POLICIES[policy]]


def test_every_page_policy_reports_to_the_path_that_counts():
    reporting = {name for name, policy in security.POLICIES.items() if f"report-uri {security.REPORTS}" in policy}
    assert reporting == {"page", "player"}
    assert security.rate_of("POST", security.REPORTS) == "report"
