"""Reports from the store: what they count is what a full recomputation counts, whatever the page and the place."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from dashboards.reports.place import Place
from dashboards.reports.wanted import Wanted
from hydro.errors import ConfigError
from hydro.flags import Flag
from hydro.quantity import Quantity
from hydro.series import SeriesIndex
from ingest.store_reader import STATE_KIND, STATE_VERSION, StoreReader
from storage.embedded import FILE_NAME, EmbeddedStore
from storage.state_file import StateFile
from storage.store import Keeping
from tests.alerting.eflow.judging import Bench, messages_of
from tests.oracle.oracle import judge as judged_by_oracle
from tests.oracle.parts import SHORTFALLS
from tests.oracle.stream import make_case
from tests.watermaster.stored_field import StoredField, at, ended
from watermaster.backtest import decoded

if TYPE_CHECKING:
    from pathlib import Path

    from hydro.register import Register

TARGETS = "station,quantity,from_day,to_day,value,basis,day_start_hour\n"

# attained, exempt -> percent, of the 365 days of 2025; source: DOMAIN, Shitai county 2025.
PUBLISHED = {
    (308, 46): 96.55,
    (335, 30): 100.0,
    (337, 5): 93.61,
    (326, 31): 97.60,
    (356, 0): 97.53,
    (353, 0): 96.71,
    (227, 126): 94.98,
    (365, 25): 100.0,
}


def test_the_published_tables_come_out_of_a_year_of_daily_values(tmp_path: Path) -> None:
    """Each station has one value a day: so many days meet the target, and of the others so many are exempt."""
    stations = [f"S{number},站{number},section,,,341722,,1440" for number in range(len(PUBLISHED))]
    targets = TARGETS + "".join(f"S{number},discharge,01-01,12-31,2,day,0\n" for number in range(len(PUBLISHED)))
    exempt = "station,from,to,reason,document\n"
    for number, (_, days) in enumerate(PUBLISHED):
        for day in range(365 - days, 365):  # the last days of the year, which are those that fail first
            exempt += f"S{number},{_date(day)},{_date(day)},枯水,文{day}\n"
    field = StoredField(tmp_path, stations, {"eflow_targets": targets, "exemptions": exempt})
    for number, (attained, _) in enumerate(PUBLISHED):
        field.measured(f"S{number}", ended("2025-01-01", 365, 1440), [3.0] * attained + [1.0] * (365 - attained))
    field.store()
    rows, following = field.reports().rows(Wanted("eflow-attainment", "2025"))
    assert following is None
    assert [(row["attained"], row["exempt"]) for row in rows] == list(PUBLISHED)
    assert [row["attainment"] for row in rows] == pytest.approx(list(PUBLISHED.values()), abs=0.01)
    assert [row["attainment_strict"] for row in rows][-1] == 100.0
    assert {row["completeness"] for row in rows} == {100.0}
    assert [row["pass"] for row in rows] == [True] * len(PUBLISHED)


def _date(day: int) -> str:
    from datetime import date, timedelta  # noqa: PLC0415  # only here

    return (date(2025, 1, 1) + timedelta(days=day)).isoformat()


def _kept(bench: Bench, folder: Path) -> StoredField:
    """The store as the service would have filled it from the records of a case."""
    register = bench.register
    index = SeriesIndex(register.stations)
    (folder / "var").mkdir()
    settings = bench.folder / "watermaster.yaml"
    settings.write_text(settings.read_text() + f'data_dir: "{folder / "var"}"\nstore:\n  url: "duckdb:"\n')

    async def fill() -> None:
        store = EmbeddedStore(folder / "var" / FILE_NAME)
        await store.ensure()
        state = StateFile(folder / "store.state", STATE_KIND, STATE_VERSION, sync="OFF")
        reader = StoreReader(index, state, 0)
        batches = decoded(
            messages_of(bench.records), register, index, prefix="watermaster/v1", max_age_days=400, batch=50
        )
        for found, _ in batches:
            asked = reader.unknown_keys(found)
            if asked:
                reader.recall(found, asked, await store.lookup(asked))
            await store.write(reader.step(found), index)
        state.close()
        await store.close()

    asyncio.run(fill())
    field = StoredField.__new__(StoredField)
    field.config, field.data_dir = bench.folder, folder / "var"
    field.reload()
    return field


def _month(register: Register, records: list[dict[str, Any]]) -> str:
    """The month in which most of the records lie."""
    times = sorted(str(record["received_at"]) for record in records)
    middle = times[len(times) // 2]
    if middle.isdigit():
        from hydro.instants import format_instant  # noqa: PLC0415  # only here

        middle = format_instant(int(middle), register.zone_minutes)
    return middle[:7]


_PARTS = SHORTFALLS | {"set_aside"}
"""Of what the oracle judges, that on which attainment rests."""


def _agrees_with_the_oracle(seed: int, folder: Path) -> int:
    """Compare a report with the independent slow implementation; how many lines were compared."""
    case = make_case(seed)
    bench = Bench(case, folder / "config")
    field = _kept(bench, folder)
    period = _month(field.register, bench.records)
    found = {row["target_id"]: row for row in field.reports().all_rows(Wanted("eflow-attainment", period))}
    following = {"12": f"{int(period[:4]) + 1}-01"}.get(period[5:], f"{period[:5]}{int(period[5:]) + 1:02d}")
    judged: dict[int, dict[object, dict[str, object]]] = {}
    for target_id, row in found.items():
        first = field.register.targets[str(target_id)][0]
        hour = first.day_start_hour if first.basis.value in ("day", "ten_day", "month") else 0
        if hour not in judged:
            start, end = f"{period}-01T{hour:02d}:00:00+08:00", f"{following}-01T{hour:02d}:00:00+08:00"
            _, lines = judged_by_oracle(bench.records, bench.folder, start=start, end=end, parts=_PARTS)
            judged[hour] = {line["target_id"]: dict(line) for line in lines}
        expected = judged[hour][target_id]
        expected.pop("timeliness")  # the store doesn't say when a value came
        assert {key: row[key] for key in expected} == expected
    return len(found)


def test_attainment_from_the_store_is_what_the_oracle_computes_anew_from_the_records(tmp_path: Path) -> None:
    """Duplicates, corrections, late and missing values, exemptions, ice, any basis and interval."""
    compared = 0
    for seed in (2, 3):
        (tmp_path / str(seed)).mkdir()
        compared += _agrees_with_the_oracle(seed, tmp_path / str(seed))
    assert compared >= 5


@pytest.mark.slow
@pytest.mark.parametrize("first", range(100, 160, 5))
def test_attainment_from_the_store_is_what_the_oracle_computes_in_many_cases(first: int, tmp_path: Path) -> None:
    compared = 0
    for seed in range(first, first + 5):
        (tmp_path / str(seed)).mkdir()
        compared += _agrees_with_the_oracle(seed, tmp_path / str(seed))
    assert compared >= 10


def _month_of_hours(tmp_path: Path) -> StoredField:
    """Three stations of two authorities and rivers, hourly values in March 2026."""
    field = StoredField(
        tmp_path,
        [],
        {
            "stations": "station,name,kind,basin,river,division,gateway,interval_min,authority\n"
            "A,甲,section,,赤水河,520382,,60,市局\nB,乙,plant,,赤水河,520382,,60,县局\nC,丙,section,,乌江,520304,,60,市局\n",
            "eflow_targets": TARGETS
            + "A,discharge,01-01,12-31,2,day,0\nB,discharge,01-01,12-31,2,day,8\nC,discharge,01-01,12-31,2,hour,0\n",
            "points": "station,quantity,min,max\nA,discharge,0,9\nA,voltage,0,20\nB,discharge,0,9\nC,discharge,0,9\n",
        },
    )
    hours = 32 * 24
    for station in "AB":
        field.measured(station, ended("2026-03-01", hours, 60), [3.0 if hour % 240 else 1.0 for hour in range(hours)])
    field.measured("C", ended("2026-03-01", 400, 60), [3.0] * 400)
    field.store()
    return field


def test_march_of_a_target_whose_day_begins_at_8_ends_on_the_first_of_april_at_8(tmp_path: Path) -> None:
    rows = _month_of_hours(tmp_path).reports().rows(Wanted("eflow-attainment", "2026-03"))[0]
    ranges = {row["station"]: (row["from"], row["to"], row["due"]) for row in rows}
    assert ranges["A"] == ("2026-03-01T00:00:00+08:00", "2026-04-01T00:00:00+08:00", 31)
    assert ranges["B"] == ("2026-03-01T08:00:00+08:00", "2026-04-01T08:00:00+08:00", 31)


@pytest.mark.parametrize("name", ["eflow-attainment", "data-quality"])
def test_the_pages_of_a_report_are_the_whole_report(tmp_path: Path, name: str) -> None:
    reports = _month_of_hours(tmp_path).reports()
    whole = list(reports.all_rows(Wanted(name, "2026-03")))
    pages, after = [], None
    while True:
        rows, after = reports.rows(Wanted(name, "2026-03"), after=after, limit=1)
        pages += rows
        if after is None:
            break
    assert pages == whole
    assert len(whole) >= 3


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Place(), "ABC"),
        (Place(division="520000"), "ABC"),
        (Place(division="520300"), "ABC"),
        (Place(division="520304"), "C"),
        (Place(division="530000"), ""),
        (Place(river="赤水河"), "AB"),
        (Place(authority="市局"), "AC"),
        (Place(authority="市局", river="赤水河"), "A"),
        (Place(station="B"), "B"),
    ],
    ids=str,
)
def test_a_place_holds_the_stations_that_have_all_of_it(tmp_path: Path, place: Place, expected: str) -> None:
    reports = _month_of_hours(tmp_path).reports()
    for name in ("eflow-attainment", "data-quality"):
        rows = list(reports.all_rows(Wanted(name, "2026-03", place)))
        assert sorted({str(row["station"]) for row in rows}) == list(expected)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted("eflow-attainment", "2026-13"), "2026-13"),
        (Wanted("eflow-attainment", "2028"), "has not begun"),
        (Wanted("eflow-attainment", "2026", Place(station="X")), "'X'"),
        (Wanted("eflow-attainment", "2026", Place(river="长江")), "长江"),
        (Wanted("eflow-attainment", "2026", Place(division="52")), "six digits"),
        (Wanted("nothing", "2026"), "eflow-attainment"),
    ],
    ids=str,
)
def test_what_can_not_be_meant_is_said(tmp_path: Path, wanted: Wanted, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        _month_of_hours(tmp_path).reports().rows(wanted)


def test_a_report_of_a_running_month_counts_up_to_now(tmp_path: Path) -> None:
    reports = _month_of_hours(tmp_path).reports("2026-03-11T12:30:00")
    head = reports.head(Wanted("eflow-attainment", "2026-03"))
    assert (head.end, head.is_over) == ("2026-03-11T12:30:00+08:00", False)
    rows = reports.rows(Wanted("eflow-attainment", "2026-03"))[0]
    assert {row["station"]: row["due"] for row in rows} == {"A": 10, "B": 10, "C": 252}


def test_series_of_which_nothing_came_are_in_the_report_of_quality(tmp_path: Path) -> None:
    """A's voltage is due by its limits and never came; C stops on the 17th at 16:00."""
    rows = {
        (row["station"], row["quantity"]): row
        for row in _month_of_hours(tmp_path).reports().all_rows(Wanted("data-quality", "2026-03"))
    }
    silent, short = rows["A", "voltage"], rows["C", "discharge"]
    assert (silent["due"], silent["arrived"], silent["last_time"], silent["longest_gap_min"]) == (744, 0, None, 44640)
    assert (short["due"], short["arrived"], short["completeness"]) == (744, 400, 53.76)
    assert (short["longest_gap_from"], short["longest_gap_min"]) == ("2026-03-17T16:00:00+08:00", 344 * 60)
    assert (short["timeliness"], short["timely"]) == (None, None)


