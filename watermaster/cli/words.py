"""Words of closed lists for people at a terminal, English and Chinese; machine output has the bare English word."""

from __future__ import annotations

from typing import Final

from alerting.words import ALERT_WORDS
from alerting.words import SUSPECTED as _SUSPECTED

__all__ = ["SUSPECTED", "bilingual"]

SUSPECTED: Final = _SUSPECTED[0]
"""What every screen calls an alert until its case is verified."""


def bilingual(word: str) -> str:
    """A word with its translation; a word without one as it is.

    >>> bilingual("orange"), bilingual("something")
    ('orange 橙', 'something')
    """
    found = ALERT_WORDS.get(word)
    return word if found is None else f"{word} {found[0]}"
