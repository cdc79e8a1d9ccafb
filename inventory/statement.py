"""What an order list rests on, as a second file: run, data, settings, models, and everything that a planner decided."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from types import MappingProxyType

from inventory.adjustments import Adjustment
from inventory.decisions import Decisions
from inventory.overrides import Override
from inventory.plan import ReorderPlan
from inventory.sent import SentOrder
from workspace.cells import plain_number, safe_text
from workspace.runs import Run

HEADERS = ("section", "name", "value")
NOTHING_MORE: Mapping[str, str] = MappingProxyType({})


def statement(
    plan: ReorderPlan,
    data: str,
    run: Run,
    decided: Decisions,
    moved: Mapping[int, float],
    models: Mapping[str, str],
    made_at: datetime,
    about: Mapping[str, str] = NOTHING_MORE,
) -> bytes:
    """The statement of `plan`, of the dataset `data`, as CSV: UTF-8 with a byte order mark, RFC 4180, one fact a row.

    run: that the forecast and the backtest come from. decided: what the plan heeds. moved: units by which each adjustment, by its id, moved
    the forecast. models: item -> model; those of the plan's items are listed. made_at: a moment with its time zone, written in UTC. about:
    what else is to be known of the list (its currency, its filters). Text that a spreadsheet would run as a formula gets a leading
    apostrophe. Raises ValueError where `made_at` has no time zone.
    """
    if made_at.tzinfo is None:
        raise ValueError(f"made_at: got {made_at}, expected a time with its zone")
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADERS)
    listed = [("list", name, value) for name, value in about.items()]
    rows = (*_made(plan, data, run, decided, made_at), *listed, *_sums(plan), *_models(plan, models), *_decided(plan, decided, moved))
    writer.writerows(tuple(safe_text(cell) for cell in row) for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _made(plan: ReorderPlan, data: str, run: Run, decided: Decisions, made_at: datetime) -> Iterator[tuple[str, str, str]]:
    yield "made", "at", _moment(made_at)
    yield "data", "name", data
    yield "data", "as_of", f"{plan.as_of:%Y-%m-%d}"
    yield "run", "name", run.name
    for name, value in sorted(run.settings.items()):
        yield "run", name, _written(value)
    for name, value in asdict(plan.settings).items():
        yield "settings", name, "own" if value is None else _written(value)
    if decided.stock is not None:
        yield "stock", "file", decided.stock.file
        yield "stock", "saved_at", _moment(decided.stock.at)
        yield "stock", "saved_by", decided.stock.by


def _sums(plan: ReorderPlan) -> Iterator[tuple[str, str, str]]:
    yield "plan", "items", str(len(plan))
    for name, value in asdict(plan.totals()).items():
        yield "plan", name, _written(value)


def _models(plan: ReorderPlan, models: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for item in sorted(set(plan.items) & set(models)):
        yield "model", item, models[item]


def _decided(plan: ReorderPlan, decided: Decisions, moved: Mapping[int, float]) -> Iterator[tuple[str, str, str]]:
    computed = dict(zip(plan.items, plan.computed, strict=True))
    for made in decided.overrides:
        if made.item in computed:
            yield "override", made.item, _parts(made, quantity=made.quantity, computed=float(computed[made.item]), reason=made.reason)
    for one in decided.adjustments:
        first, last = f"{one.first:%Y-%m-%d}", f"{one.last:%Y-%m-%d}"
        about = {"scope": one.scope, "first": first, "last": last, "percent": one.percent, "units": one.units}
        yield "adjustment", one.target or one.scope, _parts(one, **about, forecast_moved_by=moved.get(one.id, 0.0), reason=one.reason)
    for order in decided.orders:
        if order.item in computed:
            yield "sent", order.item, _parts(order, quantity=order.quantity, state=order.state, due=f"{order.due:%Y-%m-%d}")


def _parts(decision: Override | Adjustment | SentOrder, **about: object) -> str:
    """Names and values of one decision, values in quotes where they hold what parts them; what has no value is left out."""
    known = {"by": decision.by, "at": _moment(decision.at), **about}
    return "; ".join(f"{name}={_quoted(written)}" for name, value in known.items() if (written := _written(value)))


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if any(mark in value for mark in ';="') else value


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _written(value: object) -> str:
    """
    >>> [_written(value) for value in (None, 0.95, 28, ["a", "b"], float("nan"), "x")]
    ['', '0.95', '28', 'a, b', '', 'x']
    """
    if isinstance(value, float):
        return plain_number(value)
    if isinstance(value, list | tuple):
        return ", ".join(_written(part) for part in value)
    return "" if value is None else str(value)
