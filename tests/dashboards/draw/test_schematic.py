"""The schematic: every station is there, told by more than colour, and nothing written covers anything."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import pytest

from dashboards.console.draw import schematic
from dashboards.console.draw.model import Layout, Mark, RiverLine, RiverSystem, State
from dashboards.console.draw.schematic import WIDE_PX
from dashboards.console.draw.schematic.gather import MANY
from dashboards.console.draw.schematic.glyphs import outline
from dashboards.console.draw.schematic.labels import Box
from dashboards.console.draw.schematic.tall import tall_scene
from dashboards.console.draw.schematic.wide import wide_scene
from dashboards.console.draw.words import letter
from hydro.register import SectionRole, StationKind
from simulators.scenario import load
from tests.dashboards.draw.pictures import parsed, random_system, texts, with_class

if TYPE_CHECKING:
    from dashboards.console.draw.model import Lang
    from dashboards.console.draw.schematic.scene import River, Scene

MACHAOTAN = "520122S003"
SYSTEMS = [
    (seed, stations, rivers)
    for seed, stations in enumerate((1, 2, 5, 9, 14, 20, 27, 33, 40, 40))
    for rivers in (1, 4, 9)
]


def scene(system: RiverSystem, layout: Layout) -> Scene:
    return wide_scene(system, WIDE_PX) if layout is Layout.WIDE else tall_scene(system, 360)


def texts_of(drawn: Scene) -> list[tuple[str, Box]]:
    lines = [(line.text, line.box) for spot in drawn.stations for line in spot.lines]
    return lines + [(river.name.text, river.name.box) for river in drawn.rivers]


def marks_of(drawn: Scene) -> list[Box]:
    return [
        Box(spot.x - spot.radius, spot.y - spot.radius, spot.x + spot.radius, spot.y + spot.radius)
        for spot in drawn.stations
    ]


def one(**changes: object) -> RiverSystem:
    system = random_system(3, 1, 1)
    return replace(system, marks=(replace(system.marks[0], **changes),))  # type: ignore[arg-type]  # each test knows


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize(("seed", "stations", "rivers"), SYSTEMS)
def test_no_text_covers_another_text_or_a_mark(seed: int, stations: int, rivers: int, layout: Layout) -> None:
    drawn = scene(random_system(seed, stations, rivers), layout)
    written = texts_of(drawn)
    for (text, box), (other, other_box) in combinations(written, 2):
        assert not box.meets(other_box), (text, other)
    for text, box in written:
        assert not any(box.meets(mark) for mark in marks_of(drawn)), text


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize(("seed", "stations", "rivers"), SYSTEMS)
def test_no_mark_covers_another_and_all_lie_on_the_sheet(seed: int, stations: int, rivers: int, layout: Layout) -> None:
    drawn = scene(random_system(seed, stations, rivers), layout)
    for box, other in combinations(marks_of(drawn), 2):
        assert not box.meets(other)
    sheet = Box(0, 0, drawn.width, drawn.height)
    for box in [*marks_of(drawn), *(box for _, box in texts_of(drawn))]:
        assert box.within(sheet)


@pytest.mark.parametrize(("seed", "stations", "rivers"), SYSTEMS)
def test_leaders_cross_neither_text_nor_marks(seed: int, stations: int, rivers: int) -> None:
    drawn = scene(random_system(seed, stations, rivers), Layout.WIDE)
    for spot in drawn.stations:
        if spot.leader is None:
            continue
        (x, top), (_, bottom) = spot.leader
        line = Box(x - 0.5, min(top, bottom), x + 0.5, max(top, bottom))
        assert not any(line.meets(box) for _, box in texts_of(drawn))
        assert not any(line.meets(box) for box in marks_of(drawn))


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("seed", range(30))
def test_rivers_meet_only_where_they_join(seed: int, layout: Layout) -> None:
    drawn = scene(random_system(seed, 12, 7), layout)
    for river, other in combinations(drawn.rivers, 2):
        crossings = _crossings(river, other)
        ends = [knots[-1] for knots in (river.knots, other.knots)]
        for x, y in crossings:
            assert any(abs(end.x - x) <= 24 and abs(end.y - y) <= 12 for end in ends), (river.name.text, x, y)


def _crossings(river: River, other: River) -> list[tuple[float, float]]:
    found = []
    for a, b in pairwise(river.knots):
        for c, d in pairwise(other.knots):
            area = (b.x - a.x) * (d.y - c.y) - (b.y - a.y) * (d.x - c.x)
            if abs(area) < 1e-9:
                continue
            along = ((c.x - a.x) * (d.y - c.y) - (c.y - a.y) * (d.x - c.x)) / area
            across = ((c.x - a.x) * (b.y - a.y) - (c.y - a.y) * (b.x - a.x)) / area
            if 0 <= along <= 1 and 0 <= across <= 1:
                found.append((a.x + along * (b.x - a.x), a.y + along * (b.y - a.y)))
    return found


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize(("seed", "stations", "rivers"), SYSTEMS)
def test_every_station_is_a_link_with_a_name_for_screen_readers(
    seed: int, stations: int, rivers: int, layout: Layout
) -> None:
    system = random_system(seed, stations, rivers)
    tree = parsed(schematic.draw(system, layout))
    links = {link.get("data-station"): link for link in tree.iter("a")}
    assert links.keys() == {mark.code for mark in system.marks}
    for mark in system.marks:
        link = links[mark.code]
        told = link.get("aria-label", "")
        assert link.get("href") == mark.href
        assert mark.name in told
        assert mark.code in told
        title = link.find("title")
        assert title is not None
        assert title.text == told
    assert tree.get("role") == "group"  # an image would hide its links


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("seed", range(8))
def test_few_names_are_left_out_and_they_are_counted(seed: int, layout: Layout) -> None:
    system = random_system(seed, 14, 4)
    tree = parsed(schematic.draw(system, layout))
    named = {element.text for element in with_class(tree, "wm-name")}
    drawn = scene(system, layout)
    nameless = [spot for spot in drawn.stations if not spot.lines]
    assert drawn.unlabelled == len(nameless)
    assert len(nameless) <= 3
    assert len(named) >= 11
    assert any(text.startswith("+") for text in texts(tree)) is bool(nameless)


def test_who_fires_or_is_selected_gets_a_name_before_others() -> None:
    system = random_system(11, 40, 1)
    marks = tuple(replace(mark, state=State.OK, selected=False, value_text="1.00 m³/s") for mark in system.marks)
    chosen = random.Random(1).sample(range(40), 6)
    marked = [replace(mark, state=State.RED) if place in chosen else mark for place, mark in enumerate(marks)]
    drawn = wide_scene(replace(system, marks=tuple(marked)), 1120)
    for spot in drawn.stations:
        assert spot.lines or spot.marks[0].state is State.OK


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_state_is_told_by_letter_or_outline_and_not_by_colour_alone(layout: Layout, state: State, lang: Lang) -> None:
    tree = parsed(schematic.draw(replace(one(state=state), lang=lang), layout))
    glyphs = with_class(tree, "wm-glyph")
    assert [glyph.get("class", "").split()[-1] for glyph in glyphs] == [f"state-{state.value.replace('_', '-')}"]
    letters = [element.text for element in with_class(tree, "wm-letter")]
    expected = letter(state, lang)
    assert letters == ([expected] if expected else [])
    assert bool(with_class(tree, "wm-halo")) is state.firing


def test_states_that_need_a_look_have_letters_of_their_own() -> None:
    for letters in ([letter(state, "zh") for state in State], [letter(state, "en") for state in State]):
        shown = [text for text in letters if text]
        assert len(shown) == len(set(shown)) == len(State) - 2


def test_kinds_differ_in_shape() -> None:
    kinds = [kind.value for kind in StationKind] + ["dam"]
    assert len({outline(kind, 0, 0, 9) for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("layout", Layout)
def test_an_alert_nobody_verified_is_called_suspected(layout: Layout) -> None:
    red = {"state": State.RED, "value_text": "0.10 m³/s"}
    suspected = schematic.draw(one(suspected=True, **red), layout)
    sure = schematic.draw(one(suspected=False, **red), layout)
    assert "疑似红色告警" in suspected
    assert any("疑似" in text for text in texts(parsed(suspected)))
    assert "疑似" not in sure


@pytest.mark.parametrize("layout", Layout)
def test_dam_and_tailrace_of_one_plant_have_a_canal_between_them(layout: Layout) -> None:
    def section(code: str, role: SectionRole, km: float, plant: str = "EX01", river: str = "a") -> Mark:
        state = State.OK
        return Mark(
            code=code,
            name=code,
            kind=StationKind.PLANT,
            river=river,
            role=role,
            plant=plant,
            chainage_km=km,
            state=state,
        )

    def canals(*marks: Mark) -> int:
        rivers = (RiverLine(river="a", name="赤水河"),)
        tree = parsed(schematic.draw(RiverSystem(title="", rivers=rivers, marks=marks), layout))
        return len(with_class(tree, "wm-diversion"))

    dam, tailrace = section("1", SectionRole.DAM, 20), section("2", SectionRole.TAILRACE, 10)
    assert canals(dam, tailrace) == canals(tailrace, dam) == 1
    assert canals(dam, replace(tailrace, plant="EX02")) == 0
    assert canals(replace(dam, plant=""), replace(tailrace, plant="")) == 0
    assert canals(dam, replace(tailrace, river="b")) == 0
    assert canals(replace(dam, chainage_km=5.0), tailrace) == 0  # a tailrace above its dam: a mistake of the register
    between = [replace(section(str(km), SectionRole.RIVER, km, plant=""), kind=StationKind.SECTION) for km in (17, 15)]
    assert canals(dam, *between, tailrace) == 1
    inside = [section("3", SectionRole.DAM, 17, plant="EX02"), section("4", SectionRole.TAILRACE, 5, plant="EX02")]
    assert canals(dam, *inside, tailrace) == 1  # two canals would cross


def diverted(seed: int, passed: int, tributaries: int) -> RiverSystem:
    """A plant, what stands on its diverted reach, and what stands and joins elsewhere."""
    chance = random.Random(seed)
    system = random_system(seed, 14, 1)
    river = system.rivers[0]
    plain = [replace(mark, role=None, plant="", river=river.river) for mark in system.marks]
    reach = [replace(mark, chainage_km=50 - 10 * (n + 1) / (passed + 1)) for n, mark in enumerate(plain[:passed])]
    others = [
        replace(mark, chainage_km=chance.choice((chance.uniform(55, 90), chance.uniform(1, 35)))) for mark in plain[6:]
    ]
    ends = [
        replace(mark, kind=StationKind.PLANT, role=role, plant="EX01", chainage_km=km)
        for mark, role, km in zip(plain[4:6], (SectionRole.DAM, SectionRole.TAILRACE), (50.0, 40.0), strict=True)
    ]
    streams = tuple(
        RiverLine(river=f"t{n}", name=f"支流{n}", into=river.river, into_km=chance.uniform(5, 80))
        for n in range(tributaries)
    )
    onto = [
        replace(mark, river=f"t{n % tributaries}") if tributaries and n % 3 == 0 else mark
        for n, mark in enumerate(others)
    ]
    marks = (*reach, *ends, *onto)
    return replace(system, rivers=(replace(river, length_km=100.0), *streams), marks=marks)


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("passed", "tributaries"), [(0, 0), (1, 0), (2, 2), (4, 3)])
def test_a_canal_passes_over_stations_without_covering_them(
    layout: Layout, seed: int, passed: int, tributaries: int
) -> None:
    drawn = scene(diverted(seed, passed, tributaries), layout)
    if not tributaries:
        assert len(drawn.diversions) == 1
    for diversion in drawn.diversions:
        x, y = diversion.powerhouse
        house = Box(x - 9, y - 10, x + 9, y + 8)
        # From behind the dam to before the tailrace: there the canal leaves the river and joins it.
        course = [Box(x - 2, y - 2, x + 2, y + 2) for x, y in _along(diversion.canal)[4:-4]]
        for covered in (house, *course):
            assert not any(covered.meets(box) for _, box in texts_of(drawn))
            assert not any(covered.meets(mark) for mark in marks_of(drawn))


def _along(path: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """Points of a Bézier path, a dozen for each of its curves."""
    found = [path[0]]
    for first in range(0, len(path) - 1, 3):
        ends = path[first : first + 4]
        for turn in (step / 12 for step in range(1, 13)):
            weights = ((1 - turn) ** 3, 3 * turn * (1 - turn) ** 2, 3 * turn**2 * (1 - turn), turn**3)
            x, y = (sum(weight * end[axis] for weight, end in zip(weights, ends, strict=True)) for axis in (0, 1))
            found.append((x, y))
    return found


@pytest.mark.parametrize("layout", Layout)
def test_water_that_is_in_the_canal_is_missing_in_the_river(layout: Layout) -> None:
    drawn = scene(diverted(1, 2, 0), layout)
    dam, tailrace = (
        next(s for s in drawn.stations if s.marks[0].role is role) for role in (SectionRole.DAM, SectionRole.TAILRACE)
    )
    (river,) = drawn.rivers
    axis = 0 if layout is Layout.WIDE else 1
    start, end = ((spot.x, spot.y)[axis] for spot in (dam, tailrace))
    between = [knot.half for knot in river.knots if start < knot[axis] < end - 16]
    above = [knot.half for knot in river.knots if start - 60 < knot[axis] < start - 16]
    assert max(between) < min(above)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("state", [State.OK, State.SILENT])
def test_a_basin_as_large_as_the_demo_has_all_its_names(lang: Lang, state: State) -> None:
    drawn = wide_scene(demo_basin(lang, state), WIDE_PX)
    assert len(drawn.stations) == 24
    assert all(spot.lines for spot in drawn.stations)
    assert len(drawn.diversions) == 1


def demo_basin(lang: Lang, state: State) -> RiverSystem:
    """The demo's, with Machaotan firing and everything else in one state."""
    tables = load("demo").tables
    name = "name" if lang == "zh" else "name_en"
    marks = tuple(
        Mark(
            code=row["station"],
            name=row[name],
            kind=StationKind(row["kind"]),
            river=row["river"],
            state=State.ORANGE if row["station"] == MACHAOTAN else state,
            suspected=True,
            selected=row["station"] == MACHAOTAN,
            role=SectionRole(row["section_role"]) if row["section_role"] else None,
            plant=row["plant"],
            chainage_km=float(row["chainage_km"]),
            value_text="0.953 m³/s",
            target_text="≥ 0.95" if row["kind"] in ("section", "plant") else None,
            age_s=86_000,
        )
        for row in tables["stations"]
    )
    rivers = tuple(
        RiverLine(
            river=row["river"],
            name=row["river"] if lang == "zh" else row["name_en"],
            into=row["into"] or None,
            into_km=float(row["into_km"]) if row["into_km"] else None,
            length_km=float(row["length_km"]),
        )
        for row in tables["rivers"]
        if row["length_km"]
    )
    return RiverSystem(title="", rivers=rivers, marks=marks, lang=lang)


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("rivers", [1, 30])
def test_hundreds_of_stations_stay_on_a_sheet_of_bounded_size(layout: Layout, rivers: int) -> None:
    system = random_system(5, 300, rivers)
    svg = schematic.draw(system, layout)
    tree = parsed(svg)
    _, _, width, height = map(float, tree.get("viewBox", "").split())
    assert width <= 3000
    assert height <= 12_000
    assert len(svg) < 600_000
    drawn = scene(system, layout)
    assert sum(len(spot.marks) for spot in drawn.stations) == 300
    for (text, box), (other, other_box) in combinations(texts_of(drawn), 2):
        assert not box.meets(other_box), (text, other)


