"""What is wrong with a rule file is told all at once, each with its line, key and reason."""

from __future__ import annotations

import pytest

from alerting.rule_files import against_register
from alerting.rule_files.read import FILE_KEYS, rules_of
from tests.alerting.stream_of_messages import ZONE, register_of

HEAD = "version: 1\ntitle: {zh: 甲, en: a}\ndescription: {zh: 甲, en: a}\n"
TESTS = "tests:\n  - {name: n, series: {discharge: 1x3}, expect: []}\n"
SIGNAL = "signal: {quantity: discharge, below: {yellow: 2}}\n"


def findings(text: str, name: str = "night") -> list[str]:
    """Lines that `check` prints of one file."""
    return [str(each) for each in rules_of({f"rules/{name}.yaml": text.encode()}, ZONE).findings]


def test_a_file_without_mistakes_says_nothing() -> None:
    assert findings(f"{SIGNAL}{HEAD}{TESTS}") == []
    assert findings(f"class: flow_stopped\n{HEAD}{TESTS}") == []


def test_a_rule_without_tests_is_a_warning() -> None:
    loaded = rules_of({"rules/a.yaml": f"{SIGNAL}{HEAD}".encode()}, ZONE)
    assert [str(each) for each in loaded.findings] == [
        "rules/a.yaml: warning: tests: has no tests: nobody knows what it does"
    ]
    assert loaded.rules is not None
    assert [signal.label for signal in loaded.rules.signals] == ["a v1"]


def test_every_mistake_of_every_file_is_told_with_its_line() -> None:
    text = (
        "class: flow_stoped\nversion: 0\ntitle: {zh: x}\nwhen: now\n"
        "tests:\n  - name: a\n    series: {flow: 3, discharge: 1x2y}\n    expect: [{onset: 5, raised: 01:00}]\n"
    )
    assert sorted(findings(text)) == sorted(
        [
            "rules/night.yaml:1: description: is missing",
            'rules/night.yaml:1: class: "flow_stoped" is no class (did you mean flow_stopped?)',
            "rules/night.yaml:2: version: 0 is not between 1 and 1000000",
            "rules/night.yaml:3: title.en: is missing",
            f"rules/night.yaml:4: when: unknown key; known here: {', '.join(FILE_KEYS)}",
            "rules/night.yaml:7: tests[1].series.flow: 'flow' is no quantity",
            "rules/night.yaml:7: tests[1].series.discharge: '1x2y' is not VALUE, _ or null, maybe with xN, xNh or xNd",
            "rules/night.yaml:8: tests[1].expect[1].onset: '5' is not HH:MM, or D HH:MM with days from 1",
        ]
    )


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        ("quantity: flow, below: {red: 1}", 'quantity: "flow" is no quantity; known: discharge'),
        ("quantity: discharge", "takes its bounds below or above: one of the two"),
        ("quantity: stage, above: {blue: 1}, below: {blue: 0}", "takes its bounds below or above: one of the two"),
        ("quantity: stage, above: {}", "above: has no level; known: blue, yellow, orange, red"),
        ("quantity: stage, below: {yellow: 1, red: 2}", "below.red: a worse level lies farther below, this one does"),
        ("quantity: stage, above: {yellow: 2, red: 1}", "above.red: a worse level lies farther above, this one does"),
        ("quantity: stage, below: {yellow: 1.0000001}", "more than six decimals"),
        ("quantity: stage, below: {yellow: 1}, resolves_at: 0.9", "resolves_at: lies beyond the mildest bound"),
        ("quantity: stage, below: {yellow: 1}, hold_min: 1441", "hold_min: 1441 is not between 1 and 1440"),
        ("quantity: stage, below: {yellow: 1}, hold_min: 1h", 'hold_min: "1h" is not a whole number'),
        ("quantity: stage, below: {yellow: 1}, of: targets", "of: 'targets' is neither target.base"),
        ("quantity: stage, below: {yellow: -1}, of: target", "below.yellow: is a share: it must be greater than 0"),
        ("quantity: stage, below: {yellow: 1}, scope: {kind: sea}", "scope.kind: 'sea' is no kind of station"),
        ("quantity: stage, below: {yellow: 1}, scope: {basin: x}", "scope.basin: unknown key"),
    ],
)
def test_a_signal_that_can_not_be_meant_is_a_mistake(signal: str, told: str) -> None:
    [found] = findings(f"signal: {{{signal}}}\n{HEAD}{TESTS}")
    assert found.startswith("rules/night.yaml:1: signal")
    assert told in found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "rules/night.yaml: is empty"),
        ("- a\n", "rules/night.yaml:1: takes keys with values"),
        ("a: [1\n", "rules/night.yaml:2: is not YAML: expected ',' or ']', but got '<stream end>'"),
        (f"{SIGNAL}class: data_loss\n{HEAD}{TESTS}", "takes class (numbers of a built-in one) or signal"),
        (f"{HEAD}{TESTS}", "takes class (numbers of a built-in one) or signal"),
        (f"class: over_rate\nnumbers: {{a: 1}}\n{HEAD}{TESTS}", "of this class only enabled can be set"),
        (f"class: data_loss\nnumbers: {{reports: 0}}\n{HEAD}{TESTS}", "numbers.reports: 0 is not between 1 and 100"),
        (f"class: data_loss\nnumbers: {{report: 2}}\n{HEAD}{TESTS}", "unknown key (did you mean reports?)"),
        (f"class: data_loss\nclass: data_loss\n{HEAD}{TESTS}", ":2: class: stands there twice, first in line 1"),
        (f"{SIGNAL}enabled: maybe\n{HEAD}{TESTS}", 'enabled: "maybe" is not true or false'),
    ],
)
def test_a_file_that_can_not_be_read_is_a_mistake(text: str, told: str) -> None:
    assert any(told in each for each in findings(text))


