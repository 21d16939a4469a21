"""Administrative divisions by their codes: six digits, of which trailing zeros in pairs mean "all below".

Source: GB/T 2260; Guizhou's former prefectures 522200 and 522400 are the cities 520600 and 520500 since 2011.
"""

from __future__ import annotations

import re
from typing import Final

from hydro.errors import ConfigError

__all__ = ["city_of", "covers", "parse_division", "province_of"]

_CODE: Final = re.compile(r"\d{6}", re.ASCII)
_RENAMED: Final = {"5222": "5206", "5224": "5205"}


def parse_division(text: str) -> str:
    """A code that was asked for.

    Raises:
        ConfigError: Not six digits.
    """
    if _CODE.fullmatch(text) is None:
        raise ConfigError(f"division: {text[:64]!r} is not a code of six digits such as 520000, 520100 or 520103")
    return text


def covers(wanted: str, code: str) -> bool:
    """Whether a station of division ``code`` belongs to ``wanted``.

    >>> covers("520000", "520103"), covers("520100", "520103"), covers("520100", "520201"), covers("520500", "522401")
    (True, True, False, True)
    """
    significant = re.sub(r"(00){1,2}$", "", wanted)
    return code.startswith(significant) or _present(code).startswith(_present(significant))


def city_of(code: str) -> str | None:
    """The city of a county's code; None where it isn't a code of this form.

    >>> city_of("520103"), city_of("522401"), city_of("somewhere")
    ('520100', '520500', None)
    """
    return f"{_present(code)[:4]}00" if _CODE.fullmatch(code) else None


def province_of(code: str) -> str | None:
    """The province of a code; None where it isn't a code of this form."""
    return f"{code[:2]}0000" if _CODE.fullmatch(code) else None


def _present(code: str) -> str:
    return _RENAMED.get(code[:4], code[:4]) + code[4:]
