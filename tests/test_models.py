"""The contract of every registered model: what `Forecaster` promises, held over the whole registry.

Panels have the same number of items that can be forecast, and horizon, so that what is compiled for one test serves the others.
"""

import multiprocessing
import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import FrozenInstanceError, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from panels import AHEAD, DAYS, ITEMS, panel, weekly_shop

from forecasting.forecast import Forecast
from forecasting.forecaster import Card, Cost, Forecaster
from forecasting.models import registry
from forecasting.models.naive import Naive
from forecasting.models.network import Lstm
from sales.panel import SalesPanel

ROOT = Path(__file__).resolve().parents[1]
NETWORKS = ("lstm", "gru", "conv")
LITTLE = {"epochs": 2, "units": 8, "window": 10, "windows": 256, "members": 1}
SMALL: dict[str, dict[str, Any]] = {
    **dict.fromkeys(NETWORKS, LITTLE),
    "hybrid": {"network": Lstm(**LITTLE)},
    "forest": {"trees": 10},
    "boosting": {"iterations": 40},
    "auto": {"candidates": ("seasonal_naive", "theta", "linear")},
}
LEVELS = (0.1, 0.5, 0.9, 0.975)
HORIZON = AHEAD

every_model = pytest.mark.parametrize("name", registry.NAMES)


def made(name: str) -> Forecaster:
    return registry.model(name, **SMALL.get(name, {}))


def answered(name: str, sales: SalesPanel, seed: int = 1, horizon: int = HORIZON) -> Forecast:
    return made(name).forecast(sales, horizon, LEVELS, np.random.default_rng(seed))


def shop() -> SalesPanel:
    rng = np.random.default_rng(3)
    return told(weekly_shop(ITEMS, DAYS, rng), rng)


def told(sales: SalesPanel, rng: np.random.Generator) -> SalesPanel:
    """`sales` with a promotion and a price."""
    promotion = rng.integers(0, 2, size=(len(sales), len(sales.periods) + HORIZON)).astype(np.float32)
    return replace(sales, covariates={"promotion": promotion, "price": 10 + promotion})


AWKWARD = {
    "all_zero": np.zeros(100),
    "constant": np.full(100, 7.0),
    "gaps": np.where(np.arange(100) % 9 == 4, np.nan, np.arange(100) % 7 + 3.0),
    "huge": (np.arange(100) % 7 + 1 + np.sin(np.arange(100))) * 1e7,
    "long_gap": np.where((np.arange(100) > 60) & (np.arange(100) < 90), np.nan, np.arange(100) % 5 + 1.0),
    "new": np.where(np.arange(100) < 80, np.nan, np.arange(100) % 4 + 2.0),
    "no_history": np.full(100, np.nan),
    "perfect_week": np.arange(100) % 7 + 1.0,
    "sparse": np.where(np.arange(100) % 23 == 7, 3.0, 0.0),
    "tiny": (np.arange(100) % 7 + 1 + np.cos(np.arange(100))) * 1e-3,
    "two_periods": np.where(np.arange(100) < 98, np.nan, np.arange(100) - 90.0),
    "unknown_end": np.where(np.arange(100) > 93, np.nan, np.arange(100) % 7 + 2 + np.cos(np.arange(100))),
}


@cache
def awkward(name: str) -> dict[str, tuple[np.ndarray, np.ndarray, str, str]]:
    """Item -> mean, quantiles, status, model used."""
    sales = told(panel(np.stack(list(AWKWARD.values())), items=list(AWKWARD)), np.random.default_rng(4))
    found = answered(name, sales)
    return {item: (found.mean[i], found.quantiles[i], found.status[i], found.model_used[i]) for i, item in enumerate(found.items)}


@cache
def of_shop(name: str) -> Forecast:
    return answered(name, shop())


@every_model
def test_answer_has_the_promised_shapes_and_dates(name: str) -> None:
    sales, found = shop(), of_shop(name)
    assert (found.mean.shape, found.quantiles.shape) == ((ITEMS, HORIZON), (ITEMS, HORIZON, len(LEVELS)))
    assert list(found.items) == list(sales.items)
    assert found.ds.equals(sales.calendar.after(sales.last, HORIZON))
    assert (found.cutoff, found.model, found.levels) == (sales.last, name, LEVELS)
    assert set(found.status) == {"ok"}
    assert all(found.detail)
    assert (found.seconds > 0).all()


@every_model
def test_quantiles_rise_and_nothing_is_negative_or_infinite(name: str) -> None:
    found = of_shop(name)
    assert (np.diff(found.quantiles, axis=2) >= 0).all()
    assert np.isfinite(found.quantiles).all()
    assert (found.quantiles >= 0).all()
    assert (found.mean >= 0).all()


