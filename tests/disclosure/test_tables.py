import itertools
import random

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicenlp.disclosure.bounds import Bounds
from voicenlp.disclosure.cells import layout
from voicenlp.disclosure.policies import load_policy
from voicenlp.disclosure.suppression import unsafe
from voicenlp.disclosure.tables import protect
from voicenlp.errors import InputError, UsageError

CLA, CIN = "dfe-looked-after", "dfe-children-in-need"


def crossed(cells, dimensions=("a", "b")):
    """A table with all its totals, of the inner cells."""
    sums = {}
    for group, value in cells.items():
        for mask in itertools.product((False, True), repeat=len(group)):
            key = tuple("Total" if hide else part for hide, part in zip(mask, group, strict=True))
            sums[key] = sums.get(key, 0) + value
    return pa.table({**{name: [key[at] for key in sums] for at, name in enumerate(dimensions)}, "n": list(sums.values())})


def shown(table, **options):
    options = {"dimensions": ["a", "b"], "counts": ["n"], **options}
    result = protect(table, options.pop("policy", CLA), **options)
    rows = result.table.to_pylist()
    return {tuple(row[name] for name in options["dimensions"]): row[options["counts"][0]] for row in rows}, result


def possible(cells, known):
    """Every table of whole numbers that looks as it does from outside, by trying them all: hidden cells at least 1, shown ones as shown."""
    (x, y), (u, v) = (sorted({group[at] for group in cells}) for at in (0, 1))
    groups = [(x, u), (x, v), (y, u), (y, v), (x, "Total"), (y, "Total"), ("Total", u), ("Total", v), ("Total", "Total")]
    fixed = [None if known[group] == "c" else int(known[group]) for group in groups]
    for a, b, c, d in itertools.product(*(range(1, 15) if one is None else [one] for one in fixed[:4])):
        values = (a, b, c, d, a + b, c + d, a + c, b + d, a + b + c + d)
        if all(one is None or one == value for one, value in zip(fixed, values, strict=True)):
            yield dict(zip(groups, values, strict=True))


def test_a_small_cell_is_hidden_and_three_others_with_it():
    cells, result = shown(crossed({("x", "u"): 3, ("x", "v"): 20, ("y", "u"): 15, ("y", "v"): 12}))
    assert {group for group, cell in cells.items() if cell == "c"} == {("x", "u"), ("x", "v"), ("y", "u"), ("y", "v")}
    assert cells["Total", "Total"] == "50" and cells["x", "Total"] == "23"
    assert result.log["small"] == 1 and result.log["secondary"] == 3


def test_zeros_are_shown_and_all_equal_cells_do_not_give_themselves_away():
    # six cells of one child each under a total of 6 would be known if that total stood there, since none can be 0
    table = pa.table({"a": [*"uvwxyz", "p", "Total"], "n": [1, 1, 1, 1, 1, 1, 0, 6]})
    cells, _ = shown(table, dimensions=["a"])
    assert cells[("p",)] == "0" and cells[("Total",)] == "c"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_no_small_cell_can_be_told_by_trying_every_table(values):
    cells = dict(zip([("x", "u"), ("x", "v"), ("y", "u"), ("y", "v")], values, strict=True))
    table = crossed(cells)
    known, _ = shown(table)
    true = {(row["a"], row["b"]): row["n"] for row in table.to_pylist()}
    small = [group for group, value in true.items() if 1 <= value <= 5]
    assert all(known[group] == "c" for group in small)
    assert all(known[group] == "0" for group, value in true.items() if value == 0)
    if small:
        tables = list(possible(cells, known))
        for group in small:
            # a total of several cells that are not zero can't be less than their number, and everybody sees which are zero
            least = sum(
                value > 0 for inner, value in cells.items() if all(part in ("Total", own) for part, own in zip(group, inner, strict=True))
            )
            assert set(range(least, 6)) <= {other[group] for other in tables}, group
        for group, cell in known.items():
            assert cell != "c" or len({other[group] for other in tables}) > 1


