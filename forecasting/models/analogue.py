"""Analogues: an item that has hardly sold yet is expected to sell like others of its kind."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from forecasting.features import PRICE, known_ahead
from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models.libraries import one_thread, quiet
from forecasting.models.table import WINDOWS
from sales.panel import SalesPanel

PRICE_APART = 0.5
ITEMS_AT_ONCE = 256
AGES = (1, 4, 14, 56)
MOST_ERRORS_GRID = 60
LONG_SEASON = 31
MOST_TIMES_THE_MEDIAN = 4.0
LEAST = 1e-9


@dataclass(frozen=True)
class Analogue(Forecaster):
    """The sales of similar items: same category, a near price, a near description, and at least as long a history.

    The mean is a level times the shape of the analogues, each over its own level, at the same place of the season. The level is what the
    item itself sold over that shape, drawn to the analogues' mean level (none above 4 times their median) as if it had sold like them for
    `patience` more windows (of 28 days, 8 weeks, 3 months); that fades until it has sold for two windows, when they lend it their shape
    alone.

    Likeness is a sum: 1 for the same category, up to 1 for the price (0.5 where prices are 1.4 times apart), up to 1 for the description
    (cosine of its runs of 3 to 5 characters, weighed by how rare they are).

    Quantiles come from replaying the rule: older items are taken back to their first periods, or, where those lie before the data or have
    no others before them, to a day in the past, with as little history as the item asked for has. What then sold over what the rule said is
    the error; those of the nearest expected demand count. Where nothing can be replayed, demand is taken as exponential.

    analogues: how many. patience: windows of own sales that weigh as much as the analogues. replays: most items taken back. errors: as
    many count for a quantile.
    """

    analogues: int = 10
    patience: float = 0.125
    replays: int = 500
    errors: int = 500

    card: ClassVar[Card] = Card(
        name="analogue",
        family=Family.ANALOGY,
        least_history=1,
        uses_covariates=False,
        seasonal=True,
        intermittent=True,
        shared=True,
        cost=Cost.INSTANT,
    )

    @property
    def attributes(self) -> tuple[str, ...]:
        return ("category", "description")

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        with quiet(), one_thread():
            rule = _Rule(self, panel, horizon, rng)
            every, end = np.arange(len(panel)), np.full(len(panel), len(panel.periods))
            forecast.mean[:] = rule.mean(every, rule.begin, end)
            age = np.searchsorted(AGES, rule.count[:, -1], side="right") - 1
            for bucket in np.unique(age):
                rows = np.flatnonzero(age == bucket)
                said, sold = rule.replayed(AGES[bucket], self.replays, rng)
                ratios = _ratios(said, sold, forecast.mean[rows], levels, self.errors)
                forecast.quantiles[rows] = forecast.mean[rows][:, :, None] * ratios
        forecast.detail[:] = [f"{count} analogues" for count in rule.used]
        return forecast


class _Rule:
    """The rule on one panel, for any item as if its history were a stretch of it. used: analogues of each item when last asked for, n."""

    def __init__(self, settings: Analogue, panel: SalesPanel, horizon: int, rng: np.random.Generator) -> None:
        self.settings, self.horizon, self.season = settings, horizon, panel.season
        self.window = WINDOWS[panel.calendar.frequency][2]
        self.demand = np.maximum(panel.demand, 0).astype(float)
        known = ~np.isnan(self.demand)
        self.count = np.concatenate([np.zeros((len(panel), 1), int), known.cumsum(axis=1)], axis=1)
        self.begin = known.argmax(axis=1)
        self.used = np.zeros(len(panel), dtype=int)
        self.likeness = _Likeness(panel)
        self.jitter = rng.uniform(0, 1e-6, len(panel))

    def mean(self, rows: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        """What the rule says of each item whose history is positions begin to end (left out), rows x horizon."""
        pieces = range(0, len(rows), ITEMS_AT_ONCE)
        return np.concatenate([self._mean(*(part[at : at + ITEMS_AT_ONCE] for part in (rows, begin, end))) for at in pieces])

    def replayed(self, age: int, most: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """What the rule said and what then sold, one a known period, of older items taken back to an age of `age` periods."""
        periods = self.demand.shape[1]
        least = self.window + age
        latest = periods - age - self.horizon
        rows = np.flatnonzero(self.count[:, -1] >= age + self.horizon + 1)
        rows = np.sort(rng.choice(rows, min(most, len(rows)), replace=False))
        earliest = np.maximum(self.begin[rows], min(least, max(latest, 0)))
        launched = (self.begin[rows] >= least) & (self.begin[rows] <= latest)
        later = (earliest + rng.random(len(rows)) * (np.maximum(latest, earliest) - earliest + 1)).astype(int)
        begin = np.where(launched, self.begin[rows], later)
        inside = (begin <= latest) & (begin >= 0)
        rows, begin = rows[inside], begin[inside]
        if not len(rows):
            return np.zeros(0), np.zeros(0)
        said = self.mean(rows, begin, begin + age)
        sold = self.demand[rows[:, None], (begin + age)[:, None] + np.arange(self.horizon)]
        known = ~np.isnan(sold)
        return said[known], sold[known]

    def _mean(self, rows: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        near, weight = self._nearest(rows, begin, end)
        self.used[rows] = (weight > 0).sum(axis=1)
        shape, usual = self._of_analogues(near, weight, end)
        positions = np.arange(self.demand.shape[1])
        own = (positions >= np.maximum(begin, end - 4 * self.window)[:, None]) & (positions < end[:, None])
        own &= ~np.isnan(self.demand[rows])
        sold = np.where(own, self.demand[rows], 0).sum(axis=1)
        expected = np.where(own, shape, 0).sum(axis=1)
        fade = np.clip(1 - own.sum(axis=1) / (2 * self.window), 0, 1)
        patience = np.where(np.isnan(usual), 0, self.settings.patience * self.window * fade)
        level = (sold + patience * np.nan_to_num(usual)) / np.maximum(expected + patience, LEAST)
        return level[:, None] * self._ahead(shape, end)

    def _nearest(self, rows: np.ndarray, begin: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions and likeness of the most similar items, rows x analogues; likeness 0 where there are not as many."""
        own = self.count[rows, end] - self.count[rows, begin]
        older = (self.count[:, end] >= np.maximum(own, 1)).T
        older[np.arange(len(rows)), rows] = False
        likeness = np.where(older, self.likeness.of(rows) + 1e-3 + self.jitter, 0.0)
        near = np.argsort(-likeness, axis=1, kind="stable")[:, : self.settings.analogues]
        return near, np.take_along_axis(likeness, near, axis=1)

    def _of_analogues(self, near: np.ndarray, weight: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Their mean shape over the past, rows x periods, 1 where they are not known; and the mean of their levels, none above 4 times
        their median, units a period, NaN where there is none."""
        positions = np.arange(self.demand.shape[1])
        before = positions < end[:, None, None]
        values = np.where(before, self.demand[near], np.nan)
        late = positions >= np.maximum(end - 4 * self.window, 0)[:, None, None]
        level = np.nanmean(np.where(late, values, np.nan), axis=2)
        level = np.where(weight > 0, level, np.nan)
        relative = values / np.where(level > 0, level, np.nan)[:, :, None]
        counts = ~np.isnan(relative) * weight[:, :, None]
        total = counts.sum(axis=1)
        shape = np.divide((np.nan_to_num(relative) * counts).sum(axis=1), total, out=np.ones(total.shape), where=total > 0)
        most = MOST_TIMES_THE_MEDIAN * np.nanmedian(level, axis=1, keepdims=True)
        return shape, np.nanmean(np.minimum(level, most), axis=1)

    def _ahead(self, shape: np.ndarray, end: np.ndarray) -> np.ndarray:
        """The shape continued, rows x horizon: the mean of the same places in the last 4 seasons (2 where they are long)."""
        step = np.arange(self.horizon)
        recent = self._average(shape, end - self.window, end)
        if self.season == 1:
            return np.repeat(recent[:, None], self.horizon, axis=1)
        seasons = 2 if self.season > LONG_SEASON else 4
        back = (step // self.season + 1 + np.arange(seasons)[:, None]) * self.season
        places = end[:, None, None] + (step - back)[None]
        values = np.where(places >= 0, shape[np.arange(len(shape))[:, None, None], np.maximum(places, 0)], np.nan)
        place = np.nanmean(values, axis=1)
        usual = self._average(shape, end - seasons * self.season, end)
        whole = (end >= self.season)[:, None] & (place > 0) & (usual > 0)[:, None]
        index = np.where(whole, place / np.maximum(usual, LEAST)[:, None], 1.0)
        return recent[:, None] * np.clip(index, 0.2, 5.0)

    def _average(self, shape: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        positions = np.arange(shape.shape[1])
        inside = (positions >= np.maximum(begin, 0)[:, None]) & (positions < end[:, None])
        return np.where(inside, shape, 0).sum(axis=1) / np.maximum(inside.sum(axis=1), 1)


class _Likeness:
    """How alike items are, 0 to 3, by what does not change with their sales."""

    def __init__(self, panel: SalesPanel) -> None:
        texts = {name: panel.attributes[name].astype("string").fillna("").to_numpy(dtype=object) for name in panel.attributes}
        self.category = np.unique(texts["category"], return_inverse=True)[1] if "category" in texts else np.zeros(len(panel), int)
        self.has_category = texts["category"] != "" if "category" in texts else np.zeros(len(panel), bool)
        price = known_ahead(panel, 0).get(PRICE, np.zeros((len(panel), 1)))[:, -1].astype(float)
        self.price = np.log(np.where(price > 0, price, np.nan))
        self.words = _words(texts["description"]) if "description" in texts else None

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Likeness of each of `rows` to every item, rows x n."""
        same = (self.category[rows, None] == self.category[None]) & self.has_category[None] & self.has_category[rows, None]
        apart = np.abs(self.price[rows, None] - self.price[None])
        total = same + np.nan_to_num(np.exp(-apart / PRICE_APART))
        return total if self.words is None else total + (self.words[rows] @ self.words.T).toarray()


def _words(descriptions: np.ndarray) -> Any:
    """Rows of unit length, one an item, whose products are cosines; None where no description has 3 characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    try:
        return TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), dtype=np.float32).fit_transform(descriptions)
    except ValueError:
        return None


def _ratios(said: np.ndarray, sold: np.ndarray, mean: np.ndarray, levels: tuple[float, ...], errors: int) -> np.ndarray:
    """Quantiles of sold over said, mean.shape x levels, among the `errors` replays whose expected demand is nearest."""
    usable = said > LEAST
    said, ratio = said[usable], sold[usable] / said[usable]
    if len(said) < 1 / (1 - levels[-1]):
        return np.broadcast_to(-np.log1p(-np.asarray(levels)), (*mean.shape, len(levels)))
    order = np.argsort(said, kind="stable")
    said, ratio = said[order], ratio[order]
    width = min(errors, len(said))
    starts = np.unique(np.linspace(0, len(said) - width, MOST_ERRORS_GRID).astype(int))
    found = np.stack([np.quantile(ratio[at : at + width], levels) for at in starts])
    middle = np.array([np.log(said[at : at + width]).mean() for at in starts])
    nearest = np.abs(np.log(np.maximum(mean, LEAST))[:, :, None] - middle).argmin(axis=2)
    return found[nearest]
