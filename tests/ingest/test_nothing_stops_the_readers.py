"""Whatever a sender sends, every stage behind the codec takes it: one message must not stop the service for good."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerting.rules_reader import STATE_KIND as RULES
from alerting.rules_reader import STATE_VERSION as RULES_VERSION
from alerting.rules_reader import RulesReader
from hydro.instants import format_instant, parse_instant
from hydro.series import SeriesIndex
from ingest.decode import Decoder, TickSource
from ingest.store_reader import STATE_KIND, STATE_VERSION, StoreReader
from storage.dead_letters import DeadLetterFile, StoredDeadLetter
from storage.lineprotocol import LineEncoder
from storage.state_file import StateFile
from tests.ingest.example_register import make_register

if TYPE_CHECKING:
    from pathlib import Path

NOW = parse_instant("2026-03-01T08:00:00", 480)
TARGETS = "station,quantity,from_day,to_day,value,basis\n" + "".join(
    f"A,discharge,01-01,12-31,2.0,{basis}\n" for basis in ("instant", "hour", "day")
)


def take(folder: Path, *payloads: bytes, topic: str = "watermaster/v1/g/up/json") -> int:
    """Run messages through every stage, with snapshots and a restart; how many readings were stored."""
    register = make_register({"eflow_targets": TARGETS})
    index = SeriesIndex(register.stations)
    decoder = Decoder(register, index, prefix="watermaster/v1", max_age_days=0, ticks=TickSource.HEARTBEAT)
    received = np.full(len(payloads), NOW, np.int64)
    batch = decoder.decode(1, [topic] * len(payloads), list(payloads), received)
    letters = DeadLetterFile(folder / "letters")
    letters.add(StoredDeadLetter(*letter) for letter in batch.dead_letters)
    assert len(letters.newest(1_000)) == len(batch.dead_letters)
    letters.close()
    with StateFile(folder / "store", STATE_KIND, STATE_VERSION, sync="OFF") as state:
        reader = StoreReader(index, state, 0)
        asked = reader.unknown_keys(batch)
        if asked:
            reader.recall(batch, asked, {})
        LineEncoder(index).encode(reader.step(batch))
        assert reader.save()
        stored = StoreReader(index, state, 0).totals.observations_stored
    with StateFile(folder / "rules", RULES, RULES_VERSION, sync="OFF") as state:
        rules = RulesReader(register, index, state, None)
        rules.step(batch)
        rules.save()
        RulesReader(register, index, state, None).finish(None)
    for row in batch.observations.event_time.tolist():
        assert format_instant(row, 480)
    return stored


@pytest.mark.parametrize(
    "payload",
    [
        b'{"station":"\\ud800","time":1772323200000,"seq":1,"values":{"discharge":1}}',
        b'{"station":"A","time":1772323200000,"seq":36893488147419103232,"values":{"discharge":1}}',
        b'{"station":"A","time":1772323200000,"seq":-9223372036854775809,"values":{"discharge":1}}',
        b'{"station":"A","time":-9000000000000000,"values":{"discharge":1}}',
        b'{"station":"A","time":"0001-01-01T00:00:00Z","values":{"discharge":1}}',
        b'{"station":"A","time":"9999-12-31T23:59:59-14:00","values":{"discharge":1}}',
        b'{"station":"A","time":-9200000000000,"values":{"discharge":1}}',
        b'{"station":"A","time":1772323200000,"values":{"discharge":9e12}}',
        b'{"station":"A","time":1772323200000,"values":{"\\udfff":1}}',
        b'{"station":"A","time":1772323200000,"values":{"discharge":1},"units":{"discharge":"\\ud800"}}',
        b'{"station":"' + b"x" * 1_000_000 + b'","time":1772323200000,"values":{"discharge":1}}',
    ],
)
def test_odd_but_legal_json_is_taken_by_every_stage(payload: bytes, tmp_path: Path) -> None:
    good = b'{"station":"A","time":1772323200000,"values":{"stage":1}}'
    assert take(tmp_path, payload, good) >= 1


_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just(NOW)
_ELEMENTS = st.fixed_dictionaries(
    {"station": st.sampled_from(["A", "B", "\ud800"]) | st.text(max_size=4)},
    optional={
        "time": st.integers() | st.just(NOW) | st.text(max_size=4) | st.datetimes().map(lambda at: at.isoformat()),
        "seq": st.integers(),
        "values": st.dictionaries(st.sampled_from(["discharge", "stage"]) | st.text(max_size=4), _VALUES, max_size=3)
        | st.lists(_VALUES, max_size=3),
        "quantity": st.sampled_from(["discharge", "x"]),
        "times": st.lists(st.integers() | st.just(NOW), max_size=3),
        "units": st.dictionaries(st.sampled_from(["discharge"]), st.text(max_size=4), max_size=1),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(elements=st.lists(_ELEMENTS, max_size=4))
def test_arbitrary_elements_are_taken_by_every_stage(
    tmp_path_factory: pytest.TempPathFactory, elements: list[object]
) -> None:
    take(tmp_path_factory.mktemp("stages"), json.dumps(elements).encode())


@settings(max_examples=60, deadline=None)
@given(payload=st.binary(max_size=80), wire=st.sampled_from(["json", "sl651", "slt427"]))
def test_arbitrary_bytes_are_taken_by_every_stage(
    tmp_path_factory: pytest.TempPathFactory, payload: bytes, wire: str
) -> None:
    take(tmp_path_factory.mktemp("stages"), payload, topic=f"watermaster/v1/g/up/{wire}")