@pytest.mark.parametrize("seed", range(4))
def test_three_dimensions_stay_safe(seed):
    draw = random.Random(seed)
    cells = {group: draw.choice([0, 1, 2, 4, 7, 12, 30]) for group in itertools.product("xy", "uvw", "pq")}
    table = crossed(cells, ("a", "b", "c"))
    known, _ = shown(table, dimensions=["a", "b", "c"])
    found, values = layout(table, ["a", "b", "c"], ["n"]), table["n"].to_pylist()
    hidden = {place for place, cell in enumerate(found.cells) if known[cell.group] == "c"}
    lower = [1 if place in hidden else value for place, value in enumerate(values)]
    upper = [float("inf") if place in hidden else value for place, value in enumerate(values)]
    for place, value in enumerate(values):  # without the true table as a first guess, unlike what protect() proves for itself
        if 1 <= value <= 5:
            group = found.cells[place].group
            cover = [value for inner, value in cells.items() if all(part in ("Total", own) for part, own in zip(group, inner, strict=True))]
            least, most = Bounds(lower, upper, found.sums).range(place)
            assert least <= sum(value > 0 for value in cover) and most >= 5 and least < most


def test_the_checker_sees_what_is_not_safe():
    table = crossed({("x", "u"): 3, ("x", "v"): 20, ("y", "u"): 15, ("y", "v"): 12})
    found, values = layout(table, ["a", "b"], ["n"]), table["n"].to_pylist()
    place = {cell.group: at for at, cell in enumerate(found.cells)}
    policy = load_policy(CLA)
    one, row = {place["x", "u"]}, {place["x", "u"], place["x", "v"]}
    assert unsafe(found, values, one, policy) == {place["x", "u"]: (3, 3)}
    assert unsafe(found, values, row, policy) == {place["x", "u"]: (3, 3), place["x", "v"]: (20, 20)}


def test_the_rest_of_a_whole_is_protected_too():
    # 40 children, of whom 38 were seen: two were not, though no column says so
    table = pa.table({"a": ["x", "y", "Total"], "children": [40, 50, 90], "seen": [38, 25, 63], "share": [95.0, 50.0, 70.0]})
    result = protect(table, CLA, dimensions=["a"], counts=["children", "seen"], rates={"share": ("seen", "children")})
    rows = {row["a"]: row for row in result.table.to_pylist()}
    assert "c" in (rows["x"]["children"], rows["x"]["seen"]) and rows["x"]["share"] == "c"
    assert result.log["small"] == 0 and result.log["implied"] == 1 and result.log["secondary"] >= 2


def test_a_group_that_the_table_leaves_out_is_protected():
    table = pa.table({"a": ["x", "y", "Total"], "n": [10, 20, 33]})  # three whose group is not known
    cells, result = shown(table, dimensions=["a"])
    assert result.log["implied"] == 1 and "c" in cells.values()


def test_rounding_and_rates():
    table = pa.table({"a": ["x", "y"], "n": [14, 15], "of": [26, 104], "pct": [100 * 14 / 26, 100 * 15 / 104]})
    options = {"dimensions": ["a"], "counts": ["n", "of"], "rates": {"pct": ("n", "of")}}
    rows = protect(table, CIN, **options).table.to_pylist()
    assert [(row["n"], row["of"]) for row in rows] == [("10", "30"), ("20", "100")]
    assert [row["pct"] for row in rows] == ["33.3", "20.0"]  # of what is shown
    rows = protect(table, CLA, **options).table.to_pylist()
    assert [(row["n"], row["of"], row["pct"]) for row in rows] == [("14", "26", "54"), ("15", "104", "14")]
    assert [row["n"] for row in protect(table, CLA, level="england", **options).table.to_pylist()] == ["10", "20"]


