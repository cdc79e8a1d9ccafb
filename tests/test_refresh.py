"""Only what changed is run again: what an earlier run made of the same, and what its models settled on, is kept."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import weekly_shop
from test_backtest import Spy

from forecasting import backtest as backtests
from forecasting import comparison, refresh
from forecasting.__main__ import main
from forecasting.automatic import Auto
from forecasting.comparison import Comparison, compared, cutoffs_of, refreshing
from forecasting.evidence import NAIVE
from forecasting.forecast import LEVELS, OK
from forecasting.forecaster import Cost
from forecasting.models import registry
from forecasting.models.trees import Tree
from forecasting.rule import AUTO
from forecasting.source import buckets
from sales.panel import SalesPanel
from sales.problems import InputProblems
from workspace import home, tables, workers
from workspace.runs import Run


@dataclass(frozen=True)
class Settled(Spy):
    """Settles once, as orders are."""

    def tuned(self, panel: SalesPanel, rng: np.random.Generator) -> Spy:
        return self if self.tuned_to else super().tuned(panel, rng)


SALES = weekly_shop(6, 90, np.random.default_rng(5))
HORIZON = 7
SHORT = SALES.until(SALES.periods[-2], 0)
MANY, AT = weekly_shop(12, 120, np.random.default_rng(6)), 2
FEWER, NEW = MANY.select(np.arange(12) != AT), str(MANY.items[AT])
ALL = ("naive", "tree", "analogue", AUTO)


@pytest.fixture(autouse=True)
def small_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.JOBS, "1")
    monkeypatch.setitem(backtests.ITEMS_PER_BUCKET, Cost.INSTANT, 2)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many tasks were done, by kind and model."""
    counted: Counter[str] = Counter()
    for kind in ("_backtested", "_forecast", "_drivers"):
        own = getattr(backtests, kind)

        def counting(source: object, rows: object, model: registry.Forecaster, *more: object, own=own, kind=kind) -> pd.DataFrame:  # type: ignore[no-untyped-def]
            counted[f"{kind} {model.card.name}"] += 1
            return own(source, rows, model, *more)

        monkeypatch.setattr(backtests, kind, counting)
    return counted


def run(panel: SalesPanel, models: Sequence[str], anew: bool = False) -> Run:
    asked = Comparison(tuple(models), HORIZON, "2")
    asked = asked if anew else refreshing(asked, panel)
    own = {"spy": Settled(), AUTO: Auto((NAIVE, "tree", "theta"))}
    made = [own.get(name) or registry.model(name) for name in models]
    return compared(asked, panel, made, cutoffs_of(asked, panel))


def rows(made: Run, name: str) -> pd.DataFrame:
    return tables.read_table(made.folder / f"{name}.parquet")