@pytest.mark.parametrize("layout", Layout)
def test_among_hundreds_who_needs_a_look_still_has_a_letter(layout: Layout) -> None:
    system = random_system(7, 300, 25)
    drawn = scene(system, layout)
    firing = [spot for spot in drawn.stations if any(mark.state.firing for mark in spot.marks)]
    tree = parsed(schematic.draw(system, layout))
    letters = [element.text or "" for element in with_class(tree, "wm-letter")]
    for spot in firing:
        worst = max((mark.state for mark in spot.marks), key=lambda state: state.severity)
        shown = letter(worst, "zh") if len(spot.marks) == 1 else str(len(spot.marks))
        assert shown in letters
    single = [spot for spot in firing if len(spot.marks) == 1]
    assert len([text for text in letters if text in "蓝黄橙红"]) == len(single) > 0
    for box, other in combinations(marks_of(drawn), 2):
        assert not box.meets(other)


def test_stations_are_gathered_only_when_there_are_many() -> None:
    assert all(len(spot.marks) == 1 for spot in wide_scene(random_system(1, MANY, 1), 1120).stations)
    assert any(len(spot.marks) > 1 for spot in wide_scene(random_system(1, MANY + 1, 1), 1120).stations)


@pytest.mark.parametrize("layout", Layout)
def test_without_stations_it_says_so(layout: Layout) -> None:
    rivers = (RiverLine(river="a", name="赤水河"),)
    assert "登记册中还没有测站" in texts(parsed(schematic.draw(RiverSystem(title="", rivers=rivers, marks=()), layout)))


@pytest.mark.parametrize("layout", Layout)
def test_the_selected_station_is_marked_for_eyes_and_ears(layout: Layout) -> None:
    tree = parsed(schematic.draw(random_system(1, 9, 2), layout))
    selected = [link for link in tree.iter("a") if link.get("aria-current") == "true"]
    assert [link.get("data-station") for link in selected] == ["5201000000"]
    assert len(with_class(tree, "wm-ring")) == 1


@pytest.mark.parametrize("width", [280, 360, 480])
def test_names_are_cut_to_the_width_of_a_phone(width: int) -> None:
    drawn = tall_scene(random_system(4, 20, 5), width)
    assert drawn.width == width
    for text, box in texts_of(drawn):
        assert box.right <= width, text


def test_water_runs_to_the_right_or_down() -> None:
    system = random_system(8, 20, 4)
    for river in wide_scene(system, 1120).rivers:
        assert all(other.x > one.x for one, other in pairwise(river.knots))
    for river in tall_scene(system, 360).rivers:
        assert all(other.y > one.y for one, other in pairwise(river.knots))
