"""Settings of one's own for models, {model: {field: value}}: read from JSON, checked against the models, kept beside a dataset."""

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias, get_args, get_type_hints

from forecasting.forecaster import Forecaster
from forecasting.models import registry
from forecasting.rule import AUTO
from sales.problems import InputProblems, Problem
from workspace import datasets, tables
from workspace.datasets import Dataset

Own: TypeAlias = dict[str, dict[str, Any]]
KEPT = "tuned.json"
_PLAIN = (int, float, str, bool, type(None))


def read(typed: str) -> tuple[Own, dict[str, Any]]:
    """The settings that a person typed, a file or JSON itself, and the file's whole content: what tuning wrote, or just
    {"boosting": {"rate": 0.1}}. Raises InputProblems for all that is wrong with them."""
    inline = typed.lstrip().startswith("{")
    file = "" if inline else typed
    try:
        content = json.loads(typed if inline else Path(typed).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputProblems([Problem("file_not_found", got=typed)]) from None
    except (OSError, ValueError) as error:
        raise InputProblems([Problem("settings_unreadable", got=str(error)[:200], file=file)]) from None
    entries = content.values() if isinstance(content, dict) else [None]
    if not all(isinstance(entry, dict) and isinstance(entry.get("settings", {}), dict) for entry in entries):
        raise InputProblems([Problem("settings_unreadable", got=str(content)[:200], file=file)])
    return checked(of_tuned(content), file), content


def of_tuned(tuned: Mapping[str, Mapping[str, Any]]) -> Own:
    """The settings alone of what tuning wrote.

    >>> of_tuned({"linear": {"settings": {"l2": 10.0}, "error": 0.3}, "tree": {"depth": 5}})
    {'linear': {'l2': 10.0}, 'tree': {'depth': 5}}
    """
    return {name: dict(entry.get("settings", entry)) for name, entry in tuned.items()}


def checked(own: Mapping[str, Mapping[str, Any]], file: str = "") -> Own:
    """`own` with each value in the type of its field. Raises InputProblems for models and fields that there are not, and for values that
    a field cannot have."""
    problems, found = [], {}
    for name, values in own.items():
        wrong = _wrong(name, values, file)
        problems += wrong
        if not wrong:
            types = settable(name)
            found[name] = {field: float(value) if _widened(value, types[field]) else value for field, value in values.items()}
    if problems:
        raise InputProblems(problems)
    return found


def of_models(own: Mapping[str, Mapping[str, Any]], models: Iterable[str]) -> Own:
    """The settings of those of `models` that have any; all of them where auto, which chooses from others, is one."""
    names = list(models)
    return {name: dict(own[name]) for name in (own if AUTO in names else names) if own.get(name)}


def with_country(own: Mapping[str, Mapping[str, Any]], country: str | None) -> Own:
    """`own` with the country whose holidays count, for the model that knows them; as it is without one.

    >>> with_country({"prophet": {"multiplicative": False}}, "DE")
    {'prophet': {'multiplicative': False, 'country': 'DE'}}
    """
    given = {name: dict(values) for name, values in own.items()}
    return {**given, "prophet": {**given.get("prophet", {}), "country": country}} if country else given


def made(names: Iterable[str], own: Mapping[str, Mapping[str, Any]]) -> list[Forecaster]:
    """The models of these names, each with its settings; auto hands them on to its candidates. Raises what a model raises that a setting
    does not fit."""
    return [registry.model(name, **({"own": own} if name == AUTO else own.get(name, {}))) for name in names]


def settable(name: str) -> dict[str, tuple[type, ...]]:
    """The fields of a model that plain JSON can set, and the types that each may have."""
    model = registry.model(name)
    hints = get_type_hints(type(model))
    types = {field: get_args(hints[field]) or (hints[field],) for field in vars(model)}
    return {field: kinds for field, kinds in types.items() if set(kinds) <= set(_PLAIN)}


def kept(dataset: Dataset) -> dict[str, Any]:
    """What tuning found for this dataset, {model: entry} (see `forecasting.tuning.tuned`); nothing where it was not tuned, or that was
    cleared."""
    return tables.read_facts(dataset.folder / KEPT) or {}


def keep(dataset: Dataset, tuned: Mapping[str, Any]) -> None:
    """Keeps what tuning found for these models beside `dataset`, in the place of what it found for them before. Raises KeyError where the
    dataset was deleted meanwhile."""
    with datasets.writing(dataset):
        tables.write_facts(dataset.folder / KEPT, {**kept(dataset), **tuned})


def clear(dataset: Dataset) -> None:
    """Forgets what tuning found for this dataset."""
    with datasets.writing(dataset):
        (dataset.folder / KEPT).unlink(missing_ok=True)


def _wrong(name: str, values: Mapping[str, Any], file: str) -> list[Problem]:
    """What is wrong with the settings of one model."""
    if name not in registry.NAMES:
        return [Problem("unknown_model", got=name, params={"names": ", ".join(registry.NAMES)}, file=file)]
    types, problems = settable(name), []
    for field, value in values.items():
        got = f"{name}.{field}: {json.dumps(value)}"
        if field not in types:
            problems.append(Problem("setting_unknown", got=got, params={"names": ", ".join(types) or "-"}, file=file))
        elif not _fits(value, types[field]):
            kinds = ", ".join("null" if kind is type(None) else kind.__name__ for kind in types[field])
            problems.append(Problem("setting_type", got=got, params={"kinds": kinds}, file=file))
    if problems:
        return problems
    try:
        registry.model(name, **values)
    except ValueError as error:
        return [Problem("setting_impossible", got=f"{name}: {json.dumps(values)}", params={"said": error}, file=file)]
    return []


def _fits(value: Any, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return type(value) in kinds or _widened(value, kinds)


def _widened(value: Any, kinds: tuple[type, ...]) -> bool:
    """Whether `value` is a whole number for a field of numbers."""
    return type(value) is int and float in kinds and int not in kinds
