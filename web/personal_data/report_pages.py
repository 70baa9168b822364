"""What is held about a person: the report a clerk makes for whoever asks, as a page, as PDF and as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import errors
from hearings.documents.documents import written
from hearings.models import Person
from hearings.personal_data import data_table, reports
from hearings.personal_data.reports import HeldReport, ReportSection
from web.server import printing
from web.server.forms import FormError
from web.server.page_acts import Answer, FollowUp, Sent, again, explained, page_act
from web.server.rendering import render
from web.server.sign_in import administrator
from web.words import court_clocks, i18n
from web.words.i18n import N_, _

RIGHT = "report_personal_data"
LABELS = {
    "address": N_("Mail address or telephone number"),
    "ref": N_("Reference of the hearing"),
    "name": N_("Name, as it stands in the hearing"),
    "identity": N_("How it was checked who asks"),
    "reason": N_("Why the report is made"),
    "form": N_("What is made"),
}
FORMS = {"page": N_("A page to look at"), "pdf": N_("A PDF for whoever asks"), "json": N_("JSON for a system")}
TITLE = N_("What is held about you")
ELSEWHERE = N_(
    "This report names no other person. What a case file says is read there, by the rules of the proceedings. Data on "
    "people whose identity is protected, and what would endanger proceedings, are in no report: the court that hears a "
    "case answers for them."
)
RIGHTS = N_(
    "You may ask for wrong data to be corrected and for others to be erased. Evidence is not altered: a correction is "
    "added to it. You may complain to the supervisory authority, or go to a court."
)


async def show(request: Request) -> Response:
    """The form, and the reports that were made."""
    _signed, person = administrator(RIGHT, request)
    return await _page(request, person, {}, [])


async def _page(
    request: Request,
    person: Person,
    values: Mapping[str, Any],
    wrong: list[FormError],
    report: HeldReport | None = None,
) -> Response:
    async with request.app.state.parts.database.reading() as db:
        made = await reports.made(db, state=person.owner_state)
    context = {
        "report": report,
        "sections": _sections(report) if report else [],
        "made": made,
        "forms": [(value, _(text)) for value, text in FORMS.items()],
        "labels": {name: _(text) for name, text in LABELS.items()},
        "elsewhere": _(ELSEWHERE),
        "places": court_clocks.of_person(person),
        "values": {"form": "page", **values},
        "errors": wrong,
    }
    return render(request, "personal_data_report.html", context, status=422 if wrong else 200)


def _sections(report: HeldReport) -> list[dict[str, Any]]:
    return [
        {
            "title": _(section.title),
            "kept": _retained(section),
            "rows": [
                [(_(section.labels[column]), value) for column, value in row.items() if value is not None]
                for row in section.rows
            ],
        }
        for section in report.sections
    ]


def _retained(section: ReportSection) -> list[str]:
    rules = [data_table.rules()[name] for name in section.rules]
    return [": ".join(_(text) for text in (rule.starts, rule.does) if text) for rule in rules]


def _printed(report: HeldReport) -> dict[str, Any]:
    """The report as data of the template `request`, in the reader's language."""

    def line(label: str, *values: str) -> dict[str, Any]:
        return {"label": label, "values": [written(value) for value in values]}

    sections = []
    for number, section in enumerate(_sections(report)):
        rows = [line(label, value) for row in section["rows"] for label, value in row]
        kept = [line(_("How long"), *section["kept"])]
        cites = dict.fromkeys(data_table.rules()[name].provision for name in report.sections[number].rules)
        sections.append(
            {
                "letter": "",
                "heading": section["title"],
                "cites": " · ".join(cite for cite in cites if cite),
                "rows": rows + kept,
                "empty": "",
            }
        )
    lines = [line(_("Hearings whose file holds more"), *report.hearings)] if report.hearings else []
    about = [*lines, line(_("What is not in it"), _(ELSEWHERE)), line(_("Your rights"), _(RIGHTS))]
    sections.append({"letter": "", "heading": _("More"), "cites": "", "rows": about, "empty": ""})
    meta = [line(_("State"), i18n.state_name(report.state)), line(_("Made"), f"{report.made_at:%Y-%m-%d %H:%M} UTC")]
    meta.append({"label": "SHA-256", "values": [{"code": report.sha256()}]})
    notice = "" if report.sections else _("Nothing is held that this report may tell.")
    return {
        "lang": i18n.current.get().tag,
        "title": _(TITLE),
        "reference": "",
        "notice": notice,
        "meta": meta,
        "sections": sections,
    }


@page_act(again(_page, explained(LABELS)), (errors.Invalid,), right=RIGHT)
async def make(sent: Sent) -> Answer | FollowUp:
    """Makes the report. Effects: those of `reports.make`."""
    form = sent.form
    if form.text("form") not in FORMS:
        raise errors.Invalid(_("Choose what is made"), "form")
    given: dict[str, Any] = {name: form.text(name) for name in ("address", "ref", "name", "identity", "reason")}
    report = await reports.make(sent.db, **given, **sent.by)

    async def answer() -> Response:
        if form.text("form") == "json":
            body = json.dumps(report.as_json(), ensure_ascii=False, indent=1).encode()
            return printing.file(body, "personal-data.json", "application/json")
        if form.text("form") == "pdf":
            made = await printing.sealed(sent.request, "request", _printed(report), lang=i18n.current.get().tag)
            return printing.file(made, "personal-data.pdf", "application/pdf")
        return await _page(sent.request, sent.person, form.first, [], report)

    return answer


routes = [
    Route("/personal-data", show, methods=["GET"]),
    Route("/personal-data", make, methods=["POST"]),
]
