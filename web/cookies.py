"""Cookies as RFC 6265 §4.2 has them sent. Read in one pass: Python's own reader is quadratic before 3.11.10 and 3.12.6
(CVE-2024-7592), Starlette's unquotes with it, and this runs before any rate limit. Ours are never quoted."""


def value(header: str, name: str) -> str:
    """What a `Cookie` header says for a name, the first time it stands there; empty when it does not."""
    for pair in header.split(";"):
        key, _, text = pair.partition("=")
        if key.strip() == name:
            return text.strip()
    return ""
