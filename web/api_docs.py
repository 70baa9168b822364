"""The tables of docs/api.md, out of the code; `python -m web.api_docs` writes them there, and a test compares."""

from pathlib import Path

from hearings.outward.api_clients import SCOPES
from web import api_app
from web.api import problems

PAGE = Path(__file__).parents[1] / "docs" / "api.md"


def _operations() -> str:
    lines = ["| operation | scope | signed | what it does |", "|---|---|---|---|"]
    for route in (route for module in api_app.RESOURCES for route in module.router.routes):
        operation = route.operation
        scope = {None: "no token", "": "any"}.get(operation.scope) or " or ".join(
            f"`{one}`" for one in str(operation.scope).split("|")
        )
        signed = "yes" if operation.body == "signed" else ""
        what = (route.endpoint.__doc__ or "").splitlines()[0]
        lines.append(f"| `{route.method} {route.path}` | {scope} | {signed} | {what} |")
    return "\n".join(lines)


def _scopes() -> str:
    lines = ["| scope | what it allows | acts as |", "|---|---|---|"]
    lines += [f"| `{name}` | {one.text} | {', '.join(one.functions)} |" for name, one in SCOPES.items()]
    return "\n".join(lines)


def filled(text: str) -> str:
    """The page with its tables as the code has them."""
    for name, table in (("operations", _operations()), ("scopes", _scopes()), ("codes", problems.table())):
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n\n{table}\n\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
