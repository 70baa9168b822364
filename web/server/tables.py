"""Tables of pages as CSV, with the same rights as the page they stand on."""

import csv
import io
from collections.abc import Iterable, Sequence

from starlette.responses import Response

from hearings.people.directory import safe_cell


def csv_answer(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A table as a CSV file to download (RFC 4180, UTF-8). No cell is run as a formula by a spreadsheet."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([safe_cell(str(cell)) for cell in row] for row in rows)
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(file.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
