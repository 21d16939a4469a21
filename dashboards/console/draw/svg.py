"""SVG as text: elements, numbers of a tenth of a pixel, and text that can't break out.

XML 1.0 forbids most control characters even when escaped, and HTML parses what XML refuses; names come from people.
So text loses what no document may carry, and what would reorder the text around it.
"""

from __future__ import annotations

import re
from html import escape as escape_html
from typing import Final

__all__ = ["escape", "link", "number", "picture", "tag"]

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_REORDERING: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FOLLOWED: Final = ("/", "?", "#", "http://", "https://")


def escape(text: str) -> str:
    """Text for an attribute or between tags; what no document may carry becomes U+FFFD.

    >>> escape('<b title="x">&') + escape("ab" + chr(0x202E)), escape(chr(0)) == chr(0xFFFD)
    ('&lt;b title=&quot;x&quot;&gt;&amp;ab', True)
    """
    return escape_html(_FORBIDDEN.sub("\ufffd", _REORDERING.sub("", text)))


def number(value: float) -> str:
    """A length to a tenth of a pixel, as short as it goes.

    >>> number(12.04), number(-0.04), number(3.25), number(100)
    ('12', '0', '3.2', '100')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def tag(name: str, *children: str, **attributes: str | float | None) -> str:
    """An element.

    Args:
        name: Of the element.
        children: Markup, already escaped.
        attributes: ``class_`` is class, ``aria_label`` aria-label; None leaves one out, an empty text too.

    >>> tag("text", escape("a<b"), x=1.25, class_="wm-name", href=None)
    '<text x="1.2" class="wm-name">a&lt;b</text>'
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None or value == "":
            continue
        shown = escape(value) if isinstance(value, str) else number(value)
        parts.append(f'{key.rstrip("_").replace("_", "-")}="{shown}"')
    opened = " ".join(parts)
    return f"<{opened}>{''.join(children)}</{name}>" if children else f"<{opened}/>"


def link(href: str, *children: str, **attributes: str | float | None) -> str:
    """Children as a link; as a plain group where the address isn't one of a page.

    >>> link("/stations/a", "x"), link("javascript:alert(1)", "x")
    ('<a href="/stations/a">x</a>', '<g>x</g>')
    """
    if href.startswith(_FOLLOWED):
        return tag("a", *children, href=href, **attributes)
    return tag("g", *children, **attributes)


def picture(width: float, height: float, *children: str, **attributes: str | float | None) -> str:
    """The outermost element: as wide as its place allows, and never wider than drawn unless the page says so."""
    return tag(
        "svg",
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=width,
        height=height,
        **attributes,
    )
