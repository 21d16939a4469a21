"""The JSON schema of rule files, for editors: made from what the reader itself goes by, so that the two can't differ.

An editor takes it from the first line of a file, ``# yaml-language-server: $schema=schema.json``. It knows less than
``watermaster check``: bounds that must lie farther out for worse levels, and all that concerns the register.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from alerting.rule_files.read import CLASSES
from alerting.rule_files.signal_part import LEVELS, MOST_HOLD_MIN, MOST_RESOLVE_MIN
from hydro.quantity import QUANTITIES, canonical_unit
from hydro.register import StationKind, TargetKind
from hydro.rules import NUMBERS, bounds_of

if TYPE_CHECKING:
    from hydro.rules import Numbers

__all__ = ["schema", "schema_text"]

Schema = dict[str, Any]
_TIME: Final = r"^(\d{1,3} )?\d\d:\d\d$"
_SERIES: Final[Schema] = {
    "type": ["string", "number"],
    "pattern": r"^\s*((_|null|-?\d+(\.\d{1,6})?)(x\d+[hd]?)?(\s+|$))+$",
    "description": "2.1x12 1.4x6h _x3 null",
}
_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_SCALAR: Final[Schema] = {"type": ["string", "number", "boolean"]}


def _object(properties: Schema, required: tuple[str, ...] = (), **more: object) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        **({"required": list(required)} if required else {}),
        **more,
    }


def _one_or_more(words: Schema) -> Schema:
    return {"oneOf": [words, {"type": "array", "items": words}]}


def _numbers(kind: type[Numbers]) -> Schema:
    default = kind()
    return _object(
        {
            name: {
                "type": "integer",
                "minimum": bounds.least,
                "maximum": bounds.most,
                "default": getattr(default, name),
                "description": f"{bounds.zh} / {bounds.en}",
            }
            for name, bounds in bounds_of(kind).items()
        }
    )


def _signal() -> Schema:
    levels = _object({word: {"type": "number"} for word in LEVELS}, minProperties=1)
    units = ", ".join(f"{name} {canonical_unit(quantity)}".strip() for name, quantity in QUANTITIES.items())
    targets = "|".join(TargetKind)
    return _object(
        {
            "quantity": {"enum": list(QUANTITIES), "description": f"所判要素 / what is judged: {units}"},
            "of": {
                "type": "string",
                "pattern": rf"^(target(\.({targets}))?|(stations|points)\..+)$",
                "description": "界限所乘的基数，缺省为要素单位 / what bounds are shares of; without it they are values",
            },
            "below": {**levels, "description": "低于界限 / below these bounds, farther out for worse levels"},
            "above": {**levels, "description": "高于界限 / above these bounds, farther out for worse levels"},
            "resolves_at": {"type": "number", "description": "解除界限，缺省为最轻一级 / the mildest bound by default"},
            "hold_min": _minutes(MOST_HOLD_MIN, "告警所需分钟，缺省 60 / minutes to raise it, 60 by default"),
            "resolve_min": _minutes(MOST_RESOLVE_MIN, "解除所需分钟，缺省同上 / minutes to end it, else hold_min"),
            "scope": _object(
                {
                    "kind": _one_or_more({"enum": list(StationKind)}),
                    "division": _one_or_more({"type": "string", "pattern": r"^\d{1,6}$"}),
                    "river": _one_or_more(_TEXT),
                    "station": _one_or_more(_TEXT),
                },
                description="适用测站，各项须同时满足 / stations that fit every key",
            ),
        },
        ("quantity",),
        oneOf=[{"required": ["below"]}, {"required": ["above"]}],
    )


def _minutes(most: int, description: str) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": most, "description": description}


def _test() -> Schema:
    columns = {"type": "object", "additionalProperties": _SCALAR}
    instant = {"type": "string", "pattern": _TIME, "description": "HH:MM, or D HH:MM with days from 1"}
    expected = _object(
        {
            "reason": _TEXT,
            "subject": _TEXT,
            "target": _TEXT,
            "onset": instant,
            "raised": instant,
            "resolved": {**instant, "description": "without it the alert still fires; HH:MM, or D HH:MM"},
            "levels": _one_or_more({"type": "string", "pattern": rf"^(({'|'.join(LEVELS)})[ ,]*)+$"}),
        },
        ("onset", "raised"),
    )
    return _object(
        {
            "name": _TEXT,
            "interval_min": {"type": "integer", "minimum": 1, "maximum": 1440, "default": 60},
            "start": {"type": "string", "description": "2026-03-01, or 2026-03-01 08:00"},
            "station": {**columns, "description": "列 / further columns of stations.csv"},
            "points": _object(dict.fromkeys(QUANTITIES, columns)),
            "targets": {"type": "array", "items": columns, "description": "行 / rows of eflow_targets.csv"},
            "series": {
                "type": "object",
                "patternProperties": {rf"^(.+\.)?({'|'.join(QUANTITIES)})$": _SERIES},
                "additionalProperties": False,
            },
            "expect": {"type": "array", "items": expected},
        },
        ("name", "series", "expect"),
    )


def schema() -> Schema:
    """The schema."""
    languages = _object({"zh": _TEXT, "en": _TEXT}, ("zh", "en"))
    of_class = [
        {
            "if": {"properties": {"class": {"const": name}}, "required": ["class"]},
            "then": {"properties": {"numbers": _numbers(NUMBERS[name]) if name in NUMBERS else False}},
        }
        for name in CLASSES
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Watermaster rule",
        **_object(
            {
                "class": {"enum": list(CLASSES), "description": "内置告警类别 / a built-in class"},
                "signal": {**_signal(), "description": "自定信号 / a rule of your own"},
                "version": {"type": "integer", "minimum": 1, "maximum": 1_000_000},
                "enabled": {"type": "boolean", "default": True},
                "title": languages,
                "description": languages,
                "numbers": {"type": "object"},
                "tests": {"type": "array", "items": _test()},
            },
            ("version", "title", "description"),
            oneOf=[{"required": ["class"]}, {"required": ["signal"]}],
            allOf=of_class,
        ),
    }


def schema_text() -> str:
    """As it is published: ``config/rules/schema.json``."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"