def test_bytes_that_are_no_text_are_a_mistake() -> None:
    [found] = rules_of({"rules/a.yaml": b"a: \n b: \xff"}, ZONE).findings
    assert str(found) == "rules/a.yaml:2: is not UTF-8 (byte 8)"


def test_only_one_file_sets_the_numbers_of_a_class() -> None:
    text = f"class: data_loss\n{HEAD}{TESTS}".encode()
    loaded = rules_of({"rules/a.yaml": text, "rules/b.yaml": text}, ZONE)
    assert loaded.rules is None
    assert [str(each) for each in loaded.findings] == [
        "rules/b.yaml:1: class: sets the numbers of data_loss, as rules/a.yaml does: only one may"
    ]


@pytest.mark.parametrize(
    ("signal", "told"),
    [
        ("of: points.normal_m3s", "no row of points in its scope has anything in a column 'normal_m3s'"),
        ("of: points.odd", "registry/points.csv, S discharge: odd is 'a lot', not a number above 0"),
        ("of: stations.none", "registry/stations.csv, S: none is '0', not a number above 0"),
        ("scope: {station: [S, T]}", "there is no station 'T'"),
        ("scope: {river: [Wu]}", "warning: signal.scope: no station is in its scope"),
    ],
)
def test_a_signal_must_fit_the_register(signal: str, told: str) -> None:
    """Columns that it names are there, and numbers; stations that it names exist."""
    register = register_of(["S,,section,,,,g,60,0"], columns="none", points="station,quantity,odd\nS,discharge,a lot\n")
    text = f"signal: {{quantity: discharge, below: {{yellow: 0.5}}, {signal}}}\n{HEAD}{TESTS}"
    loaded = rules_of({"rules/a.yaml": text.encode()}, ZONE)
    assert loaded.findings == ()
    found = [str(each) for each in against_register(loaded.files, register)]
    assert any(told in each for each in found), found
