"""The figures of the house: on small trees made for it, each figure finds its fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.house import (
    causes,
    circles,
    facts,
    families,
    folders,
    functions,
    observations,
    severities,
)
from benchmarks.house.__main__ import main, measured
from benchmarks.house.figure import Figure, as_lines
from benchmarks.house.sources import SourceFile, Tree, read

FOR_TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"


class House:
    """A tree on disk that grows file by file."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str = "") -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    @property
    def tree(self) -> Tree:
        return read(self.root)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def named(figures: list[Figure], name: str) -> Figure:
    return next(figure for figure in figures if figure.name == name)


def folder_circles(house: House) -> Figure:
    return named(circles.figures(house.tree), "import circles of folders")


def file_circles(house: House) -> Figure:
    return named(circles.figures(house.tree), "import circles of files")


def two_folders(house: House, back: str) -> None:
    house.write("detection/scan/pods.py", "from detection.logs import lines\n")
    house.write("detection/logs/lines.py")
    house.write("detection/logs/errors.py", back)


def test_one_way_is_no_circle(house: House) -> None:
    two_folders(house, "import json\n")
    assert folder_circles(house).value == 0
    assert folder_circles(house).holds


@pytest.mark.parametrize(
    "back",
    [
        "from detection.scan import pods\n",
        "import detection.scan.pods\n",
        "from ..scan.pods import pod\n",
        "def late() -> None:\n    from detection.scan.pods import pod\n",
        f"{FOR_TYPES}    from detection.scan import pods\n",
    ],
    ids=["from", "import", "relative", "in a function", "for types"],
)
def test_two_folders_that_import_each_other_are_a_circle(house: House, back: str) -> None:
    two_folders(house, back)
    found = folder_circles(house)
    assert (found.value, found.holds) == (1, False)
    assert found.where == ("2: detection/logs, detection/scan",)
    assert file_circles(house).value == 0, "no file imports one that imports it"


def test_a_circle_of_three_apps_names_its_members(house: House) -> None:
    house.write("detection/a/x.py", "import remediation.b.x\n")
    house.write("remediation/b/x.py", "import kubewise_site.c.x\n")
    house.write("kubewise_site/c/x.py", "import detection.a.x\nimport detection.d.x\n")
    house.write("detection/d/x.py")
    assert folder_circles(house).where == ("3: detection/a, kubewise_site/c, remediation/b",)


def test_an_import_for_types_is_no_circle_of_files_that_run(house: House) -> None:
    house.write("detection/a/x.py", "import detection.a.y\n")
    house.write(
        "detection/a/y.py",
        f"{FOR_TYPES}    import detection.a.x\n",
    )
    assert file_circles(house).value == 0
    with_types = named(circles.figures(house.tree), "import circles of files, for types too")
    assert with_types.value == 1
    house.write("detection/a/y.py", "def late() -> None:\n    import detection.a.x\n")
    assert file_circles(house).where == ("2: detection/a/x.py, detection/a/y.py",)


def test_files_at_the_root_of_an_app_are_rooms_unless_the_app_is_flat(house: House) -> None:
    house.write("detection/tasks.py", "import detection.scan.pods\n")
    house.write("detection/scan/pods.py", "import detection.clients\n")
    house.write("detection/clients.py")
    assert folder_circles(house).value == 0
    for number in range(12):
        house.write(f"detection/m{number}.py")
    assert folder_circles(house).where == ("2: detection, detection/scan",)


def test_a_folder_of_thirteen(house: House) -> None:
    for number in range(12):
        house.write(f"detection/failures/f{number}.py")
    house.write("detection/failures/__init__.py")
    house.write("detection/migrations/0001_initial.py")
    found = named(folders.figures(house.tree), "largest folder of the product")
    assert (found.value, found.holds) == (12, True)
    house.write("detection/failures/one_more.py")
    found = named(folders.figures(house.tree), "largest folder of the product")
    assert (found.value, found.holds) == (13, False)
    assert found.where == ("detection/failures/: 13",)


def test_no_folder_at_all_is_no_good_news(house: House) -> None:
    found = named(folders.figures(house.tree), "largest folder of the simulator")
    assert (found.value, found.holds) == (None, False)


