"""What two configs judge otherwise, on a terminal and for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from watermaster.backtest_changes import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from watermaster.backtest_changes import AlertChange, Comparison
    from watermaster.backtest_pictures import Sides

__all__ = ["write_changes", "write_tables"]

_WIDE: Final = 200
_MOST_LINES: Final = 100
_MINUTE: Final = len("2026-03-01T08:00")
_WORDS: Final = {ChangeKind.GAINED: "新增 gained", ChangeKind.LOST: "消失 lost", ChangeKind.MOVED: "变动 moved"}


def write_changes(comparison: Comparison) -> None:
    """One change a line, on stdout."""
    for change in comparison.changes:
        sys.stdout.write(json.dumps(change.as_json(), ensure_ascii=False) + "\n")


def write_tables(comparison: Comparison, sides: Sides) -> None:
    """Counts by subject, then the changes, on stdout."""
    from rich.console import Console  # noqa: PLC0415  # takes its time
    from rich.table import Table  # noqa: PLC0415  # as above

    width = Console().width if sys.stdout.isatty() else _WIDE
    console = Console(markup=False, highlight=False, width=width)
    counts = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    counts.add_column("对象 subject", overflow="fold")
    for title in (*_WORDS.values(), "不变 same"):
        counts.add_column(title, justify="right", no_wrap=True)
    for subject in comparison.subjects:
        if subject.changed:
            cells = (subject.gained, subject.lost, subject.moved, subject.same)
            counts.add_row(_name(subject.kind, subject.code, sides), *map(str, cells))
    counts.add_row("合计 all", *(str(comparison.count(kind)) for kind in ChangeKind), str(comparison.same))
    console.print(counts)
    if not comparison.changes:
        return
    console.print()
    lines = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("", "对象 subject", "类别 class", "目标 target", "级别 level", "开始 onset", "解除 resolved"):
        lines.add_column(title, overflow="fold")
    for change in comparison.changes[:_MOST_LINES]:
        lines.add_row(*_cells(change, sides))
    console.print(lines)
    left = len(comparison.changes) - _MOST_LINES
    if left > 0:
        console.print(f"… 另有 {left} 条，--output json 或 --html 列出全部；{left} more, see --output json or --html")


def _cells(change: AlertChange, sides: Sides) -> tuple[str, ...]:
    alert = change.alert
    subject = alert["subject"]
    return (
        _WORDS[change.kind],
        _name(subject["kind"], subject["code"], sides),
        alert["class"],
        (alert["target_id"] or "").removeprefix(f"{subject['code']}:"),
        _both(change, lambda one: "·".join(each["level"] for each in one["levels"]) or one["level"]),
        _both(change, lambda one: _minute(one["onset"])),
        _both(change, lambda one: _minute(one["resolved_at"])),
    )


def _both(change: AlertChange, of: Any) -> str:  # noqa: ANN401  # what a lambda of an alert is
    """A fact as it was and as it is, where it differs."""
    sides: list[Mapping[str, Any]] = [one for one in (change.before, change.after) if one is not None]
    return " → ".join(dict.fromkeys(of(one) for one in sides))


def _name(kind: str, code: str, sides: Sides) -> str:
    rows = sides.after.stations.get(code) or sides.before.stations.get(code) if kind == "station" else None
    return f"{kind} {code}" if rows is None else f"{rows.rows[-1].name} {code}".strip()


def _minute(time: str | None) -> str:
    return "告警中 firing" if time is None else time[:_MINUTE].replace("T", " ")
