"""A test that failed as a small drawing in ASCII: its series, what it expected and what came, one above the other.

::

              1 00:00                 1 12:00
    S.discharge 999999990000009999      a digit is the value between least (0) and greatest (9), . no value
    expected            --R===E         - evidence, R raised, = firing, E ended
    got                 --R=====E
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hydro.instants import DAY_MS, MINUTE_MS, day_start, local_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerting.rule_files.notation import Token
    from alerting.rule_files.trial import Expected, Trial

__all__ = ["timeline"]

_WIDTH: Final = 72
_HIGHEST: Final = 9
_INDENT: Final = "    "


def timeline(trial: Trial, came: Sequence[Expected], zone_minutes: int) -> str:
    """The drawing, and every alert in words.

    Args:
        trial: What was tested.
        came: The alerts that came.
        zone_minutes: Zone of its times.
    """
    midnight = day_start(local_date(trial.start, zone_minutes), zone_minutes)
    last = max([trial.end, *(one.resolved or one.raised for one in (*trial.expected, *came))])
    slot = trial.interval_min * MINUTE_MS
    slots = max(1, -(-(last - trial.start) // slot))
    step = slot * -(-slots // _WIDTH)
    columns = -(-slots * slot // step)
    lines = [
        (f"{station}.{quantity}", _values(tokens, step // slot)) for (station, quantity), tokens in trial.series.items()
    ]
    lines += [("expected", _course(one, trial.start, step, columns)) for one in trial.expected]
    lines += [("got", _course(one, trial.start, step, columns)) for one in came]
    room = max(len(name) for name, _ in lines)
    span = f"{_when(trial.start, midnight)} .. {_when(last, midnight)}, {step // MINUTE_MS} min a sign"
    shown = [f"{_INDENT}{'':{room}}  {span}"]
    shown += [f"{_INDENT}{name:{room}}  {drawn}".rstrip() for name, drawn in lines]
    shown += [f"{_INDENT}expected  {_words(one, midnight)}" for one in trial.expected]
    if not trial.expected:
        shown.append(f"{_INDENT}expected  nothing")
    shown += [f"{_INDENT}got       {_words(one, midnight)}" for one in came]
    if not came:
        shown.append(f"{_INDENT}got       nothing")
    return "\n".join(shown)


def _values(tokens: Sequence[Token], per_sign: int) -> str:
    numbers = [token.value for token in tokens if token.value is not None]
    least, span = min(numbers, default=0.0), max(numbers, default=0.0) - min(numbers, default=0.0)
    signs = []
    for first in range(0, len(tokens), per_sign):
        some = [token.value for token in tokens[first : first + per_sign] if token.value is not None]
        if not some:
            signs.append(".")
        else:
            signs.append(str(round((sum(some) / len(some) - least) / span * _HIGHEST)) if span else "0")
    return "".join(signs)


def _course(one: Expected, start: int, step: int, columns: int) -> str:
    signs = [" "] * columns

    def column(at: int) -> int:
        """Of the sign whose stretch ends at or after an instant."""
        return min(max(-(-(at - start) // step) - 1, 0), columns - 1)

    raised = column(one.raised)
    ended = columns - 1 if one.resolved is None else column(one.resolved)
    for place in range(column(one.onset + 1), raised):
        signs[place] = "-"
    for place in range(raised, ended + 1):
        signs[place] = "="
    if one.resolved is not None:
        signs[ended] = "E"
    signs[raised] = "R"
    return "".join(signs)


def _words(one: Expected, midnight: int) -> str:
    ended = "still firing" if one.resolved is None else f"resolved {_when(one.resolved, midnight)}"
    details = [word for word in (one.reason, one.target) if word is not None]
    if one.levels is not None:
        details.append(" ".join(one.levels))
    about = f" ({', '.join(details)})" if details else ""
    return f"{one.subject}: onset {_when(one.onset, midnight)}, raised {_when(one.raised, midnight)}, {ended}{about}"


def _when(at: int, midnight: int) -> str:
    """Day from 1 and time, as tests are written; a day ends at 24:00."""
    if at == midnight:
        return "1 00:00"
    day, rest = divmod(at - midnight - 1, DAY_MS)
    minutes = (rest + 1) // MINUTE_MS
    return f"{day + 1} {minutes // 60:02d}:{minutes % 60:02d}"
