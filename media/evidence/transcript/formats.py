"""A transcript for people: WebVTT, HTML or plain text. Each says first what it is, and of each segment who wrote it.

Pure; in English, as `vivavoce verify` is, the texts in their own languages.
"""

from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from media.evidence.render import words

Transcript = Mapping[str, Any]
_STYLE = (
    "body{font:1rem/1.5 sans-serif;max-inline-size:60rem;margin-inline:auto;padding:1rem}"
    ".label{border:2px solid;padding:.5rem 1rem}dt{margin-block-start:1rem}.silence{font-style:italic}"
)


def as_text(transcript: Transcript) -> str:
    """Plain text, a paragraph a segment."""
    parts = [transcript["what"], *_about(transcript), ""]
    for kind, one in _in_order(transcript):
        parts.append(f"[{times(one, transcript)}] {one['why']}{_of(one)}" if kind else _spoken(one, transcript))
        parts.append("")
    return "\n".join(parts)


def as_vtt(transcript: Transcript) -> str:
    """WebVTT with the recording's own times, also where only a part was transcribed; the speaker is a voice."""
    parts = [
        "WEBVTT",
        "",
        "NOTE",
        *(line.replace("-->", "→") for line in [transcript["what"], *_about(transcript)]),
        "",
    ]
    for kind, one in _in_order(transcript):
        parts.append(f"{_stamp(one['t0'])} --> {_stamp(one['t1'])}")
        text = _markup(f"[{one['why']}{_of(one)}]") if kind else f"<v {_markup(who(one))}>{_markup(one['text'])}"
        parts += [text, ""]
    return "\n".join(parts)


def as_html(transcript: Transcript) -> str:
    """One page without scripts, to be read and printed."""
    label = escape(transcript["what"])
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{label}</title><style>{_STYLE}</style>',
        f'<h1>Transcript</h1><p class="label"><strong>{label}</strong></p><ul>',
        *(f"<li>{escape(line)}</li>" for line in _about(transcript)),
        "</ul><dl>",
    ]
    for kind, one in _in_order(transcript):
        when = escape(times(one, transcript))
        if kind:
            parts.append(f'<dt>{when}</dt><dd class="silence">{escape(one["why"] + _of(one))}</dd>')
        else:
            spoken = f'<dd dir="auto" lang="{escape(one["language"])}">{escape(one["text"])}</dd>'
            parts.append(f"<dt><strong>{escape(who(one))}</strong> {when}{escape(_mark(one))}</dt>{spoken}")
    return "\n".join([*parts, "</dl></html>", ""])


FORMATS: Mapping[str, Callable[[Transcript], str]] = {"vtt": as_vtt, "html": as_html, "txt": as_text}
"""By the ending of the file's name."""


def who(one: Mapping[str, Any]) -> str:
    """Name, role and State of whoever speaks, and the language of an interpretation."""
    if one["kind"] == "interpretation":
        return f"Interpretation: {words.language(one['language'])}"
    return ", ".join(part for part in (one["name"], words.role(one["role"]), one["state"]) if part)


def times(one: Mapping[str, Any], transcript: Transcript) -> str:
    """The recording's own times and, of a segment, the courts' clocks."""
    clocks = [
        f"{at[:19].replace('T', ' ')}{at[23:]} {zone}"
        for at, zone in zip(one.get("from", ()), transcript["clocks"], strict=False)
    ]
    return "; ".join([f"{words.clock(one['t0'])}\N{EN DASH}{words.clock(one['t1'])}", *clocks])


def _spoken(one: Mapping[str, Any], transcript: Transcript) -> str:
    return f"[{times(one, transcript)}] {who(one)}{_mark(one)}\n{one['text']}"


def _mark(one: Mapping[str, Any]) -> str:
    """Who has written a segment: the machine, how sure it was, or a person."""
    if one["status"] == "corrected":
        return " (corrected)"
    return f" (machine, {round(100 * one['confidence'])} % sure)"


def _of(one: Mapping[str, Any]) -> str:
    return f" ({one['track']})" if one["track"] else ""


def _about(transcript: Transcript) -> list[str]:
    model, recording = transcript["model"], transcript["recording"]
    told = [
        f"Recording: {recording['origin']} {recording['head']}",
        f"Written by {model['name']} ({model['engine']}, SHA-256 {model['sha256']}), {transcript['made']}",
    ]
    masked = ", ".join(transcript["masked"])
    told += [f"Voice left out: {masked}"] if masked else []
    return told + [f"Not transcribed: {one['track']}: {one['why']}" for one in transcript["left_out"]]


def _in_order(transcript: Transcript) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Silences, with their kind, and segments, by time."""
    both = [(one["kind"], one) for one in transcript["silences"]] + [("", one) for one in transcript["segments"]]
    yield from sorted(both, key=lambda pair: pair[1]["t0"])


def _markup(text: str) -> str:
    return escape(text, quote=False)


def _stamp(t: int) -> str:
    return f"{t // 3_600_000:02d}:{t // 60_000 % 60:02d}:{t // 1000 % 60:02d}.{t % 1000:03d}"
