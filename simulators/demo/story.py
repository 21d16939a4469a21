"""What happens, and when: the chapters, and the questions that river, devices and gateways ask the story.

Everything is told in minutes around one full hour, the *turn*: the hour before it is the first that falls short. The
story repeats every 24 hours, from the day of the first turn on::

    minutes   −60       0        35   45  55     75        140     240     300
               │        │         │    │   │      │         │       │       │
       release cut   yellow     dark wild null  restored   back  resolved  end

The pump that runs past its meter belongs to the night, whenever the turn is: 01:10 to 04:20 of the basin's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from hydro.instants import DAY_MS, HOUR_MS, MINUTE_MS

__all__ = ["CHAPTERS", "OPENING", "ZONE_MINUTES", "Chapter", "Story", "turn_after", "turn_before"]

ZONE_MINUTES: Final = 480
"""The basin's clock is +08:00."""

_LEAD_MIN: Final = 3
"""History ends so long before the turn."""

_LIVE_MIN: Final = 300
"""The story is over so long after the turn."""

_CUT: Final = -60
_DARK: Final = 35
_WILD: Final = 45
_NULL: Final = 55
_RESTORED: Final = 75
_BACK: Final = 140
_THEFT: Final = (70, 260)
"""Minutes of the day: (01:10, 04:20]."""


class Chapter(NamedTuple):
    """A line for people.

    Attributes:
        minute: When, in minutes after the turn.
        zh: In Chinese.
        en: In English.
    """

    minute: int
    zh: str
    en: str


OPENING: Final = Chapter(
    -_LEAD_MIN,
    "一切如常。请看昨夜 01:10–04:20：下寨到桥头流量少了一截，青杠磷肥厂水泵有功率，水表却为零。",
    "All is as usual. Look at last night, 01:10-04:20: the river loses water between Xiazhai and Qiaotou while"
    " the fertiliser works' pump draws power and its meter shows zero.",
)
"""Told when the clock begins to run."""

CHAPTERS: Final = (
    Chapter(
        0,
        "响水滩电站一小时前减少了生态下泄，去多发电。马槽滩断面小时均值低于目标：疑似生态流量不足，黄色。",
        "An hour ago the Xiangshuitan plant cut its ecological release to generate more. Machaotan's hourly mean is"
        " below its target: suspected shortfall, yellow.",
    ),
    Chapter(
        _DARK,
        "网关 gw-longdong 失联：龙洞河和下游的曲线停了下来。没有数据不等于零。",
        "Gateway gw-longdong goes dark: the curves of the Longdong and of the lower river stop. Missing is not zero.",
    ),
    Chapter(
        _WILD,
        "两河口水位计报出 88.8 米：量程检查判为不合格（标志 4），保存但不参与判定。",
        "The gauge at Lianghekou reports a stage of 88.8 m: it fails the gross range test (flag 4), is kept and does"
        " not count.",
    ),
    Chapter(
        _NULL,
        "大坡脚断面一个值缺测（null，标志 9）。",
        "One value at Dapojiao is missing (null, flag 9).",
    ),
    Chapter(
        60,
        "第二个小时低于目标的八成：橙色。县里打电话给电站。",
        "The second hour is below 80 % of the target: orange. The county calls the plant.",
    ),
    Chapter(
        _RESTORED,
        "电站恢复了生态下泄；水要过一会儿才到马槽滩。",
        "The plant has restored its release; the water needs a while to Machaotan.",
    ),
    Chapter(
        _BACK,
        "网关 gw-longdong 恢复，补报了停报期间的全部数据。",
        "Gateway gw-longdong is back and hands in everything that it had kept.",
    ),
    Chapter(
        240,
        "连续两个小时达到目标的 105 %：告警解除。工单仍要有人办结。",
        "Two hours in a row at 105 % of the target: the alert is resolved. Its case still has to be closed by people.",
    ),
)
"""What is told after that, in order."""


@dataclass(frozen=True, slots=True)
class Story:
    """The story, placed in time.

    Attributes:
        turn: The full hour that ends the first failed period, epoch milliseconds.
    """

    turn: int

    @property
    def live_from(self) -> int:
        """Where history ends and the clock begins to run."""
        return self.turn - _LEAD_MIN * MINUTE_MS

    @property
    def live_until(self) -> int:
        """Where the day's story is over."""
        return self.turn + _LIVE_MIN * MINUTE_MS

    def next_day(self) -> Story:
        """The same, a day later."""
        return Story(self.turn + DAY_MS)

    def chapters(self, after: int, until: int) -> list[tuple[int, Chapter]]:
        """Chapters that begin in (after, until] with their times, of this day alone."""
        timed = [(self.turn + chapter.minute * MINUTE_MS, chapter) for chapter in CHAPTERS]
        return sorted((at, chapter) for at, chapter in timed if after < at <= until)

    def release_is_cut(self, at: int) -> bool:
        """Whether the diversion plant holds back its ecological release."""
        return self._within(at, _CUT, _RESTORED)

    def factory_steals(self, at: int) -> bool:
        """Whether the factory pumps past its meter."""
        minute = (at // MINUTE_MS + ZONE_MINUTES) % (DAY_MS // MINUTE_MS)
        return _THEFT[0] < minute <= _THEFT[1]

    def gateway_is_dark(self, at: int) -> bool:
        """Whether the far gateway can't reach the broker."""
        return self._within(at, _DARK, _BACK)

    def gauge_is_wild(self, at: int) -> bool:
        """Whether the stage at the confluence is nonsense, in this slot."""
        return self._minute(at) == _WILD

    def value_is_missing(self, at: int) -> bool:
        """Whether a device has no value, in this slot."""
        return self._minute(at) == _NULL

    def _minute(self, at: int) -> int | None:
        """Minutes after the turn of the day that ``at`` belongs to; None before the first day."""
        since = at - self.turn + DAY_MS // 2
        return None if since < 0 else (since % DAY_MS - DAY_MS // 2) // MINUTE_MS

    def _within(self, at: int, first: int, last: int) -> bool:
        """Whether ``at`` lies in (first, last] minutes after a turn."""
        minute = self._minute(at)
        return minute is not None and first < minute <= last


def turn_before(now: int) -> int:
    """The turn at 08:00 whose history has just ended: the latest 07:57 of the basin's clock that is not after now.

    >>> from hydro.instants import format_instant
    >>> format_instant(turn_before(1772323020000), 480)  # 2026-03-01 07:57
    '2026-03-01T08:00:00+08:00'
    """
    shift, eight = ZONE_MINUTES * MINUTE_MS, 8 * HOUR_MS
    begins = eight - _LEAD_MIN * MINUTE_MS
    day = (now + shift - begins) // DAY_MS
    return day * DAY_MS + eight - shift


def turn_after(now: int) -> int:
    """The next full hour, for a story that is lived at the speed of the real clock."""
    return (now // HOUR_MS + 1) * HOUR_MS
