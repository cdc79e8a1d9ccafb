"""What an order list rests on, as a second file: run, data, settings, models, and everything that a planner decided."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime

from inventory.adjustments import Adjustment
from inventory.overrides import Override
from inventory.plan import ReorderPlan
from workspace.cells import plain_number, safe_text
from workspace.runs import Run

HEADERS = ("section", "name", "value")


def statement(
    plan: ReorderPlan,
    run: Run,
    fingerprint: str,
    overrides: Iterable[Override],
    adjustments: Iterable[Adjustment],
    models: Mapping[str, str],
    made_at: datetime,
) -> bytes:
    """The statement of `plan` as CSV: UTF-8 with a byte order mark, RFC 4180, one fact a row.

    fingerprint: of the data that the run was made of. overrides, adjustments: those that the plan heeds. models: item -> model; those of
    the plan's items are listed. made_at: a moment with its time zone, written in UTC. Text that a spreadsheet would run as a formula gets a
    leading apostrophe. Raises ValueError where `made_at` has no time zone.
    """
    if made_at.tzinfo is None:
        raise ValueError(f"made_at: got {made_at}, expected a time with its zone")
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADERS)
    rows = (*_made(plan, run, fingerprint, made_at), *_sums(plan), *_models(plan, models), *_decided(plan, overrides, adjustments))
    writer.writerows(tuple(safe_text(cell) for cell in row) for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _made(plan: ReorderPlan, run: Run, fingerprint: str, made_at: datetime) -> Iterator[tuple[str, str, str]]:
    yield "made", "at", _moment(made_at)
    yield "data", "name", _written(run.about.get("data"))
    yield "data", "fingerprint", fingerprint
    yield "data", "as_of", f"{plan.as_of:%Y-%m-%d}"
    yield "run", "name", run.name
    for name, value in sorted(run.settings.items()):
        yield "run", name, _written(value)
    for name, value in asdict(plan.settings).items():
        yield "settings", name, "own" if value is None else _written(value)


def _sums(plan: ReorderPlan) -> Iterator[tuple[str, str, str]]:
    yield "plan", "items", str(len(plan))
    for name, value in asdict(plan.totals()).items():
        yield "plan", name, _written(value)


def _models(plan: ReorderPlan, models: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for item in sorted(set(plan.items) & set(models)):
        yield "model", item, models[item]


def _decided(plan: ReorderPlan, overrides: Iterable[Override], adjustments: Iterable[Adjustment]) -> Iterator[tuple[str, str, str]]:
    computed = dict(zip(plan.items, plan.computed, strict=True))
    for made in overrides:
        if made.item in computed:
            yield "override", made.item, _parts(made, quantity=made.quantity, computed=float(computed[made.item]))
    for one in adjustments:
        first, last = f"{one.first:%Y-%m-%d}", f"{one.last:%Y-%m-%d}"
        about = {"scope": one.scope, "first": first, "last": last, "percent": one.percent, "units": one.units}
        yield "adjustment", one.target or one.scope, _parts(one, **about)


def _parts(decision: Override | Adjustment, **about: object) -> str:
    """Names and values of one decision, the reason last; what has no value is left out."""
    known = {**about, "by": decision.by, "at": _moment(decision.at), "reason": decision.reason}
    return "; ".join(f"{name}={written}" for name, value in known.items() if (written := _written(value)))


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