@every_model
def test_same_seed_same_answer(name: str) -> None:
    first, second = of_shop(name), answered(name, shop())
    np.testing.assert_array_equal(first.mean, second.mean)
    np.testing.assert_array_equal(first.quantiles, second.quantiles)


@every_model
def test_global_generators_are_left_alone(name: str) -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    answered(name, shop())
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@every_model
def test_nothing_after_the_cutoff_moves_the_answer(name: str) -> None:
    sales = shop()
    cutoff, seen = sales.periods[91], 92
    later = np.arange(len(sales.periods)) >= seen
    beyond = np.arange(len(sales.periods) + HORIZON) >= seen + HORIZON
    changed = replace(
        sales,
        y=np.where(later, 999.0, sales.y).astype(np.float32),
        out_of_stock=sales.out_of_stock | (later & (np.arange(len(later)) % 3 == 0)),
        covariates={key: np.where(beyond, 55.0, block).astype(np.float32) for key, block in sales.covariates.items()},
    )
    before, after = (answered(name, p.until(cutoff, HORIZON)) for p in (sales, changed))
    np.testing.assert_array_equal(before.mean, after.mean)
    np.testing.assert_array_equal(before.quantiles, after.quantiles)


@pytest.mark.parametrize("name", [name for name in registry.NAMES if not registry.card(name).shared])
def test_neighbours_do_not_move_an_items_answer(name: str) -> None:
    some = np.arange(2, ITEMS)
    alone = answered(name, shop().select(some))
    np.testing.assert_array_equal(alone.mean, of_shop(name).mean[some])
    np.testing.assert_array_equal(alone.quantiles, of_shop(name).quantiles[some])


@every_model
def test_awkward_histories_never_raise_and_say_what_happened(name: str) -> None:
    for item, (mean, quantiles, status, _) in awkward(name).items():
        assert status == "ok" or status.startswith(("fallback: ", "failed: ")), (item, status)
        if status.startswith("failed"):
            assert np.isnan(mean).all(), item
            assert np.isnan(quantiles).all(), item
        else:
            assert np.isfinite(mean).all(), item
            assert (np.diff(quantiles, axis=1) >= 0).all(), item
            assert (quantiles >= 0).all(), item


@every_model
@pytest.mark.parametrize(
    ("item", "status", "used"),
    [
        ("all_zero", "fallback: all_zero", "zero"),
        ("constant", "fallback: constant", "constant"),
        ("no_history", "failed: no_history", None),
    ],
)
def test_fallbacks_are_named(name: str, item: str, status: str, used: str | None) -> None:
    _, _, got, model_used = awkward(name)[item]
    assert (got, model_used) == (status, used or name)


@every_model
@pytest.mark.parametrize("item", ["gaps", "long_gap", "new", "sparse", "huge", "tiny", "unknown_end"])
def test_it_works_on_what_it_should_work_on(name: str, item: str) -> None:
    mean, _, status, _ = awkward(name)[item]
    assert status == "ok"
    assert 0 <= mean.max() <= 3 * np.nanmax(AWKWARD[item])
    assert mean.max() > 0


@every_model
def test_covariates_missing_in_the_future_are_no_reason_to_fail(name: str) -> None:
    sales = shop()
    short = replace(sales, covariates={key: block[:, : len(sales.periods)] for key, block in sales.covariates.items()})
    never = {key: np.full_like(block, np.nan) for key, block in sales.covariates.items()}
    unknown = replace(sales, covariates={**never, "event": sales.covariates["promotion"]})
    for of in (short, unknown):
        assert set(answered(name, of).status) == {"ok"}


@every_model
def test_covariates_change_the_answer_exactly_where_the_card_says_so(name: str) -> None:
    rng = np.random.default_rng(5)
    promotion = (rng.random((ITEMS, DAYS + HORIZON)) < 0.3).astype(np.float32)
    promotion[:, DAYS:] = np.arange(HORIZON) % 2
    covariates = {"promotion": promotion, "price": np.full_like(promotion, 10)}
    sales = panel(rng.poisson(20 * (1 + promotion[:, :DAYS])), covariates=covariates)
    learns = {**LITTLE, "epochs": 25, "windows": 6000, "rate": 1e-2}
    settings = learns if name in NETWORKS else {"network": Lstm(**learns)} if name == "hybrid" else {}
    mean = registry.model(name, **settings).forecast(sales, HORIZON, LEVELS, np.random.default_rng(0)).mean
    uplift = mean[:, 1::2].mean() / mean[:, ::2].mean()
    if registry.card(name).uses_covariates:
        assert uplift == pytest.approx(2.0, abs=0.3)
    else:
        assert uplift < 1.2


