"""The message table of `media.messages` as a page for people and as types for the browser.

`python -m media.protocol` writes docs/protocol.md and web/frontend/src/messages.ts; a test fails when either is stale.
Both are read off the structs (`msgspec.inspect`), so a limit stands in one place only.
"""

import inspect as pyinspect
import typing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect as shapes

from media import messages

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "protocol.md"
TYPES = ROOT / "web" / "frontend" / "src" / "messages.ts"

DIRECTIONS: tuple[tuple[str, str, Any], ...] = (
    ("Browser to web", "JSON over the WebSocket", messages.BROWSER_TO_WEB),
    ("Web to browser", "JSON over the WebSocket", messages.WEB_TO_BROWSER),
    ("Web to worker", "MessagePack over `worker.sock`", messages.WEB_TO_WORKER),
    ("Worker to web", "MessagePack over `worker.sock`", messages.WORKER_TO_WEB),
    ("Web to recorder", "MessagePack over `recorder.sock`", messages.WEB_TO_RECORDER),
    ("Recorder to web", "MessagePack over `recorder.sock`", messages.RECORDER_TO_WEB),
    ("Worker to recorder", "MessagePack over `frames.sock`", messages.WORKER_TO_RECORDER),
    ("Recorder to worker", "MessagePack over `frames.sock`", messages.RECORDER_TO_WORKER),
)


def _members(union: Any) -> tuple[type[msgspec.Struct], ...]:
    """The structs of a direction; a direction with a single message is no union."""
    return typing.get_args(union) or (union,)


def _struct(cls: type[msgspec.Struct]) -> shapes.StructType:
    shape = shapes.type_info(cls)
    assert isinstance(shape, shapes.StructType)
    return shape


def _bare(shape: shapes.Type) -> shapes.Type:
    return _bare(shape.type) if isinstance(shape, shapes.Metadata) else shape


def _inner(shape: shapes.Type) -> Iterable[shapes.Type]:
    """The types a container is made of."""
    match _bare(shape):
        case shapes.UnionType(types=types):
            return types
        case shapes.ListType(item_type=item):
            return (item,)
        case shapes.DictType(key_type=key, value_type=value):
            return (key, value)
        case _:
            return ()


def _parts(shape: shapes.Type) -> Iterator[type[msgspec.Struct]]:
    """Structs a type is made of, itself included, depth first."""
    bare = _bare(shape)
    if isinstance(bare, shapes.StructType):
        yield bare.cls
        for field in bare.fields:
            yield from _parts(field.type)
    for inner in _inner(bare):
        yield from _parts(inner)


def structs(union: Any) -> list[type[msgspec.Struct]]:
    """Messages of a direction and every struct inside them, in order of first mention, parts first."""
    classes: dict[type[msgspec.Struct], None] = {}
    for member in _members(union):
        for part in [*list(_parts(_struct(member)))[1:], member]:
            classes.setdefault(part)
    return list(classes)


def type_name(cls: type[msgspec.Struct]) -> str | None:
    """The value of `type` on the wire; None for a part that is no message."""
    tag = cls.__struct_config__.tag
    return None if tag is None else str(tag)


def _word(shape: shapes.Type) -> str:
    """A type as text for docs/protocol.md."""
    match _bare(shape):
        case shapes.StrType():
            return "text"
        case shapes.IntType():
            return "integer"
        case shapes.BoolType():
            return "yes/no"
        case shapes.NoneType():
            return "nothing"
        case shapes.BytesType():
            return "bytes"
        case shapes.LiteralType(values=values):
            order = list(typing.cast(Any, values))
            return " \\| ".join(f"`{value}`" for value in order)
        case shapes.StructType(cls=cls):
            return f"[{cls.__name__}](#{cls.__name__.lower()})"
        case shapes.ListType(item_type=item):
            return f"list of {_word(item)}"
        case shapes.DictType(key_type=key, value_type=value):
            return f"map of {_word(key)} to {_word(value)}"
        case shapes.UnionType(types=types):
            return " or ".join(_word(kind) for kind in types)
        case other:
            raise TypeError(f"media.protocol has no word for {other!r}")


def _limits(shape: shapes.Type) -> str:
    """Limits and remarks of a field, of its items too."""
    phrases: list[str] = []
    if isinstance(shape, shapes.Metadata) and shape.extra_json_schema:
        phrases.append(str(shape.extra_json_schema["description"]))
    bare = _bare(shape)
    if isinstance(bare, shapes.StrType):
        low, high = bare.min_length, bare.max_length
        if low or high:
            phrases.append(f"{low or 0}–{high} characters" if high else f"at least {low} characters")
        if bare.pattern:
            phrases.append("matches `" + bare.pattern.replace("|", "\\|") + "`")
    if isinstance(bare, shapes.IntType) and (bare.ge is not None or bare.le is not None):
        phrases.append(f"{bare.ge}–{bare.le}" if bare.le is not None else f"{bare.ge} or more")
    for inner in _inner(bare):
        if limits := _limits(inner):
            phrases.append(limits)
    return "; ".join(dict.fromkeys(phrases))


