"""The leaderboard, against numbers worked out by hand and against the scores."""

import numpy as np
import pandas as pd
import pytest
from panels import panel
from test_scores import SALES
from test_scores import rows as scored

from forecasting.leaderboard import by_cutoff, by_item, errors, leaderboard, units_until, volume_classes
from forecasting.scores import comparable, scores


def rows(table: dict[str, dict[str, list[float]]], sales: dict[str, list[float]], cutoff: str = "2024-01-01") -> pd.DataFrame:
    """Backtest rows of one cutoff from {model: {item: forecasts}}, a second for each item and model."""
    parts = []
    for model, items in table.items():
        for item, mean in items.items():
            ds = pd.date_range(cutoff, periods=len(mean) + 1)[1:]
            parts.append(
                pd.DataFrame({"item": item, "ds": ds, "cutoff": pd.Timestamp(cutoff), "model": model, "y": sales[item], "mean": mean})
            )
    return pd.concat(parts, ignore_index=True).assign(seconds=1.0)


# WAPE: item a 0.5, 0.25, 0.25; item b 0.5, 1, 0.25; item c sold nothing
HAND = rows(
    {
        "seasonal_naive": {"a": [2, 6], "b": [3, 3], "c": [1, 1]},
        "one": {"a": [2, 4], "b": [4, 4], "c": [0, 0]},
        "two": {"a": [4, 6], "b": [2, 3], "c": [0, 0]},
    },
    {"a": [4.0, 4.0], "b": [2.0, 2.0], "c": [0.0, 0.0]},
)


def test_wins_are_shared_add_up_to_the_items_that_sold_and_the_rest_is_in_the_totals() -> None:
    table = leaderboard(errors(HAND)).set_index("model")
    assert table["wins"].to_dict() == {"seasonal_naive": 0, "one": 0.5, "two": 1.5}
    assert list(table["items"]) == [2, 2, 2]
    assert table.loc["two", "WAPE"] == pytest.approx(3 / 12)
    assert table.loc["one", "WAPE"] == pytest.approx(6 / 12)
    assert table.loc["one", "bias"] == pytest.approx(2 / 12)
    assert table.loc["seasonal_naive", "WAPE"] == pytest.approx(8 / 12)  # 4 + 2, and 2 of the item that sold nothing
    assert list(table.index) == ["two", "one", "seasonal_naive"]


def test_the_share_that_beats_seasonal_naive_needs_less_not_as_much() -> None:
    table = leaderboard(errors(HAND)).set_index("model")
    assert table.loc["one", ["beats", "beats_of"]].tolist() == [0.5, 2]
    assert table.loc["two", ["beats", "beats_of"]].tolist() == [1.0, 2]
    assert np.isnan(table.loc["seasonal_naive", "beats"])
    without = leaderboard(errors(HAND[HAND["model"] != "seasonal_naive"]))
    assert without["beats"].isna().all()
    assert (without["beats_of"] == 0).all()


def test_beating_counts_where_both_answered_though_a_third_did_not() -> None:
    failed = HAND.copy()
    failed.loc[(failed["model"] == "one") & (failed["item"] == "b"), "mean"] = np.nan
    table = leaderboard(errors(failed)).set_index("model")
    assert table.loc["two", "beats_of"] == 2
    assert table.loc["one", "beats_of"] == 1
    assert list(table["items"]) == [1, 1, 1]
    assert table.loc["one", "answered"] == pytest.approx(2 / 3)


def test_seconds_are_in_total_and_of_one_item() -> None:
    table = leaderboard(errors(HAND))
    assert list(table["seconds"]) == [3, 3, 3]
    assert list(table["seconds_item"]) == [1, 1, 1]


def test_totals_are_those_of_the_scores_also_where_a_model_failed_or_sales_are_not_known() -> None:
    every = scored({"seasonal_naive": 5.0, "near": -1.0, "fails": 0.0})
    every.loc[(every["model"] == "fails") & (every["item"] == "A001"), "mean"] = np.nan
    every.loc[every["ds"] == every["ds"].min(), "y"] = np.nan
    wanted = scores(every, SALES).set_index("model")
    table = leaderboard(errors(every)).set_index("model").reindex(wanted.index)
    for column in ("WAPE", "bias", "answered"):
        assert table[column].tolist() == pytest.approx(wanted[column].tolist())
    parts = errors(every)
    assert parts.loc[parts["compared"], "known"].sum() == len(comparable(every))


def test_groups_are_leaderboards_of_their_own() -> None:
    parts = errors(HAND)
    table = leaderboard(parts, pd.Series({"a": "tea", "b": "mugs", "c": "mugs"}))
    mugs = table[table["group"] == "mugs"].set_index("model")
    alone = leaderboard(parts[parts["item"] != "a"]).set_index("model")
    pd.testing.assert_frame_equal(mugs.drop(columns="group"), alone)
    assert table.groupby("group")["wins"].sum().to_dict() == {"mugs": 1, "tea": 1}


def test_nothing_sold_is_no_score_and_no_win() -> None:
    table = leaderboard(errors(HAND[HAND["item"] == "c"]))
    assert table["WAPE"].isna().all()
    assert (table["items"] == 0).all()
    assert (table["wins"] == 0).all()


def test_error_by_cutoff() -> None:
    later = HAND.assign(cutoff=pd.Timestamp("2024-02-01"), mean=HAND["y"] + 1)
    table = by_cutoff(errors(pd.concat([HAND, later]))).set_index(["model", "cutoff"])
    assert table.loc[("two", pd.Timestamp("2024-01-01")), "WAPE"] == pytest.approx(3 / 12)
    assert table.loc[("two", pd.Timestamp("2024-02-01"))].tolist() == pytest.approx([6 / 12, 6 / 12])


def test_items_by_units_with_the_best_and_what_it_adds() -> None:
    table = by_item(errors(HAND), pd.Series({"a": 8.0, "b": 100.0, "c": 0.0}))
    assert list(table["item"]) == ["b", "a", "c"]
    assert list(table["best"]) == ["two", "one", ""]
    assert table["value_added"].tolist() == pytest.approx([0.25, 0.25, np.nan], nan_ok=True)
    assert table["seasonal_naive"].tolist() == pytest.approx([0.5, 0.5, np.nan], nan_ok=True)


def test_classes_are_cut_at_80_and_95_percent_of_units() -> None:
    units = pd.Series({"d": 5.0, "b": 30.0, "a": 50.0, "c": 15.0, "z": 0.0})
    assert volume_classes(units).to_dict() == {"a": "A", "b": "A", "c": "B", "d": "C", "z": "C"}
    assert list(volume_classes(units).index) == list(units.index)
    assert set(volume_classes(units * 0)) == {"C"}
    assert volume_classes(pd.Series({"only": 3.0})).to_dict() == {"only": "A"}


def test_units_do_not_look_past_the_cutoff() -> None:
    sales = panel([[1, 2, np.nan, 50], [3, 3, 3, 0]])
    assert units_until(sales, sales.periods[2]).to_dict() == {"A000": 3, "A001": 9}
    with pytest.raises(KeyError, match="2030"):
        units_until(sales, pd.Timestamp("2030-01-01"))