def test_failed_and_missing_values_are_told_apart(tmp_path: Path) -> None:
    field = StoredField(tmp_path, ["A,甲,section,,,520382,,60"], {"points": "station,quantity,min,max\nA,stage,0,9\n"})
    hours = ended("2026-03-01", 24, 60)
    field.measured("A", hours[:10], [1.0] * 10, quantity=Quantity.STAGE)
    field.measured("A", hours[10:14], [99.0] * 4, quantity=Quantity.STAGE, flag=Flag.FAIL)
    field.measured("A", hours[14:20], [None] * 6, quantity=Quantity.STAGE)
    field.store()
    row = next(field.reports().all_rows(Wanted("data-quality", "2026-03-01")))
    assert [row[name] for name in ("due", "arrived", "valid", "values", "values_valid")] == [24, 14, 10, 14, 10]
    assert [row[name] for name in ("good", "fail", "missing")] == [10, 4, 6]
    assert (row["arrival"], row["completeness"], row["validity"]) == (58.33, 41.67, 71.43)


def test_nothing_is_judged_from_values_that_were_summed_up(tmp_path: Path) -> None:
    field = _month_of_hours(tmp_path)

    async def condense() -> None:
        store = EmbeddedStore(field.data_dir / FILE_NAME)
        await store.upkeep(at("2026-04-20T00:00:00"), Keeping(10, {"A": 60, "B": 60, "C": 60}, 480))
        await store.close()

    asyncio.run(condense())
    with pytest.raises(ConfigError, match="summed up"):
        field.reports().rows(Wanted("data-quality", "2026-03"))


def test_a_report_of_nothing_is_empty_and_says_of_what(tmp_path: Path) -> None:
    field = StoredField(tmp_path, ["A,甲,section,,,520382,,60"], {})
    field.store()
    for name in ("eflow-attainment", "data-quality", "alert-ledger"):
        assert field.reports().rows(Wanted(name, "2025-Q4")) == ([], None)
        assert json.dumps(field.reports().head(Wanted(name, "2025-Q4")).as_json())