def complexity(text: str) -> int:
    (only,) = functions.functions_of(SourceFile("detection/x.py", text))
    return only.complexity


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("pass", 1),
        ("if a: pass\n elif b: pass\n else: pass", 3),
        ("for x in a: pass", 2),
        ("while a: pass", 2),
        ("try: pass\n except A: pass\n except B: pass\n else: pass", 4),
        ("match a:\n  case 1: pass\n  case 2: pass\n  case _: pass", 3),
        ("return a and b or c", 3),
        ("return a if b else c", 2),
        ("return [x for x in a if x if b]", 4),
        ("def inner():\n  if a: pass", 2),
        ("return lambda: a or b", 2),
    ],
)
def test_what_makes_a_function_complex(body: str, expected: int) -> None:
    assert complexity(f"def f(a, b, c):\n {body}\n") == expected


def branched(times: int) -> str:
    return "def f(a):\n" + "    if a: pass\n" * times


def test_more_than_sixty_complex_functions_break_the_bar(house: House) -> None:
    house.write("detection/x.py", "\n".join([branched(10)] * 60 + [branched(9)] * 5))
    name = "functions more complex than 10"
    assert named(functions.figures(house.tree), name).value == 60
    assert named(functions.figures(house.tree), name).holds
    house.write("simulator/x.py", branched(10))
    found = named(functions.figures(house.tree), name)
    assert (found.value, found.holds) == (61, False)
    assert "simulator/x.py:1 f: 11" in found.where


def test_long_functions_break_the_bar_of_the_ninth_tenth(house: House) -> None:
    short, long = "def f():\n    pass\n", "def f():\n" + "    pass\n" * 17
    house.write("detection/x.py", short * 9 + long)
    found = functions.figures(house.tree)
    assert named(found, "lines of functions, 90th percentile").value == 2
    house.write("detection/x.py", short * 8 + long * 2)
    ninth = named(functions.figures(house.tree), "lines of functions, 90th percentile")
    assert (ninth.value, ninth.holds) == (18, False)
    longest = named(functions.figures(house.tree), "longest function (lines)")
    assert (longest.value, longest.where) == (18, ("detection/x.py:17 f",))


@pytest.mark.parametrize(
    "read_",
    [
        'finding.facts["image"]',
        'facts["image"]',
        'finding.facts.get("image")',
        'stored_facts.pop("image", None)',
        "finding.facts[name]",
        'situation.fact("image")',
        'fact(finding, "image")',
        '"image" in finding.facts',
    ],
)
def test_a_fact_read_by_a_string_is_found(house: House, read_: str) -> None:
    house.write("remediation/playbooks/images.py", f"x = {read_}\n")
    (found,) = facts.figures(house.tree)
    assert (found.value, found.holds) == (1, False)
    assert found.where[0].startswith("remediation/playbooks/images.py:1 ")


def test_typed_facts_and_other_things_are_no_reads_by_a_string(house: House) -> None:
    text = (
        'x = finding.facts.image\ny = artifacts["a"]\nfinding.facts["a"] = 1\nz = fact.get("a")\n'
    )
    house.write("remediation/playbooks/images.py", text)
    (found,) = facts.figures(house.tree)
    assert (found.value, found.holds) == (0, True)


CAUSES = 'class Cause(StrEnum):\n    A = "A"\n    B = "B"\n    C = "C"\n'


def causes_figure(house: House, name: str) -> Figure:
    return named(causes.figures(house.tree), name)


@pytest.mark.parametrize(
    "order",
    [
        "FIRST = (Cause.A,)\nRANK = (*FIRST, Cause.B)\n",
        "ROWS = {Cause.A: Row(place=1), Cause.B: Row(place=2), Cause.C: Row()}\n",
        'ROWS: tuple[Info, ...] = (Info(Cause.A, "F1"), Info(Cause.B, "F2", of_users(Cause.C)))\n',
        "ROWS = (Info(title=Cause.C, cause=Cause.A), domain.Info(cause=Cause.B))\n",
    ],
    ids=["a list", "rows with a place", "rows in order", "rows in order, by keyword"],
)
def test_a_cause_without_a_place_in_the_order(house: House, order: str) -> None:
    name = "causes without a place in the order"
    house.write("detection/domain/causes.py", CAUSES)
    assert causes_figure(house, name).value is None
    house.write("detection/correlation/order.py", order)
    found = causes_figure(house, name)
    assert (found.value, found.where, found.holds) == (1, ("C",), False)


