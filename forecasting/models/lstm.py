"""LSTM: one network over all items, fitted on scaled windows, with the mean and all quantiles of every step as outputs."""

import os
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from forecasting.forecast import Forecast, blank
from forecasting.forecaster import Card, Cost, Family, Forecaster
from forecasting.models.libraries import quiet, seeded
from forecasting.models.windows import Batch, Windows
from sales.panel import SalesPanel


@dataclass(frozen=True)
class Lstm(Forecaster):
    """A long short-term memory network (Hochreiter & Schmidhuber, 1997): it reads an item's last periods and answers all steps at once.

    Its inputs are scaled demand and whether it is known, the calendar, known-ahead covariates and, for each step, demand one season before.
    It learns the mean by squared errors and the quantiles by the pinball loss, and stops when the last horizon of the past, which it does
    not learn from, gets no better.

    window: periods read (at most two thirds of the history). units: width of the network. epochs: at most so many passes over the windows;
    patience: passes without gain before it stops. windows: at most so many, drawn at random. batch: windows a step of learning takes.
    rate: the first learning rate.
    """

    window: int = 56
    units: int = 48
    epochs: int = 40
    patience: int = 6
    windows: int = 6000
    batch: int = 64
    rate: float = 2e-3

    card: ClassVar[Card] = Card(
        name="lstm",
        family=Family.NETWORK,
        least_history=14,
        uses_covariates=True,
        seasonal=True,
        intermittent=False,
        shared=True,
        cost=Cost.SLOW,
    )

    def _forecast(self, panel: SalesPanel, horizon: int, levels: tuple[float, ...], rng: np.random.Generator) -> Forecast:
        forecast = blank(self.card.name, panel, horizon, levels)
        periods = len(panel.periods)
        windows = Windows(panel, min(self.window, max(1, 2 * periods // 3)), horizon)
        rows = np.arange(len(panel))
        held_out = periods - max(1, min(horizon, periods // 4))
        last = held_out if windows.reach(held_out) else periods
        learnt = windows.batch(*self._drawn(windows, last, rng), last=last)
        checked = windows.batch(rows, np.full(len(panel), held_out))
        asked = windows.batch(rows, np.full(len(panel), periods))
        seed = int(rng.integers(2**31))
        with quiet(), seeded(seed):
            answers, epochs = self._answers(learnt, checked, asked, levels, seed)
        answers = answers * asked.scale[:, None, None]
        forecast.mean[:] = np.maximum(answers[:, :, 0], 0)
        forecast.quantiles[:] = np.sort(np.maximum(answers[:, :, 1:], 0), axis=2)
        forecast.detail[:] = f"window {windows.window}, {epochs} epochs"
        return forecast

    def _drawn(self, windows: Windows, last: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Rows and origins to learn from, shuffled; a whole number of batches, for which some come twice."""
        row, origin = windows.drawn(self.windows, last, rng)
        order = rng.permutation(len(row))
        order = np.resize(order, -(-len(order) // self.batch) * self.batch)
        return row[order], origin[order]

    def _answers(self, learnt: Batch, checked: Batch, asked: Batch, levels: tuple[float, ...], seed: int) -> tuple[np.ndarray, int]:
        """Scaled mean and quantiles of the windows `asked`, k x horizon x (1 + L), and the epochs that it took."""
        keras = _keras()
        keras.utils.set_random_seed(seed)
        network = _network(learnt.past.shape[1:], learnt.future.shape[1:], self.units, 1 + len(levels))
        network.compile(keras.optimizers.Adam(self.rate, clipnorm=1.0), loss=_loss(levels))
        watched = "val_loss" if checked.target[:, :, 1].any() else "loss"
        stop = keras.callbacks.EarlyStopping(watched, mode="min", patience=self.patience, restore_best_weights=True)
        slower = keras.callbacks.ReduceLROnPlateau(watched, mode="min", patience=max(1, self.patience // 2), factor=0.3)
        history = network.fit(
            [learnt.past, learnt.future],
            learnt.target,
            validation_data=([checked.past, checked.future], checked.target),
            batch_size=self.batch,
            epochs=self.epochs,
            callbacks=[stop, slower],
            verbose=0,
        )
        answers = network.predict([asked.past, asked.future], batch_size=256, verbose=0)
        keras.backend.clear_session()
        return answers.astype(float), len(history.history["loss"])


def _keras() -> Any:
    """Keras on JAX: the one place that imports it."""
    os.environ["KERAS_BACKEND"] = "jax"
    import keras

    return keras


def _network(past: tuple[int, int], future: tuple[int, int], units: int, outputs: int) -> Any:
    """Past and future inputs to horizon x outputs, 1 being the mean of the window."""
    layers = _keras().layers
    behind, ahead = layers.Input(past), layers.Input(future)
    memory = layers.RepeatVector(future[0])(layers.LSTM(units)(behind))
    hidden = layers.Dense(units, activation="relu")(layers.Concatenate()([memory, ahead]))
    hidden = layers.Dense(units, activation="relu")(hidden)
    return _keras().Model([behind, ahead], layers.Dense(outputs, bias_initializer="ones")(hidden))


def _loss(levels: tuple[float, ...]) -> Any:
    """Squared error of the mean plus pinball losses of the quantiles, averaged over the known targets."""
    ops = _keras().ops
    at = np.array(levels, dtype=np.float32)

    def loss(target: Any, answer: Any) -> Any:
        error, known = target[:, :, :1] - answer, target[:, :, 1]
        squared = ops.square(error[:, :, 0])
        pinball = ops.mean(ops.maximum(at * error[:, :, 1:], (at - 1) * error[:, :, 1:]), axis=2)
        return ops.sum(known * (squared + 2 * pinball)) / ops.maximum(ops.sum(known), 1.0)

    return loss
