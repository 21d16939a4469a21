"""The JSON schema that editors go by: as published, and of one mind with the reader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from alerting.rule_files.read import FILE_KEYS, rules_of
from alerting.rule_files.schema import schema, schema_text
from alerting.rule_files.signal_part import SIGNAL_KEYS
from alerting.rule_files.trial import TRIAL_KEYS

RULES = Path(__file__).parents[3] / "config" / "rules"
VALIDATOR = Draft202012Validator(schema())


class Plain(yaml.SafeLoader):
    """YAML as editors read it, 1.2: `05:00` is a text."""


Plain.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for sign, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Plain.add_implicit_resolver(
    "tag:yaml.org,2002:str", __import__("re").compile(r"^(\d+ )?\d\d:\d\d$"), list("0123456789")
)


def parsed(text: str) -> object:
    return yaml.load(text, Plain)  # noqa: S506  # a SafeLoader


def test_the_published_schema_is_made_from_the_reader() -> None:
    assert (RULES / "schema.json").read_text(encoding="utf-8") == schema_text()
    Draft202012Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize("path", sorted(RULES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_rules_fit_the_schema_and_name_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=schema.json\n")
    assert [error.message for error in VALIDATOR.iter_errors(parsed(text))] == []


def test_reader_and_schema_know_the_same_keys() -> None:
    found = schema()["properties"]
    assert set(found) == set(FILE_KEYS)
    assert set(found["signal"]["properties"]) == set(SIGNAL_KEYS)
    assert set(found["tests"]["items"]["properties"]) == set(TRIAL_KEYS)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 0),
        ("class", "eflow"),
        ("numbers", {"hold_min": 0}),
        ("numbers", {"hold": 30}),
        ("title", {"zh": "甲"}),
        ("signal", {"quantity": "discharge", "below": {"red": 1}}),
        ("tests", [{"name": "n", "series": {"flow": "1"}, "expect": []}]),
        ("tests", [{"name": "n", "series": {"discharge": "1 x3"}, "expect": []}]),
        ("tests", [{"name": "n", "series": {}, "expect": [{"onset": "5", "raised": "06:00"}]}]),
    ],
)
def test_what_the_schema_refuses_the_reader_refuses(key: str, value: object) -> None:
    """An editor must not complain of what the product takes."""
    title = {"zh": "甲", "en": "a"}
    rule: dict[str, object] = {"class": "flow_stopped", "version": 1, "title": title, "description": title, key: value}
    assert list(VALIDATOR.iter_errors(rule))
    loaded = rules_of({"rules/a.yaml": json.dumps(rule).encode()}, 480)
    assert loaded.rules is None