def test_an_order_of_all_causes_holds(house: House) -> None:
    house.write("detection/domain/causes.py", CAUSES)
    house.write("detection/order.py", "RANK = (Cause.A, Cause.C, Cause.B)\nFEW = (Cause.A,)\n")
    assert causes_figure(house, "causes without a place in the order").holds


def test_the_order_of_this_repository_breaks_without_one_of_its_rows() -> None:
    path = "detection/domain/causes.py"
    text = (Path(__file__).parents[2] / path).read_text(encoding="utf-8")
    name = "causes without a place in the order"
    assert named(causes.figures(Tree((SourceFile(path, text),))), name).holds
    without = text.replace("CauseInfo(Cause.NODE_NOT_READY,", "CauseInfo(*")
    found = named(causes.figures(Tree((SourceFile(path, without),))), name)
    assert (found.value, found.where) == (1, ("NODE_NOT_READY",))


def test_a_cause_without_a_playbook(house: House) -> None:
    name = "causes without a playbook"
    house.write("detection/domain/causes.py", CAUSES)
    assert causes_figure(house, name).value is None
    house.write("remediation/playbooks/x.py", "PLAYBOOKS = {Cause.A: Playbook(), Cause.B: Row()}\n")
    assert causes_figure(house, name).where == ("B", "C")
    house.write("remediation/playbooks/y.py", "PLAYBOOKS[Cause.B] = Playbook()\n")
    assert causes_figure(house, name).where == ("C",)
    house.write("remediation/playbooks/z.py", "ALL = {Cause.C: OTHER}\n")
    assert causes_figure(house, name).where == ("C",)
    house.write("remediation/playbooks/z.py", "ONE = base.Playbook()\nALL = {Cause.C: ONE}\n")
    assert causes_figure(house, name).holds


def test_no_enum_of_causes_is_no_good_news(house: House) -> None:
    house.write("detection/x.py", "ROWS = {Cause.A: Playbook(place=1)}\n")
    assert [figure.value for figure in causes.figures(house.tree)] == [None, None]


WIRED = "def observe():\n    return correlate(find_all(scan()))\n"


@pytest.mark.parametrize(
    "second",
    [
        WIRED,
        "from detection.failures import find_all as seek\nfound = seek(scan())\n",
        "def look():\n    return failures.find_all(scan())\n",
    ],
)
def test_a_second_wiring_of_an_observation(house: House, second: str) -> None:
    assert observations.figures(house.tree)[0].value is None
    house.write("detection/pipeline/observe.py", WIRED)
    assert observations.figures(house.tree)[0].holds
    house.write("remediation/diagnose/run.py", second)
    found = observations.figures(house.tree)[0]
    assert (found.value, found.holds) == (2, False)


def test_a_benchmark_that_wires_by_itself(house: House) -> None:
    house.write("benchmarks/load/snapshot.py", WIRED)
    product, aside = observations.figures(house.tree)
    assert product.value is None
    assert aside.where == ("benchmarks/load/snapshot.py:2",)
    assert not aside.holds


@pytest.mark.parametrize(
    "text",
    [
        'x = action.family == "rollback"\n',
        'x = action.name in ("scale", "rollback")\n',
        'BACK = "rollback"\nx = action.family != BACK\n',
        'match family:\n    case "rollback":\n        pass\n',
    ],
)
def test_a_comparison_with_an_actions_name(house: House, text: str) -> None:
    assert families.figures(house.tree)[0].value is None
    action = 'class Rollback(Action):\n    name = "rollback"\n    family: str = "rollback"\n'
    house.write("remediation/actions/rollback.py", action + text)
    assert families.figures(house.tree)[0].holds, "the catalogue itself may ask"
    house.write("remediation/policy/gates.py", text)
    (found,) = families.figures(house.tree)
    assert (found.value, found.holds) == (1, False)


