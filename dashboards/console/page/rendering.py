"""Templates: where they lie, and what becomes of text in them."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["render"]

# Control characters, halves of characters, and what reorders the text around it: as in drawings.
_NOT_SHOWN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_TEMPLATES: Final = Path(__file__).parent.parent / "templates"


def render(template: str, values: Mapping[str, Any]) -> str:
    """A template with its gaps filled and escaped; an unknown name in it is a mistake of ours and raises."""
    return _environment().get_template(template).render(values)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_shown,
    )


def _shown(value: object) -> object:
    """Text without what no document may carry; what is markup already is left as it is."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return _NOT_SHOWN.sub("", value)
    return value
