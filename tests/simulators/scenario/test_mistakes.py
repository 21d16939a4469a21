"""What is wrong with a file is said at once, all of it, each with its line; nothing is guessed, nothing blows up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simulators.scenario import ScenarioError, load

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
title: {zh: 试, en: A trial}
about: A trial
start: 2026-03-02
duration: 2d
climate: none
outlets: [mouth]
reaches:
  upper: {from: head, to: works, travel_min: 60}
  lower: {from: works, to: mouth, travel_min: 90}
springs:
  source: {node: head, m3s: 1.8}
dams:
  weir: {node: works, release_m3s: 0.3, outlet: {most_m3s: 2}}
gateways:
  gw-one: {trouble: none}
defaults: {basin: 乌江, river: 云潭河, division: "520122", gateway: gw-one}
stations:
  S1:
    section: {node: head, mean_m3s: 2.0}
    targets:
      - {value: 1.0, basis: day}
  Q1:
    taker: {node: works, use: industry, mean_m3s: 0.12}
faults:
  - {kind: door, station: Q1, quantity: door, from: 3h, to: 4h}
"""


def mistakes(path: Path, text: str) -> tuple[str, ...]:
    """What is said of a file; nothing where nothing is wrong. The folder is left out."""
    file = path / "trial.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        load(file)
    except ScenarioError as error:
        return tuple(mistake.replace(f"{file}", "trial.yaml") for mistake in error.mistakes)
    return ()