def test_other_comparisons_are_none(house: House) -> None:
    house.write("remediation/actions/scale.py", 'class Scale:\n    name = family = "scale"\n')
    house.write("remediation/actions/rollback.py", 'class Rollback:\n    family = "rollback"\n')
    house.write("remediation/policy/gates.py", 'x = a.scale == b and c == "cart"\n')
    assert families.figures(house.tree)[0].value == 0


@pytest.mark.parametrize(
    "order",
    [
        "x = (Severity.INFO, Severity.WARNING, Severity.CRITICAL)\n",
        'x = ["critical", "warning", "info"]\n',
        'x = {"critical": 2, "warning": 1, "info": 0}\n',
        "x = list(Severity)\n",
        "x = Case(*(When(severity=s, then=Value(r)) for r, s in enumerate(Severity)))\n",
    ],
)
def test_a_second_order_of_severities(house: House, order: str) -> None:
    house.write("detection/domain/causes.py", order)
    house.write("detection/colours.py", 'x = {"critical": "red", "warning": "a", "info": "b"}\n')
    assert severities.figures(house.tree)[0].value == 1
    house.write("remediation/policy/gates.py", order)
    (found,) = severities.figures(house.tree)
    assert (found.value, found.holds) == (2, False)


def test_an_order_that_asks_each_severity_for_its_rank_is_no_second_one(house: House) -> None:
    house.write("detection/domain/causes.py", "x = list(Severity)\n")
    derived = "x = Case(*(When(severity=s, then=Value(-s.rank)) for s in Severity))\n"
    house.write("detection/admin/badges.py", derived)
    assert severities.figures(house.tree)[0].value == 1
    by_hand = "Case(When(severity=s, then=Value(s.rank)), When(severity='info', then=Value(9)))"
    house.write("detection/admin/badges.py", f"x = {by_hand}\n")
    assert severities.figures(house.tree)[0].where[0] == "detection/admin/badges.py:1"


def test_a_line_a_figure_and_the_places_below_a_broken_one() -> None:
    lines = as_lines(
        [
            Figure("good", 3, 12),
            Figure("bad", 9, 0, tuple("abc")),
            Figure("gone", None, 0),
            Figure("one", 0, 1, at_least=1),
        ],
        shown=2,
    )
    assert [line.split() for line in lines] == [
        ["good", "3", "at", "most", "12", "ok"],
        ["bad", "9", "0", "BROKEN"],
        ["a"],
        ["b"],
        ["and", "1", "more", "(--json", "lists", "all)"],
        ["gone", "not", "found", "0", "BROKEN"],
        ["one", "0", "1", "BROKEN"],
    ]


def test_the_command_ends_with_one_while_a_bar_is_broken(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.write("detection/domain/causes.py", CAUSES + "RANK = (Cause.A, Cause.B, Cause.C)\n")
    house.write("detection/pipeline/observe.py", WIRED)
    house.write("remediation/actions/scale.py", 'class Scale:\n    family = "scale"\n')
    house.write("benchmarks/x.py")
    house.write("simulator/x.py")
    house.write("tests/x.py")
    playbooks = "PLAYBOOKS = {Cause.A: Playbook(), Cause.B: Playbook(), Cause.C: Playbook()}\n"
    house.write("remediation/playbooks/x.py", playbooks)
    assert main(["--root", str(house.root)]) == 0
    assert "BROKEN" not in capsys.readouterr().out
    house.write("remediation/playbooks/y.py", 'x = finding.facts["image"]\n')
    assert main(["--root", str(house.root), "--json"]) == 1
    broken = [f for f in json.loads(capsys.readouterr().out) if not f["holds"]]
    assert [f["name"] for f in broken] == ["reads of facts by a string"]
    assert broken[0]["where"] == ["remediation/playbooks/y.py:1 finding.facts['image']"]


def test_the_repository_itself_is_measured() -> None:
    """Each figure finds what it looks for here; what it says is for `make house`."""
    found = measured(Path(__file__).parents[2])
    assert len({figure.name for figure in found}) == len(found)
    assert named(found, "largest folder of the product").value
    assert named(found, "causes without a place in the order").value is not None
    assert named(found, "wirings of an observation").value
    assert named(found, "comparisons with an action's name").value is not None
