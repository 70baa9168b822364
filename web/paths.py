"""Where the API lies in the application: the one address that pages, middleware and the API share."""

BASE = "/api/v1"


def within(path: str) -> bool:
    """Whether a path is the API's, which has its own limits and no cookies, forms or languages."""
    return path == BASE or path.startswith(BASE + "/")
