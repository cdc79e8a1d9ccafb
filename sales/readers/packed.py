"""Packed files: what kind of file some bytes are, and gzip and zip unpacked into a folder, within bounds."""

import gzip
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from sales.problems import InputProblems, Problem
from sales.readers import limits

Kind = Literal["text", "workbook", "parquet", "gzip", "zip", "web"]

TEXTS = (".csv", ".tsv", ".txt", ".tab", ".psv")
WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
PARQUETS = (".parquet", ".pq")
TABLES = TEXTS + WORKBOOKS + PARQUETS
PACKED = (".gz", ".zip")
_CHUNK = 2**20
_DIRECTORY = 2**24
_PARTS_OF_WORKBOOKS = {"[Content_Types].xml", "xl/workbook.xml", "xl/workbook.bin", "content.xml"}


@dataclass(frozen=True)
class Member:
    """A file inside another: its name there, and where it was unpacked."""

    name: str
    path: Path


def suffix(name: str) -> str:
    """The ending of a file's name, in small letters."""
    return PurePosixPath(name.replace("\\", "/")).suffix.lower()


def kind_of(path: Path) -> Kind:
    """What the file's first bytes say it is; text where they say nothing."""
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") or head[:4] in (b"\x09\x08\x10\x00", b"\x09\x00\x04\x00"):
        return "workbook"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        _check_directory(path)
        with zipfile.ZipFile(path) as parts:
            return "workbook" if _PARTS_OF_WORKBOOKS & set(parts.namelist()) else "zip"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "web" if start.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml")) else "text"


def unpack_gzip(path: Path, name: str, folder: Path, left: int) -> Member:
    """The file inside, without the ending .gz; `left`: how many bytes it may have."""
    inner = name.removesuffix(name[-3:]) if suffix(name) == ".gz" else name
    with gzip.open(path) as stream:
        return Member(inner, _save(stream, folder / "gzip", left))


def unpack_zip(path: Path, folder: Path, left: int, chosen: str | None) -> tuple[list[Member], tuple[str, ...]]:
    """The tables inside, or the one `chosen`, and the names of all tables; `left`: how many bytes they may have together.

    Raises InputProblems where there is none, or no such one.
    """
    with zipfile.ZipFile(path) as parts:
        inside = {part.filename: part for part in parts.infolist() if _is_table(part)}
        if len(inside) > limits.MOST_FILES:
            raise InputProblems([Problem("too_many_files", got=f"{len(inside):,}", params={"most": f"{limits.MOST_FILES:,}"})])
        if not inside:
            raise InputProblems([Problem("no_table_inside", got=", ".join(parts.namelist())[:100])])
        if chosen is not None and chosen not in inside and len(inside) > 1:
            raise InputProblems([Problem("no_such_sheet", got=chosen[:100], params={"sheets": ", ".join(inside)[:500]})])
        members = []
        for place, (name, part) in enumerate(inside.items()):
            if chosen in inside and name != chosen:
                continue
            if part.flag_bits & 1:
                raise InputProblems([Problem("password_protected")])
            part.file_size = 2**62
            with parts.open(part) as stream:
                members.append(Member(name, _save(stream, folder / f"zip{place}", left)))
            left -= members[-1].path.stat().st_size
    return members, tuple(inside)


def _is_table(part: zipfile.ZipInfo) -> bool:
    hidden = part.filename.startswith("__MACOSX/") or PurePosixPath(part.filename).name.startswith((".", "~$"))
    return not part.is_dir() and not hidden and suffix(part.filename) in TABLES + PACKED


def _save(stream: IO[bytes] | gzip.GzipFile, path: Path, left: int) -> Path:
    with path.open("wb") as out:
        while chunk := stream.read(_CHUNK):
            left -= len(chunk)
            limits.check_unpacked(limits.MOST_BYTES + 1 if left < 0 else 0)
            out.write(chunk)
    return path


def _check_directory(path: Path) -> None:
    """The list of what is in a zip may be gigabytes of empty files: its length is at the end of the file."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 2**16 - 42))
        end = file.read()
        place = end.rfind(b"PK\x05\x06")
        length = int.from_bytes(end[place + 12 : place + 16], "little") if place >= 0 else 0
        if place >= 20 and end[place - 20 : place - 16] == b"PK\x06\x07":
            file.seek(min(int.from_bytes(end[place - 12 : place - 4], "little"), size))
            length = int.from_bytes(file.read(48)[40:48], "little")
    if length > _DIRECTORY:
        raise InputProblems([Problem("too_many_files", got=f"{length // 46:,}", params={"most": f"{limits.MOST_FILES:,}"})])
