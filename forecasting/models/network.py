"""Networks: one over all items, fitted on scaled windows, with the mean and all quantiles of every step as outputs."""

import os
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from forecasting import fallbacks
from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models.libraries import quiet, seeded
from forecasting.models.windows import Batch, Windows, shuffled
from sales.panel import SalesPanel

KERNEL = 3
FEWEST_EPOCHS = 3
MOST_CHECKED = 2000
SHUFFLES = 3


@dataclass(frozen=True)
class Network(Forecaster):
    """A network that reads an item's last periods into a memory of `units` numbers, and answers all steps at once from that memory and
    what is known of each step: the calendar, known-ahead covariates (also one season before), demand in the last seasons.

    An answer is a mix, by weights that it learns, of the anchors of the step (see `Windows`) plus what it learns beside them: it starts
    from a forecast by level and season rather than from nothing. It learns the mean by a loss that large errors do not rule, so that it
    lies a little low where single orders are large, and the quantiles by the pinball loss. A first network, which does not learn from the
    last horizon of the past, finds the epochs after which that gets no better; then `members` networks learn from all of the past for so
    long, at a falling rate, and their answers are averaged.

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

    cell: ClassVar[str]

    def __post_init__(self) -> None:
        for name in ("window", "units", "layers", "members", "epochs", "patience", "windows", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: got {getattr(self, name)}, expected 1 or more")
        if not 0 <= self.dropout < 1 or not self.rate > 0:
            raise ValueError(f"got dropout {self.dropout}, rate {self.rate}; expected dropout from 0 to below 1 and a rate above 0")

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        windows = self.windows_of(panel, horizon)
        asked = windows.batch(np.arange(len(panel)), np.full(len(panel), len(panel.periods)))
        with quiet(), seeded(int(rng.integers(2**31))):
            epochs = self.epochs_of(windows, held_out_from(windows), levels, rng)
            answers = self.answers(windows, asked, epochs, levels, rng) * asked.scale[:, None, None]
        forecast.mean[:] = np.maximum(answers[:, :, 0], 0)
        forecast.quantiles[:] = np.sort(np.maximum(answers[:, :, 1:], 0), axis=2)
        forecast.detail[:] = f"window {windows.window}, {epochs} epochs"
        return forecast

    def drivers(self, panel: SalesPanel, horizon: int, rng: np.random.Generator) -> pd.DataFrame:
        """Permutation importance (Breiman, 2001, sec. 10) of what the network reads: what was sold last, a season before, each covariate,
        the calendar. kind "importance": by how much the error on a held-out last quarter (at most a season, at least a horizon) grows,
        as a share of its sales, when windows are given each other's inputs; mean of 3 shuffles. About 0: not needed, or told by others."""
        panel = panel.select(fallbacks.answer(self.card.name, self.card.least_history, panel, horizon, (0.5,))[1])
        windows = self.windows_of(panel, horizon) if len(panel) else None
        if windows is None or not windows.reach(held := held_out_from(windows, panel.season)):
            return _importances({})
        checked = windows.batch(*windows.drawn(MOST_CHECKED, windows.periods, rng, first=held))
        with quiet(), seeded(int(rng.integers(2**31))):
            network, _ = self._fitted(windows, held, (0.5,), self.epochs, rng, checked)
            whole = _error(network, checked)
            grown = {
                name: float(np.mean([_error(network, shuffled(checked, columns, rng)) for _ in range(SHUFFLES)])) - whole
                for name, columns in windows.groups().items()
            }
        return _importances(grown)

    def windows_of(self, panel: SalesPanel, horizon: int, values: np.ndarray | None = None) -> Windows:
        """The windows that this network reads of `panel`; `values`: instead of its demand."""
        return Windows(panel, min(self.window, max(1, 2 * len(panel.periods) // 3)), horizon, values)

    def epochs_of(self, windows: Windows, held: int, levels: tuple[float, ...], rng: np.random.Generator) -> int:
        """The passes after which a network that learns up to position `held` is best at what follows."""
        if not windows.reach(held):
            return min(self.patience, self.epochs)
        rows = np.arange(len(windows.values))
        checked = windows.batch(rows, np.full(len(rows), held))
        return self._fitted(windows, held, levels, self.epochs, rng, checked)[1]

    def answers(
        self, windows: Windows, asked: Batch, epochs: int, levels: tuple[float, ...], rng: np.random.Generator, last: int | None = None
    ) -> np.ndarray:
        """Scaled mean and quantiles of the windows `asked`, k x horizon x (1 + L): the average of `members` networks (quantile by quantile:
        Vincent, 1912) that learnt for `epochs` passes, up to position `last`."""
        until = windows.periods if last is None else last
        return np.mean([_predicted(self._fitted(windows, until, levels, epochs, rng)[0], asked) for _ in range(self.members)], axis=0)

    def _fitted(
        self, windows: Windows, last: int, levels: tuple[float, ...], epochs: int, rng: np.random.Generator, checked: Batch | None = None
    ) -> tuple[Any, int]:
        """A network that learnt up to position `last`, and the passes that it took. With `checked` as long as that is gained from, and no
        longer than `epochs`; without for all of them."""
        keras = _keras()
        keras.backend.clear_session()
        keras.utils.set_random_seed(int(rng.integers(2**31)))
        learnt = windows.batch(*self._drawn(windows, last, rng), last=last)
        network = _network(self, learnt, 1 + len(levels))
        rate: Any = self.rate
        watched: dict[str, Any] = {}
        stop = keras.callbacks.EarlyStopping("val_loss", mode="min", patience=self.patience, restore_best_weights=True)
        if checked is not None and checked.target[:, :, 1].any():
            slower = keras.callbacks.ReduceLROnPlateau("val_loss", mode="min", patience=max(1, self.patience // 2), factor=0.3)
            watched = {"validation_data": (checked.inputs, checked.target), "callbacks": [stop, slower]}
        else:
            rate = keras.optimizers.schedules.CosineDecay(self.rate, epochs * len(learnt.scale) // self.batch)
        network.compile(keras.optimizers.Adam(rate, clipnorm=1.0), loss=_loss(levels))
        network.fit(learnt.inputs, learnt.target, batch_size=self.batch, epochs=epochs, verbose=0, **watched)
        return network, max(stop.best_epoch + 1, min(FEWEST_EPOCHS, epochs)) if watched else epochs

    def _drawn(self, windows: Windows, last: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Rows and origins to learn from, shuffled; a whole number of batches, for which some come twice."""
        row, origin = windows.drawn(self.windows, last, rng)
        order = rng.permutation(len(row))
        order = np.resize(order, -(-len(order) // self.batch) * self.batch)
        return row[order], origin[order]


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
    """`Network` of long short-term memory (Hochreiter & Schmidhuber, 1997)."""

    cell: ClassVar[str] = "lstm"
    card: ClassVar[Card] = _card("lstm")


@dataclass(frozen=True)
class Gru(Network):
    """`Network` of gated recurrent units (Cho et al., 2014): fewer weights than an LSTM."""

    cell: ClassVar[str] = "gru"
    card: ClassVar[Card] = _card("gru")


@dataclass(frozen=True)
class Conv(Network):
    """`Network` of dilated causal convolutions with shortcuts (van den Oord et al., 2016; Bai et al., 2018): layer k looks back 2^k periods
    at a time, so that 4 layers reach 31."""

    layers: int = 4

    cell: ClassVar[str] = "conv"
    card: ClassVar[Card] = _card("conv")


def held_out_from(windows: Windows, most: int = 1) -> int:
    """The position from which the past is held out: its last horizon, or `most` periods if that is longer, at most a quarter of it."""
    return windows.periods - max(1, min(max(windows.horizon, most), windows.periods // 4))


def _keras() -> Any:
    """Keras on JAX: the one place that imports it."""
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    return keras


def _network(model: Network, like: Batch, outputs: int) -> Any:
    """Inputs like those of the batch `like` to horizon x outputs, 1 being the mean size of the window."""
    keras = _keras()
    layers, ops = keras.layers, keras.ops
    behind, ahead, anchors = inputs = [layers.Input(block.shape[1:]) for block in like.inputs]
    memory = layers.Dropout(model.dropout)(_memory(model, behind))
    hidden = layers.Concatenate()([layers.RepeatVector(like.future.shape[1])(memory), ahead])
    hidden = layers.Dense(model.units, activation="relu")(hidden)
    hidden = layers.Dense(model.units, activation="relu")(layers.Dropout(model.dropout)(hidden))
    weights = layers.Dense(like.anchors.shape[2], activation="softmax")(hidden)
    beside = layers.Dense(outputs, kernel_initializer=keras.initializers.RandomNormal(stddev=0.01))(hidden)
    return keras.Model(inputs, ops.sum(weights * anchors, axis=2, keepdims=True) + beside)


def _memory(model: Network, behind: Any) -> Any:
    """What the cell makes of the past, `units` wide."""
    layers = _keras().layers
    if model.cell == "conv":
        flow = layers.Dense(model.units)(behind)
        for k in range(model.layers):
            seen = layers.Conv1D(model.units, KERNEL, padding="causal", dilation_rate=2**k, activation="relu")(flow)
            flow = layers.Add()([flow, layers.Dropout(model.dropout)(seen)])
        return flow[:, -1]
    cell = {"lstm": layers.LSTM, "gru": layers.GRU}[model.cell]
    for k in range(model.layers):
        behind = cell(model.units, return_sequences=k < model.layers - 1)(behind)
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


def _importances(grown: dict[str, float]) -> pd.DataFrame:
    rows = pd.DataFrame({"name": list(grown), "value": list(grown.values())})
    rows = rows.assign(item="", kind="importance", ds=pd.NaT)
    return rows[["item", "kind", "name", "ds", "value"]]