def test_the_file_from_which_the_others_are_made_is_right(tmp_path: Path) -> None:
    assert mistakes(tmp_path, GOOD) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            "to: mouth, ",
            "to: head, ",
            "trial.yaml:8: reach 'upper': the river runs in a circle: head → works → head",
            id="a loop",
        ),
        pytest.param(
            "from: works, to: mouth",
            "from: works, to: ''",
            "trial.yaml:9: reach 'lower': has no end",
            id="a reach without an end",
        ),
        pytest.param(
            "outlets: [mouth]",
            "outlets: [sea]",
            "trial.yaml:9: node 'mouth': its water ends here: no reach starts there, and it is no outlet",
            id="water that ends nowhere",
        ),
        pytest.param(
            "m3s: 1.8",
            "m3s: -1.8",
            "trial.yaml:11: springs.source.m3s: -1.8 is negative; water that comes in is at least 0",
            id="a negative spring",
        ),
        pytest.param(
            "release_m3s: 0.3",
            "release_m3s: -0.3",
            "trial.yaml:13: dam 'weir': release_m3s -0.3 is negative or not finite",
            id="a negative release",
        ),
        pytest.param(
            "mean_m3s: 0.12",
            "mean_m3s: -0.12",
            "trial.yaml:23: stations.Q1.taker.mean_m3s: -0.12 is below 1e-06",
            id="a negative take",
        ),
        pytest.param(
            "travel_min: 60",
            "travel_min: 2",
            "trial.yaml:8: reach 'upper': travel_min 2 is below 5",
            id="a wave faster than a step",
        ),
        pytest.param(
            "duration: 2d",
            "end: 2026-03-01",
            "trial.yaml:3: start: 2026-03-02T00:00:00+08:00 is not before the end",
            id="a start after the end",
        ),
        pytest.param(
            "duration: 2d",
            "duration: 7min",
            "trial.yaml:4: duration: must be whole steps of five minutes, at least one, and at most forty years",
            id="a broken step",
        ),
        pytest.param(
            "duration: 2d",
            "duration: soon",
            "trial.yaml:4: duration: 'soon' is no duration such as 7d, 1d 6h or 90min",
            id="no duration",
        ),
        pytest.param(
            "start: 2026-03-02",
            "start: 2026-02-30",
            "trial.yaml:3: start: '2026-02-30' is no time: a date (2026-03-01), "
            "an instant (2026-03-01T08:00:00+08:00), or so long after the start (1d 6h)",
            id="no day",
        ),
        pytest.param(
            "springs:",
            "sprigns:",
            "trial.yaml:10: sprigns: is no key of this place; did you mean springs or sinks?",
            id="an unknown key",
        ),
        pytest.param(
            "mean_m3s: 2.0}",
            "mean_m3s: 2.0, highest: 9}",
            "trial.yaml:19: stations.S1.section.highest: is no key of this place; did you mean highest_m3s?",
            id="an unknown key inside",
        ),
        pytest.param(
            "node: head, m3s: 1.8",
            "node: haed, m3s: 1.8",
            "trial.yaml:11: inflow 'source': node 'haed' is no node",
            id="an unknown node",
        ),
        pytest.param(
            "gateway: gw-one",
            "gateway: gw-on",
            'trial.yaml:16: defaults.gateway: "gw-on" is no gateway; did you mean gw-one?',
            id="an unknown gateway",
        ),
        pytest.param(
            "use: industry",
            "use: industrie",
            'trial.yaml:23: stations.Q1.taker.use: "industrie" is not one of domestic, industry, irrigation',
            id="an unknown use",
        ),
        pytest.param(
            "station: Q1, quantity",
            "station: Q2, quantity",
            'trial.yaml:25: faults.1.station: "Q2" is no station; known are Q1, S1',
            id="a fault of nobody",
        ),
        pytest.param(
            "kind: door, station: Q1, quantity: door",
            "kind: drift, station: Q1, quantity: door",
            "trial.yaml:25: faults.1: fault drift at 'Q1': door; it can have one of ['discharge', 'power', 'pump']",
            id="a fault that its sensor can't have",
        ),
        pytest.param(
            "from: 3h, to: 4h",
            "from: 5h, to: 4h",
            "trial.yaml:25: faults.1.to: ends before it begins: `to` must be after `from`",
            id="a fault that ends before it begins",
        ),
        pytest.param(
            "basis: day",
            "basis: daily",
            'trial.yaml:21: basis: "daily" is not one of instant, hour, day, ten_day, month',
            id="an unknown basis",
        ),
        pytest.param("value: 1.0", "value: one", 'trial.yaml:21: value: "one" is not a number', id="no number"),
        pytest.param(
            "  Q1:\n", "  S1:\n", 'trial.yaml:22: "S1" is given twice; first in line 18', id="a key given twice"
        ),
        pytest.param(
            "section: {node: head, mean_m3s: 2.0}",
            "name: S1",
            "trial.yaml:18: stations.S1: doesn't say what it is; write one of section, taker, reservoir, plant, well",
            id="a station that is nothing",
        ),
        pytest.param(
            "title:",
            "title: *base\nx:",
            "trial.yaml:1: anchors and aliases (& and *) are not read; write it out",
            id="an alias",
        ),
        pytest.param(
            "about: A trial",
            "about: !!python/object:os.system A",
            'trial.yaml:2: tags are not read, here "tag:yaml.org,2002:python/object:os.system"',
            id="a tag",
        ),
        pytest.param("about: A trial", "about: [" * 20, "trial.yaml:2: is nested deeper than 12 levels", id="too deep"),
        pytest.param(
            "reaches:",
            "\treaches:",
            "trial.yaml:7: is no YAML: found character '\\t' that cannot start any token",
            id="no YAML",
        ),
        pytest.param(
            "mean_m3s: 2.0",
            "mean_m3s: .inf",
            'trial.yaml:19: stations.S1.section.mean_m3s: ".inf" is no number',
            id="an endless flow",
        ),
        pytest.param(
            "mean_m3s: 2.0",
            'mean_m3s: "2.0"',
            'trial.yaml:19: stations.S1.section.mean_m3s: "2.0" is no number',
            id="a number in quotes",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line_and_its_value(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert GOOD.count(old) == 1 or old == "gateway: gw-one"
    assert mistakes(tmp_path, GOOD.replace(old, new)) == (said,)


def test_a_scenario_that_nobody_knows_is_named_with_those_that_are_like_it() -> None:
    with pytest.raises(ScenarioError) as raised:
        load("night-thef")
    assert raised.value.mistakes == (
        '"night-thef" is no scenario; did you mean night-theft? (or give the path of a .yaml file)',
    )


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"nowhere\.yaml: there is no such file"):
        load(tmp_path / "nowhere.yaml")


def test_all_mistakes_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD
    for old, new in (
        ("duration: 2d", "duration: 7min"),
        ("travel_min: 90", "travel_min: -90"),
        ("m3s: 1.8", "m3s: -1.8"),
        ("gw-one}", "gw-two}"),
        ("basis: day", "basis: daily"),
        ("use: industry", "use: ''"),
        ("station: Q1", "station: Q9"),
    ):
        assert old in text
        text = text.replace(old, new)
    found = mistakes(tmp_path, text)
    lines = [int(mistake.split(":")[1]) for mistake in found]
    assert lines == sorted(lines)
    assert set(lines) == {4, 9, 11, 16, 21, 23, 25}


def test_a_bomb_of_aliases_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    """Nine lines that would stand for a thousand million scalars."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (said,) = mistakes(tmp_path, "\n".join(levels))
    assert said == "trial.yaml:1: anchors and aliases (& and *) are not read; write it out"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("", "trial.yaml:1: holds no keys; a scenario is a mapping that begins with `title:`", id="empty"),
        pytest.param(
            "- a\n- b\n", "trial.yaml:1: holds no keys; a scenario is a mapping that begins with `title:`", id="a list"
        ),
        pytest.param(
            "x: " + "y" * 1_000_001,
            "trial.yaml: is larger than 1,000,000 bytes; write a large basin with `generate`",
            id="huge",
        ),
        pytest.param("{a: {b: c}: d}", "trial.yaml:1: is no YAML: ", id="broken"),
    ],
)
def test_what_is_no_scenario_at_all_is_said_so(tmp_path: Path, content: str, said: str) -> None:
    assert said in " ".join(mistakes(tmp_path, content))


def test_bytes_that_are_no_text_are_named_with_their_line(tmp_path: Path) -> None:
    file = tmp_path / "trial.yaml"
    file.write_bytes("title: 试\nabout: 试".encode("gbk"))
    with pytest.raises(ScenarioError, match=r"trial\.yaml:1: is not UTF-8"):
        load(file)


@pytest.mark.parametrize("cut", range(0, len(GOOD), 23))
def test_a_file_cut_short_never_ends_in_anything_but_mistakes(tmp_path: Path, cut: int) -> None:
    """An editor that crashed: whatever is left loads, or says what is missing."""
    text = GOOD[:cut]
    said = mistakes(tmp_path, text)
    assert all(mistake.startswith("trial.yaml") for mistake in said)
    assert said or cut > GOOD.index("faults:") - 2 or "S1" in text


def test_a_record_that_does_not_know_all_of_the_scenario_is_refused(tmp_path: Path) -> None:
    """Its file is looked for beside the scenario's."""
    (tmp_path / "river.csv").write_text(
        "time,q\n2018-07-01T00:00:00Z,1\n2018-07-01T01:00:00Z,2\n2018-07-01T02:00:00Z,\n"
    )
    record = GOOD.replace(
        "springs:\n  source: {node: head, m3s: 1.8}",
        "records:\n  source: {node: head, file: river.csv, column: q, from: 2018-07-01T00:00:00Z}",
    )
    (said,) = mistakes(tmp_path, record)
    assert said.startswith("trial.yaml:11: records.source.from: the record doesn't know 564 of the 576 steps")
    assert (
        mistakes(tmp_path, record.replace("duration: 2d", "duration: 1h").replace("from: 3h, to: 4h", "to: 30min"))
        == ()
    )


def test_a_record_that_is_not_there_or_has_no_such_column_is_named(tmp_path: Path) -> None:
    record = GOOD.replace("source: {node: head, m3s: 1.8}", "").replace(
        "springs:\n", "records:\n  source: {node: head, file: river.csv, column: q}\n"
    )
    (said,) = mistakes(tmp_path, record)
    assert said.startswith("trial.yaml:11: records.source.file: ")
    (tmp_path / "river.csv").write_text("time,flow\n2018-07-01T00:00:00Z,1\n")
    (said,) = mistakes(tmp_path, record)
    assert "no column 'q'; there are flow" in said