def test_an_appended_day_makes_forecasts_anew_and_nothing_else(done: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    models = ("naive", "tree", "spy")
    first = run(SHORT, models)
    several = len(buckets(SALES.items, 2))
    assert done["_backtested naive"] == done["_forecast naive"] == several
    assert (done["_backtested tree"], done["_forecast tree"], done["_drivers tree"]) == (2, 1, 1)
    done.clear()
    monkeypatch.setattr(Tree, "_study", None)  # what would learn anew
    second = run(SALES, models)
    assert {name.partition(" ")[0] for name in done} == {"_forecast"}
    assert second.settings["after"] == first.name
    pd.testing.assert_frame_equal(rows(second, "backtest"), rows(first, "backtest"))
    ahead = rows(second, "forecast")
    assert ahead["ds"].min() == SALES.last + pd.Timedelta(days=1)
    assert ahead["mean"].notna().all()
    details = {name: rows(made, "forecast").attrs["details"] for name, made in (("first", first), ("second", second))}
    assert all(f"; learnt at {SHORT.last:%Y-%m-%d} from " in detail for detail in details["second"]["tree"].values())
    assert set(details["first"]["spy"].values()) == {str(SHORT.last.date())}
    assert details["second"]["spy"] == details["first"]["spy"], "what was settled stays"
    naive = ahead[ahead["model"] == "naive"].groupby("item")["mean"].first()
    np.testing.assert_array_equal(naive.to_numpy(), SALES.y[:, -1])


def test_after_a_horizon_or_where_asked_all_is_worked_out_anew(done: Counter[str]) -> None:
    whole = weekly_shop(6, 90, np.random.default_rng(5))
    run(whole.until(whole.periods[-1 - HORIZON], 0), ["naive"])
    assert refreshing(Comparison(("naive",), HORIZON, "2"), whole).after == ""
    run(SHORT, ["naive"])
    done.clear()
    made = run(SALES, ["naive"], anew=True)
    assert made.settings["after"] == ""
    assert done["_backtested naive"] == len(buckets(SALES.items, 2))


def test_a_new_item_is_backtested_and_forecast_and_no_other_is_touched(done: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    before = run(FEWER, ALL)
    done.clear()
    monkeypatch.setattr(Tree, "_study", None)  # what would learn anew
    after = run(MANY, ALL)
    assert after.settings["after"] == before.name
    assert [comparison.items_since(Comparison(ALL, HORIZON, "2", after=before.name), panel) for panel in (FEWER, MANY)] == [(0, 0), (1, 0)]
    assert {name: count for name, count in done.items() if name.startswith("_forecast")} == dict.fromkeys(
        ("_forecast naive", "_forecast tree", "_forecast analogue", "_forecast seasonal_naive", "_forecast theta"), 1
    )
    assert (done["_backtested naive"], done["_backtested analogue"]) == (1, 2)
    for name in ("backtest", "forecast", "choice"):
        then, now = rows(before, name), rows(after, name)
        own = now["item"] == NEW
        pd.testing.assert_frame_equal(now[~own].reset_index(drop=True), then)
        assert own.sum() == len(then) / len(FEWER)
        assert name == "choice" or (now.loc[own, "status"] == OK).all()
    weights = rows(after, "drivers").query("kind == 'weight'")
    assert set(weights["item"]) == set(MANY.items)


def test_a_run_that_took_all_its_parts_over_is_kept_from_as_well(done: Counter[str]) -> None:
    run(FEWER, ("naive", "tree"))
    done.clear()
    alike = run(FEWER, ("naive",))
    assert not done
    assert run(MANY, ("naive",)).settings["after"] == alike.name


def test_a_description_that_changed_has_that_item_alone_asked_again(done: Counter[str]) -> None:
    words = pd.DataFrame({"description": "mug"}, pd.Index(FEWER.items, name="item"))
    before = run(replace(FEWER, attributes=words), ALL[:3])
    done.clear()
    changed = words.copy()
    changed.iloc[0, 0] = "cup"
    after = run(replace(FEWER, attributes=changed), ALL[:3])
    assert after.settings["after"] == before.name
    assert (done["_backtested naive"], done["_forecast naive"], done["_backtested analogue"]) == (1, 1, 2)
    assert not [name for name in done if name.startswith("_drivers")]
    then, now = rows(before, "backtest"), rows(after, "backtest")
    pd.testing.assert_frame_equal(*(part[part["item"] != FEWER.items[0]] for part in (now, then)))


def test_of_a_corrected_past_that_item_alone_is_backtested_anew(done: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    before = run(FEWER.until(FEWER.periods[-2], 0), ALL)
    y = FEWER.y.copy()
    y[4, -10:-5] *= 3  # in what the last cutoff scores
    corrected = replace(FEWER, y=y)
    done.clear()
    monkeypatch.setattr(Tree, "_study", None)
    after = run(corrected, ALL)
    asked = Comparison(ALL, HORIZON, "2", after=before.name)
    assert (after.settings["after"], comparison.items_since(asked, corrected)) == (before.name, (0, 1))
    assert done["_backtested naive"] == 1
    own, others = FEWER.items[4], FEWER.items[[0, 1, 2, 3, *range(5, 11)]]
    then, now = rows(before, "backtest"), rows(after, "backtest")
    pd.testing.assert_frame_equal(*(part[part["item"].isin(others)].reset_index(drop=True) for part in (now, then)))
    anew = backtests.backtest(corrected, [registry.model("naive")], HORIZON, sorted(then["cutoff"].unique())).query("item == @own")
    found = now.query("item == @own")
    for _, of_model in found.groupby("model"):
        np.testing.assert_array_equal(of_model["y"], anew["y"])
    np.testing.assert_array_equal(found.query("model == 'naive'")["mean"], anew["mean"])
    assert found["mean"].notna().all()
    ahead = rows(after, "forecast")
    assert (len(ahead), ahead["ds"].min()) == (len(ALL) * len(FEWER) * HORIZON, FEWER.last + pd.Timedelta(days=1))
    np.testing.assert_array_equal(ahead.query("model == 'naive'").groupby("item")["mean"].first(), corrected.y[:, -1])
    assert own not in set(rows(after, "drivers").query("kind != 'weight'")["item"]), "what drove another past"


@pytest.mark.parametrize("from_on", [backtests.TRAINED_ONCE_FROM, 22], ids=["at_each_cutoff", "once"])
def test_what_was_learnt_of_categories_and_marks_answers_for_one_item_as_well(from_on: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtests, "TRAINED_ONCE_FROM", from_on)  # 11 items at 2 cutoffs are just as many
    rng = np.random.default_rng(1)
    marks = (rng.random((11, 127)) < 0.15).astype(np.float32)
    marks[::2] *= 3  # of all items, no marks
    words = pd.DataFrame({"category": (["mugs", "pens", "inks"] * 4)[:11]}, pd.Index(FEWER.items, name="item"))
    whole = replace(FEWER, attributes=words, covariates={"event": marks})
    y = whole.y.copy()
    y[5, -30:-25] *= 3
    run(whole, ("linear",))
    after = run(replace(whole, y=y), ("linear",))
    assert after.settings["after"]
    for name in ("backtest", "forecast"):
        details = rows(after, name).attrs["details"]["linear"]
        assert details[whole.items[5]] == details[whole.items[4]], "learnt of that item alone"


def test_an_item_whose_past_is_gone_has_nothing_settled_of_it() -> None:
    own, y, start = FEWER.items[4], FEWER.y.copy(), FEWER.start.copy()
    y[4, :-2] = 0
    y[4, 0] = 1
    before = run(replace(FEWER, y=y), ("theta", "tree"))
    assert all(own in told for told in rows(before, "backtest").attrs["details"].values())
    y[4, 0], start[4] = 0, len(FEWER.periods) - 2
    after = run(replace(FEWER, y=y, start=start), ("theta", "tree"))
    assert after.settings["after"]
    for name in ("backtest", "forecast"):
        made = rows(after, name)
        assert set(made["item"]) == set(FEWER.items)
        assert {model: own in told for model, told in made.attrs["details"].items()} == {"theta": False, "tree": False}


def test_a_correction_of_one_item_changes_no_weight_and_no_band_of_the_others() -> None:
    first = run(FEWER.until(FEWER.periods[-2], 0), ("naive", AUTO))
    y = FEWER.y.copy()
    y[4] = np.round(1.6 * y[4])
    day, both = run(FEWER, ("naive", AUTO)), run(replace(FEWER, y=y), ("naive", AUTO))
    assert day.settings["after"] == both.settings["after"] == first.name
    for name in ("forecast", "choice"):
        others = [rows(made, name).query("item != @FEWER.items[4]").drop(columns="seconds", errors="ignore") for made in (both, day)]
        pd.testing.assert_frame_equal(*(part.reset_index(drop=True) for part in others))


def test_where_nothing_but_a_correction_came_the_others_forecasts_stand(done: Counter[str]) -> None:
    before = run(FEWER, ALL)
    y = FEWER.y.copy()
    y[4, -1] += 5
    done.clear()
    after = run(replace(FEWER, y=y), ALL)
    assert (done["_backtested naive"], done["_forecast naive"], done["_forecast tree"]) == (1, 1, 1)
    for name in ("backtest", "forecast", "choice"):
        then, now = (part[part["item"] != FEWER.items[4]] for part in (rows(before, name), rows(after, name)))
        pd.testing.assert_frame_equal(now.reset_index(drop=True), then.reset_index(drop=True))
    assert rows(after, "forecast").query("item == @FEWER.items[4] and model == 'naive'")["mean"].eq(y[4, -1]).all()


def test_a_new_item_is_answered_for_by_what_was_learnt_at_each_cutoff_without_it() -> None:
    run(FEWER, ALL)
    found = rows(run(MANY, ALL), "backtest").query("item == @NEW")
    for k, cutoff in enumerate(sorted(found["cutoff"].unique())):
        then, now = (panel.until(cutoff, HORIZON) for panel in (FEWER, MANY))
        tree = registry.model("tree").trained(then, HORIZON, LEVELS, backtests.rng_for("tree", 0, k))
        expected = {"tree": tree.forecast(now, HORIZON, LEVELS, np.random.default_rng(0))}
        expected["analogue"] = registry.model("analogue").forecast(now, HORIZON, LEVELS, backtests.rng_for("analogue", 0, k))
        for name, forecast in expected.items():
            own = found[(found["model"] == name) & (found["cutoff"] == cutoff)]
            np.testing.assert_allclose(own["mean"], forecast.mean[AT])


def test_a_day_and_an_item_that_come_together_are_as_the_day_and_the_item(done: Counter[str]) -> None:
    first = run(FEWER.until(FEWER.periods[-2], 0), ALL)
    done.clear()
    day, both = run(FEWER, ALL), run(MANY, ALL)
    assert day.settings["after"] == both.settings["after"] == first.name
    for name in ("backtest", "forecast"):
        now = rows(both, name)
        others = now[now["item"] != NEW].reset_index(drop=True)
        pd.testing.assert_frame_equal(others.drop(columns="seconds"), rows(day, name).drop(columns="seconds"))
        assert (now["item"] == NEW).sum() == len(rows(day, name)) / len(FEWER)


def test_many_new_items_are_no_going_on() -> None:
    run(MANY.select(np.arange(10)), ["naive"])
    assert refreshing(Comparison(("naive",), HORIZON, "2"), MANY).after == ""
    run(FEWER, ["naive"])
    assert refreshing(Comparison(("naive",), HORIZON, "2"), MANY).after != ""


@pytest.mark.parametrize("change", ["units", "start", "stock", "category"])
def test_an_item_whose_past_is_another_is_told_from_the_others(change: str) -> None:
    y, start, out, words = SALES.y.copy(), SALES.start.copy(), SALES.out_of_stock.copy(), pd.DataFrame({"category": "mugs"}, SALES.items)
    before = replace(SHORT, attributes=words.copy())
    y[1, 3] += change == "units"
    start[1] += change == "start"
    out[1, 3] ^= change == "stock"
    words.iloc[1, 0] = "pens" if change == "category" else "mugs"
    changed = replace(SALES, y=y, start=start, out_of_stock=out, attributes=words)
    assert refresh.continues(changed, before, HORIZON)
    assert refresh.since(changed, before).tolist() == [False, True, False, False, False, False]


def test_where_most_of_the_past_is_another_or_items_are_gone_nothing_is_kept() -> None:
    y = SALES.y.copy()
    y[:3, 3] += 1
    assert refresh.continues(replace(SALES, y=y), SHORT, HORIZON)
    y[3, 3] += 1
    assert not refresh.continues(replace(SALES, y=y), SHORT, HORIZON)
    assert not refresh.continues(SALES.select(np.arange(1, 6)), SHORT, HORIZON)
    pieces = SALES.y.copy()
    pieces[3] *= 12  # that were boxes
    assert not refresh.continues(replace(SALES, y=pieces), SHORT, HORIZON)
    assert not refresh.continues(replace(SALES, season=8), SHORT, HORIZON)
    assert not refresh.continues(SALES, SALES.until(SALES.periods[-1 - HORIZON], 0), HORIZON)


def test_the_command_says_what_it_keeps_and_refuses_what_it_cannot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, panel in (("short", SHORT), ("long", SALES)):
        panel.to_frame().to_csv(tmp_path / f"{name}.csv", index=False)
    typed = ["--horizon", "7", "--models", "naive", "--cutoffs", "2"]
    assert main(["compare", str(tmp_path / "short.csv"), *typed]) == 0
    assert "Kept from run" not in capsys.readouterr().err
    assert main(["compare", str(tmp_path / "long.csv"), *typed]) == 0
    assert "its backtest and what its models settled on" in capsys.readouterr().err
    assert main(["compare", str(tmp_path / "long.csv"), *typed, "--after", "none"]) == 0
    assert "Kept from run" not in capsys.readouterr().err
    assert main(["compare", str(tmp_path / "long.csv"), *typed, "--after", "0123456789abcdef"]) == 2
    assert "0123456789abcdef" in capsys.readouterr().err
    first = next(run for path in home.folder("runs").iterdir() if not (run := Run(path.name)).settings["after"])
    other = ["--horizon", "6", "--models", "naive", "--cutoffs", "2", "--after", first.name]
    assert main(["compare", str(tmp_path / "long.csv"), *other]) == 2, "of another horizon there is nothing to keep"
    assert f"got '{first.name}'" in capsys.readouterr().err


def test_the_command_says_how_many_items_have_another_past(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame, out = SALES.to_frame(), str(tmp_path / "b.parquet")
    typed = ["backtest", str(tmp_path / "s.csv"), "--horizon", "7", "--models", "naive", "--cutoffs", "2", "--out", out]
    frame[frame["ds"] < SALES.last].to_csv(tmp_path / "s.csv", index=False)
    assert main(typed) == 0
    frame.loc[frame.index[:2], "y"] += 1
    frame.to_csv(tmp_path / "s.csv", index=False)
    assert main(typed) == 0
    assert "1 item is backtested anew beside it (0 new, 1 with another past)" in capsys.readouterr().err


def test_a_run_that_is_gone_keeps_nothing() -> None:
    with pytest.raises(InputProblems, match="after_unknown"):
        comparison.cutoffs_of(Comparison(("naive",), 7, "2", after="0123456789abcdef"), SALES)