def _default(field: shapes.Field) -> str:
    if field.required:
        return ""
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return f"`{msgspec.json.encode(value).decode()}`"


def _entry(cls: type[msgspec.Struct]) -> list[str]:
    """One struct as a heading, its sentence and its fields."""
    shape = _struct(cls)
    wire = type_name(cls)
    lines = [f"### {cls.__name__}", ""]
    words = " ".join((pyinspect.getdoc(cls) or "").split())
    prefix = f'`"type": "{wire}"`. ' if wire else ""
    if shape.array_like:
        prefix = "An array, in this order. "
    lines += [prefix + words, ""]
    if shape.fields:
        lines += ["| field | type | limits and meaning | when left out |", "|---|---|---|---|"]
        lines += [
            f"| `{field.encode_name}` | {_word(field.type)} | {_limits(field.type)} | {_default(field)} |"
            for field in shape.fields
        ]
        lines.append("")
    return lines


def page() -> str:
    """docs/protocol.md."""
    lines = [
        "# Messages between browser, web, worker and recorder",
        "",
        "*For: developers.*",
        "",
        "Written by `python -m media.protocol` from media/messages/; do not edit by hand.",
        "",
        "A message is a map whose `type` names it. Unknown types, unknown fields and values outside their limits are",
        "errors: the browser's connection is closed with a protocol error, a process on a socket is replaced.",
        "Every field must be present unless the last column says what stands for it when left out.",
        "On the Unix sockets each message is MessagePack behind a four-byte big-endian length (media/link.py).",
        "`at` is nanoseconds since 1970 UTC (a browser's numbers keep it to a quarter of a microsecond);",
        "`id` is chosen by whoever asks and comes back as `re`; `seq` rises by one per event of one process, so that",
        "whoever takes over knows what it has missed.",
        "",
        "| direction | carried as | messages |",
        "|---|---|---|",
    ]
    for title, carrier, union in DIRECTIONS:
        names = " ".join(f"[`{type_name(m)}`](#{m.__name__.lower()})" for m in _members(union))
        lines.append(f"| {title} | {carrier} | {names} |")
    lines.append("")
    written: set[type[msgspec.Struct]] = set()
    for title, carrier, union in DIRECTIONS:
        lines += [f"## {title}", "", f"{carrier}.", ""]
        for cls in structs(union):
            if cls in written:
                lines += [f"`{type_name(cls)}`: see [{cls.__name__}](#{cls.__name__.lower()}).", ""]
            else:
                written.add(cls)
                lines += _entry(cls)
    return "\n".join(lines).rstrip() + "\n"


def _script(shape: shapes.Type) -> str:
    """A type in TypeScript."""
    match _bare(shape):
        case shapes.StrType():
            return "string"
        case shapes.IntType():
            return "number"
        case shapes.BoolType():
            return "boolean"
        case shapes.NoneType():
            return "null"
        case shapes.LiteralType(values=values):
            return " | ".join(msgspec.json.encode(value).decode() for value in values)
        case shapes.StructType(cls=cls):
            return cls.__name__
        case shapes.ListType(item_type=item):
            word = _script(item)
            return f"({word})[]" if " " in word else f"{word}[]"
        case shapes.DictType(value_type=value):
            return f"Record<string, {_script(value)}>"
        case shapes.UnionType(types=types):
            return " | ".join(_script(kind) for kind in types)
        case other:
            raise TypeError(f"media.protocol cannot say {other!r} in TypeScript")


def types() -> str:
    """web/frontend/src/messages.ts: what the browser sends and receives.

    A field with a default may be left out by the browser; the server always sends it.
    """
    lines = [
        "// Written by `python -m media.protocol` from media/messages/; do not edit by hand.",
        "// Instants are nanoseconds since 1970 UTC; a number keeps them to a quarter of a microsecond.",
        "",
    ]
    outgoing = structs(messages.BROWSER_TO_WEB)
    incoming = structs(messages.WEB_TO_BROWSER)
    assert not set(outgoing) & set(incoming), "a struct used both ways needs two TypeScript types"
    for cls in outgoing + incoming:
        shape = _struct(cls)
        lines += [f"/** {' '.join((pyinspect.getdoc(cls) or '').split())} */", f"export interface {cls.__name__} {{"]
        if wire := type_name(cls):
            lines.append(f'  type: "{wire}";')
        for field in shape.fields:
            if limits := _limits(field.type):
                lines.append(f"  /** {limits} */")
            mark = "" if field.required or cls in incoming else "?"
            lines.append(f"  {field.encode_name}{mark}: {_script(field.type)};")
        lines += ["}", ""]
    for name, union in (("BrowserToWeb", messages.BROWSER_TO_WEB), ("WebToBrowser", messages.WEB_TO_BROWSER)):
        lines.append(f"export type {name} =")
        lines += [f"  | {member.__name__}" for member in _members(union)]
        lines[-1] += ";"
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Write both files."""
    for path, text in ((PAGE, page()), (TYPES, types())):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
