"""Where a model errs, what it adds and why it has no score: against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from panels import panel
from test_leaderboard import HAND, rows

from forecasting.leaderboard import errors
from forecasting.unscored import missing_metrics, unscored
from forecasting.value import value_added, why
from forecasting.where import by, sliced, values, ways

PROMOTED = [0] * 9 + [1, 0, 1]
# Two items of mean 10 and 0 up to the cutoff on a Tuesday; then four days
SALES = panel(
    [[10.0] * 8 + [0, 4, 10, 40], [0.0] * 8 + [1, 0, 0, 0]],
    start="2024-01-29",
    covariates={"promotion": PROMOTED},
)
CUTOFF = "2024-02-05"
ROWS = rows({"one": {"A000": [2, 4, 12, 20], "A001": [1, 1, 0, 0]}}, {"A000": [0.0, 4, 10, 40], "A001": [1.0, 0, 0, 0]}, CUTOFF)


def cut(column: str, value: str = "WAPE") -> dict[object, float]:
    return by(sliced(ROWS, SALES), column).set_index(column)[value].to_dict()


def test_errors_by_step_weekday_month_and_promotion() -> None:
    assert cut("step") == pytest.approx({1: 2 / 1, 2: 1 / 4, 3: 2 / 10, 4: 20 / 40})
    assert cut("weekday") == pytest.approx({1: 2, 2: 1 / 4, 3: 1 / 5, 4: 1 / 2})
    assert cut("month") == pytest.approx({2: 25 / 55})
    assert cut("promotion") == pytest.approx({False: 4 / 11, True: 21 / 44})
    assert cut("promotion", "bias") == pytest.approx({False: 4 / 11, True: -19 / 44})
    assert cut("promotion", "periods") == {False: 4, True: 4}


def test_errors_by_the_size_of_demand_against_what_is_usual() -> None:
    """0; 4 of 10; 10 of 10; 40 of 10, and 1 where nothing was usual."""
    found = by(sliced(ROWS, SALES), "level").set_index("level")
    assert found["periods"].to_dict() == {"nothing": 4, "low": 1, "usual": 1, "high": 2}
    assert found["WAPE"].tolist() == pytest.approx([np.nan, 0, 0.2, 20 / 41], nan_ok=True)
    assert values(found.reset_index(), "level") == ["nothing", "low", "usual", "high"]
    assert found.loc["nothing", "error"] == pytest.approx(3 / 4)
    assert found.loc["high", "off"] == pytest.approx(-10)


def test_sales_are_sliced_in_the_ways_that_they_have() -> None:
    assert ways(sliced(ROWS, SALES)) == ["step", "weekday", "promotion", "level"]  # all in one month
    weekly = panel(SALES.y, frequency="W", start="2024-01-01")
    found = sliced(ROWS.assign(ds=[*weekly.periods[-4:]] * 2, cutoff=weekly.periods[7]), weekly)
    assert ways(found) == ["step", "month", "level"]  # weeks have no weekday, and no column promotion here


def test_value_added_in_share_units_and_money() -> None:
    """Seasonal naive errs by 8 units of 12 (2 of them on the item that sold nothing), model two by 3, one by 6."""
    found = value_added(errors(HAND), pd.Series({"a": 10.0, "b": np.nan, "c": 100.0})).set_index("model")
    assert list(found.index) == ["two", "one", "seasonal_naive"]
    assert found["units"].to_dict() == {"two": 5, "one": 2, "seasonal_naive": 0}
    assert found.loc["two", "share"] == pytest.approx(5 / 12)
    assert found.loc["two", "money"] == pytest.approx(10 * (4 - 2) + 100 * 2)
    assert found["priced"].tolist() == pytest.approx([8 / 12] * 3)
    unpriced = value_added(errors(HAND), pd.Series(dtype=float))
    assert unpriced["money"].isna().all()
    assert (unpriced["priced"] == 0).all()
    assert value_added(errors(HAND[HAND["model"] != "seasonal_naive"]), pd.Series(dtype=float)).empty


def test_why_a_model_is_the_item_s() -> None:
    later = rows({"seasonal_naive": {"b": [2, 2]}, "one": {"b": [2, 3]}, "two": {"b": [2, 1]}}, {"b": [2.0, 2.0]}, "2024-02-01")
    found = why(errors(pd.concat([HAND[HAND["item"] == "b"], later])), "b")
    assert found is not None
    assert (found.best, found.runner_up, found.ahead, found.cutoffs) == ("seasonal_naive", "two", 1, 2)  # as good: the first by name
    alone = why(errors(HAND), "b")
    assert alone is not None
    assert (alone.best, alone.runner_up, alone.ahead, alone.cutoffs) == ("two", "seasonal_naive", 1, 1)
    assert (alone.wape, alone.runner_up_wape, alone.baseline_wape, alone.value_added) == pytest.approx((0.25, 0.5, 0.5, 0.25))
    assert why(errors(HAND), "c") is None
    assert why(errors(HAND), "nobody") is None
    only = why(errors(HAND[HAND["model"] == "one"]), "a")
    assert only is not None
    assert (only.best, only.runner_up) == ("one", "")
    assert np.isnan([only.runner_up_wape, only.value_added]).all()


def test_every_missing_error_has_a_reason() -> None:
    table = HAND.copy()
    table.loc[(table["model"] == "one") & (table["item"] == "b"), "mean"] = np.nan
    unknown = HAND[HAND["item"] == "a"].assign(item="d", y=np.nan)
    silent = HAND[HAND["model"] == "two"].assign(model="silent", mean=np.nan)
    found = unscored(errors(pd.concat([table, unknown, silent]))).set_index(["item", "model"])["reason"].to_dict()
    assert {model: found["b", model] for model in ("one", "two", "seasonal_naive")} == {
        "one": "failed", "two": "others_failed", "seasonal_naive": "others_failed"
    }  # fmt: skip
    assert found["c", "two"] == "nothing_sold"
    assert found["d", "two"] == "not_known"
    assert found["a", "silent"] == "failed"
    assert ("a", "two") not in found
    half = pd.concat([HAND, HAND[(HAND["model"] == "two")].assign(model="shy")])
    half.loc[(half["model"] == "shy") & (half["item"] != "a"), "mean"] = np.nan
    assert unscored(errors(half)).set_index(["item", "model"])["reason"]["a", "shy"] == "takes_no_part"


def test_every_missing_metric_has_a_reason() -> None:
    row = pd.Series({"model": "one", "WAPE": np.nan, "R2": np.nan, "MASE": np.nan, "MAE": 1.0, "coverage": np.nan, "seconds": np.nan})
    assert missing_metrics(row, "nothing_sold") == {
        "WAPE": "nothing_sold", "R2": "no_variance", "MASE": "no_scale", "coverage": "no_quantile"
    }  # fmt: skip
    assert set(missing_metrics(row, "failed").values()) == {"failed"}
    assert missing_metrics(row.fillna(1.0), "") == {}
