"""Rate limits of the API: a bucket for each client, told in headers; before a client is known, one for its address."""

from collections.abc import Mapping

from starlette.requests import HTTPConnection

from web.api.problems import ApiError
from web.parts import Parts
from web.server.security import address


def take(parts: Parts, client_id: str) -> Mapping[str, str]:
    """One request of a client; the headers that tell what is left. Raises `ApiError` 429."""
    wait = parts.buckets.take("api", client_id)
    headers = _headers(parts, client_id)
    if wait:
        raise ApiError("too_many_requests", headers={**headers, "Retry-After": str(int(wait) + 1)})
    return headers


def take_address(parts: Parts, connection: HTTPConnection, rate: str) -> None:
    """One request of somebody not known (yet), of a kind that has a `rate` of its own. Raises `ApiError` 429."""
    wait = parts.buckets.take(rate, address(connection))
    if wait:
        raise ApiError("too_many_requests", headers={"Retry-After": str(int(wait) + 1)})


def _headers(parts: Parts, client_id: str) -> dict[str, str]:
    limit = parts.buckets.rates["api"]
    left = parts.buckets.left("api", client_id)
    return {
        "RateLimit-Limit": str(limit.burst),
        "RateLimit-Remaining": str(int(left)),
        "RateLimit-Reset": str(int((limit.burst - left) * 60 / limit.per_minute) + 1),
        "RateLimit-Policy": f"{limit.burst};w={int(limit.burst * 60 / limit.per_minute) or 1}",
    }
