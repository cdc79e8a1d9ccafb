"""Networks: one over all items, fitted on scaled windows, with the mean and all quantiles of every step as outputs."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from forecasting import fallbacks
from forecasting.features import learnt_from
from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster, driver_rows
from forecasting.models.libraries import quiet, seeded
from forecasting.models.windows import Batch, Windows, shuffled
from sales.panel import SalesPanel
from workspace import compiled

KERNEL = 3
FEWEST_EPOCHS = 3
MOST_CHECKED = 2000
SHUFFLES = 3
Shape = tuple[str, int, int, float]
Inputs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Network(Forecaster):
    """A network that reads an item's last periods into a memory of `units` numbers, and answers all steps at once from that memory and
    what is known of each step: the calendar, known-ahead covariates (also one season before), demand in the last seasons.

    An answer is a mix, by weights that it learns, of the anchors of the step (see `Windows`) plus what it learns beside them: it starts
    from a forecast by level and season rather than from nothing. It learns the mean by a loss that large errors do not rule, so that it
    lies a little low where single orders are large, and the quantiles by the pinball loss. A first network, which does not learn from the
    last horizon of the past, finds the epochs after which that gets no better; then `members` networks learn from all of the past for
    twice as many at a rate that falls to nothing, and their answers are averaged.

    window: periods read (at most two thirds of the history). layers: of the cell. dropout: share of the memory left out at random while it
    learns. rate: the first learning rate. epochs: at most so many passes over the windows; patience: passes without gain before it stops.
    windows: at most so many, drawn at random. batch: windows a step of learning takes. Raises ValueError for a size that cannot be.
    """

    window: int = 28
    units: int = 32
    layers: int = 1
    dropout: float = 0.1
    rate: float = 2e-3
    members: int = 2
    epochs: int = 40
    patience: int = 6
    windows: int = 6000
    batch: int = 128
    learnt: "Learnt | None" = field(default=None, repr=False, compare=False, kw_only=True)

    cell: ClassVar[str]

    def __post_init__(self) -> None:
        for name in ("window", "units", "layers", "members", "epochs", "patience", "windows", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: got {getattr(self, name)}, expected 1 or more")
        if not 0 <= self.dropout < 1 or not self.rate > 0:
            raise ValueError(f"got dropout {self.dropout}, rate {self.rate}; expected dropout from 0 to below 1 and a rate above 0")

    def trained(self, panel: SalesPanel, horizon: int, levels: Sequence[float], rng: np.random.Generator) -> "Network":
        able = panel.select(fallbacks.able(panel, self.card.least_history))
        return replace(self, learnt=self._learnt(self.windows_of(able, horizon), tuple(levels), rng) if len(able) else None)

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        windows = Windows(panel, self.learnt.window, horizon) if self.learnt is not None else self.windows_of(panel, horizon)
        learnt = self.learnt if self.learnt is not None and self.learnt.answers(windows, levels) else None
        with quiet(), seeded(0):
            if learnt is None:
                windows = self.windows_of(panel, horizon)
                learnt = self._learnt(windows, levels, rng)
            answers = self._answered(windows, learnt.members, levels)
        forecast.mean[:] = np.maximum(answers[:, :, 0], 0)
        forecast.quantiles[:] = np.sort(np.maximum(answers[:, :, 1:], 0), axis=2)
        forecast.detail[:] = learnt.detail
        return forecast

    def _learnt(self, windows: Windows, levels: tuple[float, ...], rng: np.random.Generator) -> "Learnt":
        with quiet(), seeded(int(rng.integers(2**31))):
            epochs = self.tried(windows, held_out_from(windows), levels, rng)[1]
            members = self._members(windows, epochs, levels, rng)
        shapes = tuple(block.shape[1:] for block in _ahead(windows).inputs)
        there = windows.count
        told = learnt_from(min(self.windows, there), there, "windows", len(windows.values), windows.first, windows.last)
        return Learnt(members, windows.window, shapes, levels, f"window {windows.window}, {epochs} epochs; {told}")

    def drivers(self, panel: SalesPanel, horizon: int, rng: np.random.Generator) -> pd.DataFrame:
        """Permutation importance (Breiman, 2001, sec. 10) of what the network reads: what was sold last, a season before, each covariate,
        the calendar. kind "importance": by how much the error on a held-out last quarter (at most a season, at least a horizon) grows,
        as a share of its sales, when windows are given each other's inputs; mean of 3 shuffles. About 0: not needed, or told by others."""
        panel = panel.select(fallbacks.able(panel, self.card.least_history))
        windows = self.windows_of(panel, horizon) if len(panel) else None
        if windows is None or not windows.reach(held := held_out_from(windows, panel.season)):
            return driver_rows([])
        checked = windows.batch(*windows.drawn(MOST_CHECKED, windows.periods, rng, first=held))
        with quiet(), seeded(int(rng.integers(2**31))):
            network, _ = self._fitted(windows, held, (0.5,), self.epochs, rng, checked)
            whole = _error(network, checked)
            grown = {
                name: float(np.mean([_error(network, shuffled(checked, columns, rng)) for _ in range(SHUFFLES)])) - whole
                for name, columns in windows.groups().items()
            }
        rows = pd.DataFrame({"item": "", "kind": "importance", "name": list(grown), "ds": pd.NaT, "value": list(grown.values())})
        return driver_rows([rows])

    def windows_of(self, panel: SalesPanel, horizon: int, values: np.ndarray | None = None) -> Windows:
        """The windows that this network reads of `panel`; `values`: instead of its demand."""
        return Windows(panel, min(self.window, max(1, 2 * len(panel.periods) // 3)), horizon, values)

    def tried(self, windows: Windows, held: int, levels: tuple[float, ...], rng: np.random.Generator) -> tuple[np.ndarray, int]:
        """What a network that learns up to position `held` says of every item from there, units, n x horizon x (1 + L); after how many
        passes it says that best. 0 units where there is nothing to learn from."""
        rows = np.arange(len(windows.values))
        checked = windows.batch(rows, np.full(len(rows), held))
        if not windows.reach(held):
            return np.zeros((*checked.target.shape[:2], 1 + len(levels))), min(self.patience, self.epochs)
        network, epochs = self._fitted(windows, held, levels, self.epochs, rng, checked)
        return _predicted(network, checked) * checked.scale[:, None, None], epochs

    def answers(self, windows: Windows, epochs: int, levels: tuple[float, ...], rng: np.random.Generator) -> np.ndarray:
        """Mean and quantiles of the periods after the last, units, n x horizon x (1 + L): the average of `members` networks (quantile by
        quantile: Vincent, 1912) that learnt from all of the past. Their rate falls, to half on average: for twice `epochs` passes."""
        return self._answered(windows, self._members(windows, epochs, levels, rng), levels)

    def _members(self, windows: Windows, epochs: int, levels: tuple[float, ...], rng: np.random.Generator) -> list[list[np.ndarray]]:
        """The weights of each."""
        return [self._fitted(windows, windows.periods, levels, 2 * epochs, rng)[0].get_weights() for _ in range(self.members)]

    def _answered(self, windows: Windows, members: list[list[np.ndarray]], levels: tuple[float, ...]) -> np.ndarray:
        asked = _ahead(windows)
        network = _compiled((self.cell, self.units, self.layers, self.dropout), tuple(block.shape[1:] for block in asked.inputs), levels)
        answers = []
        for weights in members:
            network.set_weights(weights)
            answers.append(_predicted(network, asked))
        return np.mean(answers, axis=0) * asked.scale[:, None, None]

    def _fitted(
        self, windows: Windows, last: int, levels: tuple[float, ...], epochs: int, rng: np.random.Generator, checked: Batch | None = None
    ) -> tuple[Any, int]:
        """A network that learnt up to position `last`, good until the next one is fitted, and the passes that it took. With `checked` as
        long as that is gained from, and no longer than `epochs`; without for all of them, at a rate that falls as half a cosine."""
        keras = _keras()
        learnt = windows.batch(*self._drawn(windows, last, rng), last=last)
        shape = (self.cell, self.units, self.layers, self.dropout)
        network = _compiled(shape, tuple(block.shape[1:] for block in learnt.inputs), levels)
        keras.utils.set_random_seed(int(rng.integers(2**31)))
        _begin_anew(network, _network(shape, tuple(block.shape[1:] for block in learnt.inputs), 1 + len(levels)), self.rate)
        stop = keras.callbacks.EarlyStopping("val_loss", mode="min", patience=self.patience, restore_best_weights=True)
        slower = keras.callbacks.ReduceLROnPlateau("val_loss", mode="min", patience=max(1, self.patience // 2), factor=0.3)
        falling = keras.callbacks.LearningRateScheduler(lambda epoch: self.rate * (1 + math.cos(math.pi * epoch / epochs)) / 2)
        watches = checked is not None and bool(checked.target[:, :, 1].any())
        network.fit(
            learnt.inputs,
            learnt.target,
            validation_data=(checked.inputs, checked.target) if checked is not None and watches else None,
            batch_size=self.batch,
            epochs=epochs,
            callbacks=[stop, slower] if watches else [falling],
            verbose=0,
        )
        return network, max(stop.best_epoch + 1, min(FEWEST_EPOCHS, epochs)) if watches else epochs

    def _drawn(self, windows: Windows, last: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Rows and origins to learn from, shuffled; a whole number of batches, for which some come twice."""
        row, origin = windows.drawn(self.windows, last, rng)
        order = rng.permutation(len(row))
        order = np.resize(order, -(-len(order) // self.batch) * self.batch)
        return row[order], origin[order]


@dataclass(frozen=True, eq=False)
class Learnt:
    """What networks took from windows, for any later panel: the weights of each member; the window read, the shapes of the inputs, the
    levels; what it settled on, and what it learnt from."""

    members: list[list[np.ndarray]]
    window: int
    inputs: Inputs
    levels: tuple[float, ...]
    detail: str

    def answers(self, windows: Windows, levels: tuple[float, ...]) -> bool:
        """Whether the windows have the same inputs, and the same is asked."""
        return self.levels == levels and self.inputs == tuple(block.shape[1:] for block in _ahead(windows, 1).inputs)


def _ahead(windows: Windows, most: int | None = None) -> Batch:
    """The windows that the forecast asks for, of all items or the first few."""
    rows = np.arange(len(windows.values))[:most]
    return windows.batch(rows, np.full(len(rows), windows.periods))


def _card(name: str) -> Card:
    return Card(
        name=name,
        family=Family.NETWORK,
        least_history=14,
        uses_covariates=True,
        seasonal=True,
        intermittent=False,
        shared=True,
        cost=Cost.SLOW,
    )


@dataclass(frozen=True)
class Lstm(Network):
    """One recurrent network over all items, of long short-term memory cells (Hochreiter & Schmidhuber, 1997)."""

    cell: ClassVar[str] = "lstm"
    card: ClassVar[Card] = _card("lstm")


@dataclass(frozen=True)
class Gru(Network):
    """One recurrent network over all items, of gated recurrent units (Cho et al., 2014): fewer weights than an LSTM."""

    cell: ClassVar[str] = "gru"
    card: ClassVar[Card] = _card("gru")


@dataclass(frozen=True)
class Conv(Network):
    """One network over all items, of dilated causal convolutions with shortcuts (van den Oord et al., 2016; Bai et al., 2018): layer k
    looks back 2^k periods at a time, so that 4 layers reach 31."""

    layers: int = 4

    cell: ClassVar[str] = "conv"
    card: ClassVar[Card] = _card("conv")


def held_out_from(windows: Windows, most: int = 1) -> int:
    """The position from which the past is held out: its last horizon, or `most` periods if that is longer, at most a quarter of it."""
    return windows.periods - max(1, min(max(windows.horizon, most), windows.periods // 4))


def _keras() -> Any:
    """Keras on JAX: the one place that imports it."""
    os.environ["KERAS_BACKEND"] = "jax"
    compiled.keep()
    import keras

    return keras


@lru_cache(maxsize=8)
def _compiled(shape: Shape, inputs: Inputs, levels: tuple[float, ...]) -> Any:
    """A network to be fitted again and again: what compiling costs is paid once a process and shape."""
    network = _network(shape, inputs, 1 + len(levels))
    network.compile(_keras().optimizers.Adam(clipnorm=1.0), loss=_loss(levels))
    network.optimizer.build(network.trainable_variables)
    steps = inputs[1][0]  # what is not built yet `fit` would build, the first time, with a draw of random numbers more than later
    network.compute_loss(y=np.zeros((1, steps, 2), np.float32), y_pred=np.zeros((1, steps, 1 + len(levels)), np.float32))
    return network


def _begin_anew(network: Any, fresh: Any, rate: float) -> None:
    """Gives `network` the weights and the state of random numbers of `fresh`, and an optimizer that has not yet taken a step."""
    for own, new in zip(network.variables, fresh.variables, strict=True):
        own.assign(new)
    for own in network.optimizer.variables:
        own.assign(np.zeros(own.shape, own.dtype))
    network.optimizer.learning_rate = rate


def _network(shape: Shape, inputs: Inputs, outputs: int) -> Any:
    """Inputs of the shapes of `Batch.inputs` to horizon x outputs, 1 being the mean size of the window."""
    keras = _keras()
    layers, ops = keras.layers, keras.ops
    _, units, _, dropout = shape
    behind, ahead, anchors = asked = [layers.Input(of) for of in inputs]
    memory = layers.Dropout(dropout)(_memory(shape, behind))
    hidden = layers.Concatenate()([layers.RepeatVector(inputs[1][0])(memory), ahead])
    hidden = layers.Dense(units, activation="relu")(hidden)
    hidden = layers.Dense(units, activation="relu")(layers.Dropout(dropout)(hidden))
    weights = layers.Dense(inputs[2][1], activation="softmax")(hidden)
    beside = layers.Dense(outputs, kernel_initializer=keras.initializers.RandomNormal(stddev=0.01))(hidden)
    return keras.Model(asked, ops.sum(weights * anchors, axis=2, keepdims=True) + beside)


def _memory(shape: Shape, behind: Any) -> Any:
    """What the cell makes of the past, `units` wide."""
    layers = _keras().layers
    cell, units, depth, dropout = shape
    if cell == "conv":
        flow = layers.Dense(units)(behind)
        for k in range(depth):
            seen = layers.Conv1D(units, KERNEL, padding="causal", dilation_rate=2**k, activation="relu")(flow)
            flow = layers.Add()([flow, layers.Dropout(dropout)(seen)])
        return flow[:, -1]
    recurrent = {"lstm": layers.LSTM, "gru": layers.GRU}[cell]
    for k in range(depth):
        behind = recurrent(units, return_sequences=k < depth - 1)(behind)
    return behind


def _loss(levels: tuple[float, ...]) -> Any:
    """Pseudo-Huber loss of the mean (Charbonnier et al., 1997: 2 (sqrt(1 + e^2) - 1), squared for errors e below the item's level, linear
    above it, so that no single large order rules) plus pinball losses of the quantiles, averaged over the known targets."""
    ops = _keras().ops
    at = np.array(levels, dtype=np.float32)

    def loss(target: Any, answer: Any) -> Any:
        error, known = target[:, :, :1] - answer, target[:, :, 1]
        of_mean = 2 * (ops.sqrt(1 + ops.square(error[:, :, 0])) - 1)
        pinball = ops.mean(ops.maximum(at * error[:, :, 1:], (at - 1) * error[:, :, 1:]), axis=2)
        return ops.sum(known * (of_mean + 2 * pinball)) / ops.maximum(ops.sum(known), 1.0)

    return loss


def _predicted(network: Any, asked: Batch) -> np.ndarray:
    return network.predict(asked.inputs, batch_size=256, verbose=0).astype(float)


def _error(network: Any, checked: Batch) -> float:
    """Sum of absolute errors of the mean over the sum of sales, a share."""
    known = checked.target[:, :, 1] * checked.scale[:, None]
    error = np.abs(np.maximum(_predicted(network, checked)[:, :, 0], 0) - checked.target[:, :, 0])
    return float((known * error).sum() / (known * checked.target[:, :, 0]).sum())
