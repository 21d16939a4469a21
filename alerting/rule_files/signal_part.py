"""The key `signal` of a rule file: a rule of the authority's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from hydro.quantity import QUANTITIES
from hydro.register import StationKind, TargetKind
from hydro.rules import Direction, Reference, ReferenceKind, Scope, Signal

if TYPE_CHECKING:
    from fractions import Fraction

    from alerting.rule_files.entry import Entry

__all__ = ["LEVELS", "MOST_HOLD_MIN", "MOST_RESOLVE_MIN", "SIGNAL_KEYS", "Title", "read_signal"]

LEVELS: Final = {"blue": 1, "yellow": 2, "orange": 3, "red": 4}
MOST_HOLD_MIN: Final = 1_440
MOST_RESOLVE_MIN: Final = 10_080
SIGNAL_KEYS: Final = ("quantity", "of", "below", "above", "resolves_at", "hold_min", "resolve_min", "scope")
_HOUR_MIN: Final = 60
_SCOPE_KEYS: Final = ("kind", "division", "river", "station")
_TARGET: Final = ReferenceKind.TARGET.value
_TABLES: Final = (ReferenceKind.STATIONS.value, ReferenceKind.POINTS.value)


class Title(NamedTuple):
    """What a rule is called."""

    zh: str
    en: str


def read_signal(entry: Entry, name: str, version: int, title: Title) -> Signal | None:
    """The signal; None where it has a mistake, which is noted.

    Args:
        entry: Its place.
        name: Of its file.
        version: Of the same.
        title: Of the same.
    """
    sheet, before = entry.sheet, len(entry.sheet.findings)
    fields = entry.fields(SIGNAL_KEYS, ("quantity",))
    quantity = fields["quantity"].choice(tuple(QUANTITIES), "quantity") if "quantity" in fields else None
    reference = _reference(fields.get("of"))
    sides = [side for side in Direction if side in fields]
    if len(sides) != 1:
        entry.mistake("takes its bounds below or above: one of the two")
    levels = _levels(fields[sides[0]], sides[0], reference) if len(sides) == 1 else ()
    hold = fields["hold_min"].whole(1, MOST_HOLD_MIN) if "hold_min" in fields else _HOUR_MIN
    resolve = fields["resolve_min"].whole(1, MOST_RESOLVE_MIN) if "resolve_min" in fields else hold
    scope = _scope(fields.get("scope"))
    resolves_at = _resolves_at(fields.get("resolves_at"), levels, sides)
    if len(sheet.findings) > before or quantity is None or hold is None or resolve is None or resolves_at is None:
        return None
    return Signal(
        name=name,
        version=version,
        title_zh=title.zh,
        title_en=title.en,
        quantity=QUANTITIES[quantity],
        direction=sides[0],
        reference=reference,
        levels=levels,
        resolves_at=resolves_at,
        hold_min=hold,
        resolve_min=resolve,
        scope=scope,
    )


def _reference(entry: Entry | None) -> Reference:
    text = None if entry is None else entry.text()
    if entry is None or text is None:
        return Reference(ReferenceKind.UNIT)
    table, _, name = text.partition(".")
    if table == _TARGET and (not name or name in set(TargetKind)):
        return Reference(ReferenceKind.TARGET, name or TargetKind.BASE.value)
    if table in _TABLES and name:
        return Reference(ReferenceKind(table), name)
    kinds = ", ".join(f"{_TARGET}.{kind}" for kind in TargetKind)
    entry.mistake(f"{text!r} is neither {kinds} nor a column such as points.normal_m3s or stations.drought_level_m")
    return Reference(ReferenceKind.UNIT)


def _levels(entry: Entry, side: Direction, reference: Reference) -> tuple[tuple[int, Fraction], ...]:
    """Bounds by level, mildest first; each worse one must lie farther out."""
    found: list[tuple[int, Fraction]] = []
    fields = entry.fields(tuple(LEVELS))
    for word in LEVELS:
        bound = fields[word].fraction() if word in fields else None
        if bound is None:
            continue
        if reference.kind is not ReferenceKind.UNIT and bound <= 0:
            fields[word].mistake("is a share: it must be greater than 0")
        elif found and (bound >= found[-1][1] if side is Direction.BELOW else bound <= found[-1][1]):
            fields[word].mistake(f"a worse level lies farther {side}, this one does not")
        else:
            found.append((LEVELS[word], bound))
    if not found and not fields:
        entry.mistake(f"has no level; known: {', '.join(LEVELS)}")
    return tuple(found)


def _resolves_at(
    entry: Entry | None, levels: tuple[tuple[int, Fraction], ...], sides: list[Direction]
) -> Fraction | None:
    """The mildest bound where nothing is said, so that an alert ends where it would no longer begin."""
    mildest = levels[0][1] if levels else None
    if entry is None or mildest is None:
        return mildest
    bound = entry.fraction()
    if bound is not None and (bound < mildest if sides == [Direction.BELOW] else bound > mildest):
        entry.mistake("lies beyond the mildest bound: an alert would end while its reason holds")
    return bound


def _scope(entry: Entry | None) -> Scope:
    if entry is None:
        return Scope()
    fields = entry.fields(_SCOPE_KEYS)
    words = {key: fields[key].texts() if key in fields else () for key in _SCOPE_KEYS}
    for word in words["kind"]:
        if word not in set(StationKind):
            fields["kind"].mistake(f"{word!r} is no kind of station; known: {', '.join(StationKind)}")
    for word in words["division"]:
        if not word.isdigit():
            fields["division"].mistake(f"{word!r} is no division code, nor the beginning of one")
    return Scope(words["kind"], words["division"], words["river"], words["station"])
