"""Customers: who bought is replaced by a salted hash at the door; nothing that is kept or shown knows more."""

import hashlib

import pandas as pd
import pyarrow as pa

from sales.distinct import as_text, distinct, keep_codes, text_cells
from sales.mapping import ROLES, Mapping
from sales.problems import Problem, Severity
from sales.role_names import PERSONS, plain_name

_E_MAIL = r"[^@\s]+@[^@\s]+\.\w{2,}"
_PHONE = r"\+\d[\d\s()./-]{6,}"
_MOSTLY = 0.5
_SAMPLE = 2_000
_SALT_BYTES = range(16, 65)


def without_names(table: pd.DataFrame, column: str, salt: bytes) -> pd.DataFrame:
    """`table` with each id in `column` as 16 hexadecimal digits that stand for it: equal ids stay equal, empty ones empty, and without the
    salt, which stays in the workspace, nobody finds the id that made them by trying.

    Raises ValueError for a salt of fewer than 16 bytes or more than 64, KeyError without the column.

    >>> without_names(pd.DataFrame({"who": ["17850", None, 17850]}, dtype=object), "who", bytes(16))["who"].nunique()
    1
    """
    if len(salt) not in _SALT_BYTES:
        raise ValueError(f"salt: got {len(salt)} bytes, expected {_SALT_BYTES[0]} to {_SALT_BYTES[-1]}")
    codes, ids = distinct(table[column])
    words = map(as_text, ids)
    told = [hashlib.blake2b(word.encode(), key=salt, digest_size=8).hexdigest() if word.strip() else None for word in words]
    hashes = pa.array(told, pa.large_string())
    named = hashes.take(pa.array(codes, mask=codes < 0))
    table = table.assign(**{column: pd.Series(named, index=table.index, dtype="str")})
    if hashes.null_count == 0 and len(hashes.unique()) == len(hashes):
        keep_codes(text_cells(table[column]), codes, hashes)
    return table


def personal(table: pd.DataFrame, mapping: Mapping) -> list[Problem]:
    """A problem for each column that names people by its name or cells and is neither the customer of `mapping` nor of another role: it
    is kept in clear with the table that it stands in.

    >>> table = pd.DataFrame({"sku": ["A"], "who": ["ann@example.org"], "client": ["7"]})
    >>> [problem.column for problem in personal(table, Mapping("sku", customer="client"))]
    ['who']
    """
    taken = {getattr(mapping, role) for role in ROLES}
    return [
        Problem("column_of_persons", Severity.WARNING, str(name))
        for place, name in enumerate(table.columns)
        if name not in taken and (plain_name(name) in PERSONS or _names_people(table.iloc[:, place]))
    ]


def _names_people(column: pd.Series) -> bool:
    """Whether most of the first cells are e-mail addresses or phone numbers."""
    if column.dtype != object and not isinstance(column.dtype, pd.StringDtype):
        return False
    cells = column.iloc[:_SAMPLE].dropna().astype("str").str.strip()
    return bool(len(cells)) and bool(cells.str.fullmatch(f"{_E_MAIL}|{_PHONE}").mean() > _MOSTLY)
