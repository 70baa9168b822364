"""Pages of lists, by keyset: a page begins after the last row of the page before, in the order of the list.

The mark of a page holds that row's values in the columns of the order. Callers treat it as opaque. A mark that comes
back is checked: its columns and the types of its values.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import desc_op
from sqlmodel import and_, or_, tuple_
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import Invalid
from hearings.sentences import tell
from hearings.texts import NOT_A_MARK

Shown = TypeVar("Shown")
T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[Shown]):
    """Some rows and the mark of the next page, empty at the end."""

    rows: list[Shown]
    after: str


async def page(
    db: AsyncSession, query: Any, *order: Any, after: str, limit: int, row: Callable[[Any], Any] = lambda result: result
) -> Page[Any]:
    """Rows of `query` after the mark, in the order of these columns, of which the last is the id.

    `row` takes the row with these columns out of a result of the query. Raises `Invalid` for a mark of another order.
    """
    if after:
        query = query.where(_behind(order, read(after, order)))
    rows = list((await db.exec(query.order_by(*order).limit(limit + 1))).all())
    return cut(rows, limit, order, lambda item, name: getattr(row(item), name))


def cut(rows: Sequence[T], limit: int, order: Iterable[Any], value: Callable[[T, str], Any] = getattr) -> Page[T]:
    """A page of the first `limit` rows; `rows` holds one more if there is a next page."""
    if len(rows) <= limit:
        return Page(list(rows), "")
    names = [_column(expression).key for expression in order]
    return Page(list(rows[:limit]), _written({name: value(rows[limit - 1], name) for name in names}))


def listed(rows: Mapping[str, T], *, after: str, limit: int) -> Page[T]:
    """A page of rows in memory, in the order of the mapping; the mark holds the last key."""
    keys = list(rows)
    key = _read(after, {"key": str})[0] if after else None
    if key is not None and key not in rows:
        raise Invalid(tell(NOT_A_MARK), "after")
    begin = keys.index(key) + 1 if key is not None else 0
    page_keys = keys[begin : begin + limit]
    more = len(keys) > begin + limit
    return Page([rows[page_key] for page_key in page_keys], _written({"key": page_keys[-1]}) if more else "")


def read(after: str, order: Iterable[Any]) -> list[Any]:
    """The values of a mark, one for each column. Raises `Invalid`."""
    return _read(after, {_column(expression).key: kind(_column(expression)) for expression in order})


def kind(column: Any) -> type:
    """The Python type of a column's values."""
    python_type: type = getattr(column.type, "impl_instance", column.type).python_type  # a decorated type does not say
    return python_type


def _column(expression: Any) -> Any:
    return expression.element if isinstance(expression, UnaryExpression) else expression


def _behind(order: Sequence[Any], values: Sequence[Any]) -> Any:
    """The condition for rows after these values; a row comparison, for the index, if all columns have one direction."""
    columns, down = (
        [_column(expression) for expression in order],
        [getattr(expression, "modifier", None) is desc_op for expression in order],
    )
    if len(set(down)) == 1:
        here, bound = (columns[0], values[0]) if len(columns) == 1 else (tuple_(*columns), tuple(values))
        return here < bound if down[0] else here > bound
    same = [column == value for column, value in zip(columns, values, strict=True)]
    past = [
        column < value if falls else column > value for column, value, falls in zip(columns, values, down, strict=True)
    ]
    return or_(*(and_(*same[:number], comparison) for number, comparison in enumerate(past)))


def _written(values: Mapping[str, Any]) -> str:
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(after: str, kinds: Mapping[str, type]) -> list[Any]:
    try:
        decoded = json.loads(urlsafe_b64decode(after.encode() + b"=" * (-len(after) % 4)))
        if not isinstance(decoded, dict) or list(decoded) != list(kinds):
            raise ValueError(after)
        return [_READ.get(type_, type_)(decoded[name]) for name, type_ in kinds.items()]
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Invalid(tell(NOT_A_MARK), "after") from error


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value or not value.encode():
        raise ValueError(value)
    return value


def _number(value: Any) -> int:
    if type(value) is not int or abs(value) >= 2**31:
        raise ValueError(value)
    return value


def _instant(value: Any) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(value)
    return at.astimezone(UTC)


_READ: Mapping[type, Callable[[Any], Any]] = {
    str: _text,
    int: _number,
    datetime: _instant,
    date: date.fromisoformat,
}