@every_model
@pytest.mark.parametrize(("frequency", "start", "season"), [("W", "2023-01-02", 52), ("M", "2021-01-01", 12)])
def test_a_year_of_weeks_and_three_of_months(name: str, frequency: str, start: str, season: int) -> None:
    rng = np.random.default_rng(2)
    periods = {"W": 52, "M": 36}[frequency]
    sales = panel(rng.poisson(30, size=(ITEMS, periods)), frequency=frequency, start=start, season=season)
    found = answered(name, sales, horizon=12)
    assert set(found.status) == {"ok"}
    assert found.mean == pytest.approx(30.0, abs=25)


@every_model
def test_a_horizon_longer_than_the_history(name: str) -> None:
    rng = np.random.default_rng(0)
    found = answered(name, told(weekly_shop(ITEMS, 15, rng), rng))
    assert np.isfinite(found.mean[~found.failed]).all()
    assert set(found.status) == {"ok"}


ONLY_LATE, ENDED = np.zeros((ITEMS, 48)), np.where(np.arange(48) > 16, 0, np.arange(ITEMS * 48).reshape(ITEMS, 48) % 7)
ONLY_LATE[:, -1] = np.arange(5, 5 + ITEMS)


@pytest.mark.parametrize("name", [name for name in registry.NAMES if name not in (*NETWORKS, "hybrid")])
@pytest.mark.parametrize("y", [ONLY_LATE, ENDED], ids=["sold_in_the_last_period_alone", "nothing_sold_for_long"])
def test_a_panel_with_little_to_learn_from_is_answered_or_says_why(name: str, y: np.ndarray) -> None:
    found = answered(name, panel(y, frequency="W"))
    assert set(found.status) <= {"ok", "failed: nothing_to_learn"}
    assert np.isfinite(found.mean[~found.failed]).all()


def test_what_a_model_raises_is_its_items_status_and_ends_nothing() -> None:
    class Broken(Naive):
        def _forecast(self, *_: object) -> Forecast:
            raise RuntimeError("no room\nat all")

    found = Broken().forecast(panel([[1.0, 2, 3], [0, 0, 0]]), 2, (0.5,), np.random.default_rng(0))
    assert found.status.tolist() == ["failed: RuntimeError: no room", "fallback: all_zero"]
    assert np.isnan(found.mean[0]).all()
    assert (found.mean[1] == 0).all()


@every_model
def test_drivers_are_tidy_and_components_add_up_to_the_mean(name: str) -> None:
    sales = shop()
    found = made(name).drivers(sales, HORIZON, np.random.default_rng(1))
    assert list(found.columns) == ["item", "kind", "name", "ds", "value"]
    assert set(found["kind"]) <= {"component", "importance", "coefficient", "f_score", "mutual_information", "weight"}
    assert np.isfinite(found["value"]).all()
    assert (found["ds"].notna() == (found["kind"] == "component")).all()
    components = found[(found["kind"] == "component") & (found["ds"] > sales.last)]
    if len(components):
        total = components.groupby(["item", "ds"])["value"].sum().to_numpy().reshape(ITEMS, HORIZON)
        np.testing.assert_allclose(np.maximum(total, 0), of_shop(name).mean, rtol=1e-6)


@every_model
def test_models_and_answers_travel_between_processes(name: str) -> None:
    forecaster = made(name)
    assert pickle.loads(pickle.dumps(forecaster)) == forecaster
    back = pickle.loads(pickle.dumps(of_shop(name)))
    np.testing.assert_array_equal(back.mean, of_shop(name).mean)


def test_a_worker_process_gives_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFCAST_JOBS", "1")  # as a run's own workers: one that starts others ends minutes after them
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        asked = {name: process.submit(made(name).forecast, shop(), HORIZON, LEVELS, np.random.default_rng(1)) for name in registry.NAMES}
        for name, there in asked.items():
            np.testing.assert_array_equal(there.result().mean, of_shop(name).mean, err_msg=name)
            np.testing.assert_array_equal(there.result().quantiles, of_shop(name).quantiles, err_msg=name)


@every_model
def test_models_are_frozen_and_carry_a_card(name: str) -> None:
    assert isinstance(registry.card(name), Card)
    assert registry.card(name).name == name
    assert registry.card(name).cost in Cost
    with pytest.raises(FrozenInstanceError, match="cannot assign"):
        made(name).card = None  # type: ignore[misc]


@every_model
@pytest.mark.parametrize(
    ("horizon", "levels", "match"), [(0, (0.5,), "horizon: got 0"), (3, (0.9, 0.5), "levels: got"), (3, (1.0,), "levels")]
)
def test_impossible_arguments_are_refused(name: str, horizon: int, levels: tuple[float, ...], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        made(name).forecast(shop(), horizon, levels, np.random.default_rng(0))


def test_an_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="expected one of naive, seasonal_naive, "):
        registry.model("oracle")


def test_the_registry_and_the_model_files_load_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "from forecasting.models import registry\n"
        "for name in registry.NAMES: registry.card(name)\n"
        "print(sorted({'prophet', 'statsmodels', 'keras', 'jax', 'joblib', 'sklearn', 'streamlit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
