"""Items that are likely the same, by code and by description; nothing is merged."""

from typing import Any

import pandas as pd
import pytest
import realdata

from sales.alike import Alike, alike_codes, alike_descriptions


def test_codes_differ_by_case_blanks_zeros_or_several() -> None:
    codes = ["85123A", "85123a", "007", "7", "A 1", "A1", " B", "B", "x 01", "0X01", "lone", "0", "00"]
    assert {(group.items, group.why) for group in alike_codes(codes)} == {
        (("85123A", "85123a"), "case"),
        (("007", "7"), "zeros"),
        (("A 1", "A1"), "spaces"),
        ((" B", "B"), "spaces"),
        (("0X01", "x 01"), "several"),
        (("0", "00"), "zeros"),
    }


def same(*descriptions: str | None) -> list[tuple[str, ...]]:
    return [group.items for group in alike_descriptions([str(place) for place in range(len(descriptions))], list(descriptions))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("White hanging heart", "WHITE  HANGING-HEART"),
        ("Lunch box with cutlery retrospot", "Lunchbox with cutlery retrospot"),
        ("Colour pencils in wooden tube", "Color pencils in wooden tube"),
        ("Glass jar daisy fresh cotton wool", "Glass jar daisy fresh cotton woool"),
        ("Metal sign cupcake single hook", "Single hook metal sign cupcake"),
    ],
)
def test_spellings_of_one_description_are_alike(one: str, other: str) -> None:
    assert same(one, other, "Something else entirely", None, "") == [("0", "1")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Number tile cottage garden 3", "Number tile cottage garden 4"),
        ("Red polkadot tea bowl large", "Pink polkadot tea bowl large"),
        ("5 hook hanger magic toadstool", "5 hook hanger red magic toadstool"),
        ("Candle 10cm ivory gold", "Candle 20cm ivory gold"),
    ],
)
def test_variants_are_not_alike_however_near(one: str, other: str) -> None:
    assert same(one, other) == []


def test_many_descriptions_of_one_pattern_do_not_fail() -> None:
    assert same(*["mug"] * 3) == [("0", "1", "2")]
    assert same(*(f"item {place}" for place in range(600))) == []


@pytest.mark.parametrize("wrong", [{"items": ("a",)}, {"items": ("a", "a")}, {"items": ("a", "b"), "similarity": 1.5}])
def test_impossible_groups_cannot_be_built(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="two items or more"):
        Alike(why="case", **wrong)


def test_each_item_has_one_description() -> None:
    with pytest.raises(ValueError, match="one each"):
        alike_descriptions(["a"], [])


@pytest.mark.slow
def test_112_codes_of_a_real_shop_differ_only_by_case() -> None:
    lines = pd.read_parquet(realdata.folder("online_retail") / "online_retail.parquet", columns=["StockCode", "Description"])
    groups = alike_codes(lines["StockCode"].unique().tolist())
    assert (len(groups), {group.why for group in groups}) == (112, {"case"})
    texts = lines.dropna().groupby("StockCode")["Description"].agg(lambda texts: texts.mode().iloc[0])
    near = [group for group in alike_descriptions(texts.index.tolist(), texts.tolist()) if group.similarity < 1]
    assert 0 < len(near) < 20, "of 3,958 descriptions, hundreds of which differ by a colour or a number alone"
