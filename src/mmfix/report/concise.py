"""One line a cause, for editors and for people who know the rules."""

from __future__ import annotations

from mmfix.report.causes import causes
from mmfix.report.text.check import tail
from mmfix.report.text.page import PAGE, Page
from mmfix.report.text.words import as_text
from mmfix.results.checked import Report


def render_report(report: Report, page: Page = PAGE) -> str:
    """``base.py:20:17: error[MMF101] certain: message (in 3 configs: ...)``, and the text's own end."""
    lines = []
    for cause in causes(report):
        place = ":".join(str(part) for part in (cause.path, cause.line, cause.column) if part is not None)
        finding = cause.finding
        label = page(f"{finding.severity}[{finding.code}]", finding.severity)
        where = cause.where()
        told = f"{finding.message} ({where})" if where else finding.message
        lines.append(f"{page(place, 'strong')}: {label} {finding.confidence}: {told}")
    return as_text([*lines, *tail(report, page)])