def test_symbols_for_nearly_zero_missing_and_zero():
    table = pa.table({"a": ["x", "y", "z"], "n": [8, None, 0], "pct": [0.3, None, 0.0]})
    rows = protect(table, CLA, dimensions=["a"], counts=["n"], rates={"pct": ("n", None)}).table.to_pylist()
    assert [(row["n"], row["pct"]) for row in rows] == [("8", "k"), ("x", "x"), ("0", "0")]


def test_policy_none_changes_nothing():
    table = crossed({("x", "u"): 3, ("x", "v"): 20, ("y", "u"): 1, ("y", "v"): 12})
    cells, result = shown(table, policy="none")
    assert cells == {(row["a"], row["b"]): str(row["n"]) for row in table.to_pylist()}
    assert result.log["small"] == result.log["secondary"] == result.log["rounded"] == 0


def test_groups_that_overlap_have_no_sum():
    table = pa.table({"theme": ["home", "school", "Total"], "n": [30, 40, 50]})
    with pytest.raises(InputError, match=r"row 4, column 'n': the groups add up to more"):
        protect(table, CLA, dimensions=["theme"], counts=["n"])
    cells, _ = shown(table, dimensions=["theme"], overlapping=["theme"])
    assert list(cells.values()) == ["30", "40", "50"]


def test_order_of_columns_and_kinds_stay_and_other_tables_are_taken():
    frame = pd.DataFrame({"n": [7, 9], "year": [2025, 2026]})
    result = protect(frame, CLA, dimensions=["year"], counts=["n"])
    assert result.table.column_names == ["n", "year"] and result.table["year"].to_pylist() == [2025, 2026]


def test_empty_table():
    assert (
        protect(
            pa.table({"a": pa.array([], pa.string()), "n": pa.array([], pa.int64())}), CIN, dimensions=["a"], counts=["n"]
        ).table.num_rows
        == 0
    )


@pytest.mark.parametrize("count", [-1, 2.5, float("inf")])
def test_counts_that_are_none(count):
    with pytest.raises(InputError, match="row 3, column 'n': not a count"):
        protect(pa.table({"a": ["x", "y"], "n": [1.0, count]}), CLA, dimensions=["a"], counts=["n"])


def test_text_has_no_place_in_a_table_about_groups():
    table = pa.table({"a": ["x"], "n": [7], "quote": ["I hate it here"]})
    with pytest.raises(UsageError, match="'quote' is neither dimension, count nor rate") as fault:
        protect(table, CLA, dimensions=["a"], counts=["n"])
    assert "hate" not in str(fault.value)
    with pytest.raises(UsageError, match="no name of a group") as fault:
        protect(pa.table({"a": ["I hate it here. " * 20], "n": [7]}), CLA, dimensions=["a"], counts=["n"])
    assert "hate" not in str(fault.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"counts": ["m"]}, "no column|neither"),
        ({"dimensions": ["a", "a"]}, "named twice"),
        ({"level": "county"}, "level"),
        ({"rates": {"pct": ("n", "of")}}, "rate 'pct'"),
        ({"overlapping": ["b"]}, "none of the dimensions"),
        ({"wholes": {"n": "of"}}, "must both be counts"),
    ],
)
def test_wrong_use(options, said):
    with pytest.raises(UsageError, match=said):
        protect(pa.table({"a": ["x"], "n": [7]}), CLA, **{"dimensions": ["a"], "counts": ["n"], **options})


def test_a_group_twice_and_a_part_larger_than_its_whole():
    with pytest.raises(UsageError, match="row 2"):
        protect(pa.table({"a": ["x", "x"], "n": [7, 8]}), CLA, dimensions=["a"], counts=["n"])
    with pytest.raises(InputError, match="row 2, column 'seen'"):
        protect(pa.table({"a": ["x"], "n": [7], "seen": [9]}), CLA, dimensions=["a"], counts=["n", "seen"], wholes={"seen": "n"})
