"""All runbooks as one page of docs/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerting.words import ALERT_WORDS
from dashboards.runbooks import CLASSES, SECTIONS, runbook

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["document"]

_HEAD = """# Runbooks · 处置手册

What to do about each class of alert. The page shows the same beside an alert (`/runbooks/CLASS`).
每类告警怎么处置；网页上在告警旁边显示同样的内容。

Written by `python -m dashboards.runbooks > docs/runbooks.md` from the files in `dashboards/runbooks/`.
"""


def document() -> str:
    """Markdown."""
    return "\n".join([_HEAD, *_parts()])


def _parts() -> Iterator[str]:
    for name in CLASSES:
        book = runbook(name)
        if book is None:
            continue
        zh, en = ALERT_WORDS[name]
        yield f"## {name}\n\n**{zh} · {en}**\n"
        for section, title in SECTIONS.items():
            lines = book.section(section)
            yield f"{title.zh} · {title.en}\n"
            yield "\n".join(f"- {line.zh}<br>{line.en}" for line in lines) + "\n"
