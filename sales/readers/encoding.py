"""Encoding: which bytes stand for which characters, told by the bytes themselves; and what a text file is made of, in one pass."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_CHUNK = 2**20
_SAMPLE = 2**16
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BLANK_OR_RETURN = re.compile(rb"\n\r?\n|\r[^\n]")
_COMMON_CHINESE = re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]")
_MOST_LINES, _LEAST_LETTERS = 2_000, 4
# encodings of other scripts than the Latin: the letters that text in them is full of, and how full
_SCRIPTS: tuple[tuple[str, str, float], ...] = (
    ("cp932", r"[\u3040-\u30ff]", 0.2),
    ("euc_jp", r"[\u3040-\u30ff]", 0.2),
    ("euc_kr", r"[\uac00-\ud7a3]", 0.95),
    ("cp1251", r"(?<![A-Za-z])[\u0410-\u044f\u0401\u0451]+(?![A-Za-z])", 0.9),
)
_WIDER = {"euc_kr": "cp949"}  # told by its common part: all of it reads much else as well
_SWITCHES = re.compile(r"[\u0430-\u044f][\u0410-\u042f]")  # a capital within a word: no Cyrillic text, but Greek or Hebrew read as such
_BIG5 = re.compile(rb"[\xa1-\xc6][\x40-\x7e\xa1-\xfe]")


@dataclass(frozen=True)
class Made:
    """What a text file is made of: its encoding, and whether that is a guess; how many lines and quotes there are, and whether bytes are
    zero; plain: valid UTF-8 without a blank line, a line of 2 MiB and a lone carriage return; ends: lines all end alike."""

    encoding: str
    guessed: bool
    lines: int
    quotes: int
    zeros: bool
    plain: bool
    ends: bool = False

    @property
    def odd_quotes(self) -> bool:
        return bool(self.quotes % 2)


def look(path: Path, asked: str | None) -> Made:
    """What the file at `path` is made of; `asked`: its encoding as somebody says. One pass over the bytes."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, lines, returns, quotes, zeros, plain = True, 0, 0, 0, False, True
    strange, tail, some = b"", b"\n", list[bytes]()
    buffer, masks = bytearray(_CHUNK), np.empty((2, _CHUNK), dtype=bool)  # the same all along: fresh memory costs more than the look
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
        file.seek(0)
        while size := file.readinto(buffer):
            chunk = buffer if size == _CHUNK else buffer[:size]
            values = np.frombuffer(chunk, np.uint8)
            feeds, mask = masks[:, :size]
            np.equal(values, 10, out=feeds)
            here = int(np.count_nonzero(feeds))
            lines += here
            quotes += int(np.count_nonzero(np.equal(values, 34, out=mask)))
            zeros = zeros or b"\0" in chunk
            blank = np.logical_and(feeds[1:], feeds[:-1], out=mask[1:]).any()
            plain = plain and not blank and (here > 0 or size < _CHUNK) and not _BLANK_OR_RETURN.search(tail + chunk[:2])
            if b"\r" in chunk:
                returns += chunk.count(b"\r")
                plain = plain and not _BLANK_OR_RETURN.search(chunk)
            if not chunk.isascii() or decoder.getstate()[0]:
                valid = valid and _decodes(decoder, bytes(chunk))
                if len(some) < _MOST_LINES:
                    cut = slice(tail != b"\n", -1 if len(chunk) == _CHUNK else None)  # lines that the chunk cuts
                    some += [bytes(line) for line in chunk.splitlines()[cut] if not line.isascii()][:_MOST_LINES]
                if len(strange) < _SAMPLE:
                    strange += b" ".join(re.findall(rb"[\x20-\x7e]?[\x80-\xff]+[\x20-\x7e]?", chunk)[:4096])
            tail = bytes(chunk[-2:])
    valid = valid and not decoder.getstate()[0]
    plain = plain and not tail.endswith(b"\r")
    mark = next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), None)
    said = asked or mark
    encoding, guessed = (said, False) if said else _told(head, strange, some, valid)
    is_utf8 = codecs.lookup(encoding).name == "utf-8"
    count = max(lines, returns) + (not tail.endswith((b"\n", b"\r")))
    return Made(encoding, guessed, count, quotes, zeros, plain and is_utf8 and valid, returns in (0, lines))


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes) -> bool:
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


def _told(head: bytes, strange: bytes, lines: list[bytes], valid: bool) -> tuple[str, bool]:
    """The encoding that the bytes suggest, and whether another may be meant. Zeros at every other place are UTF-16; where UTF-8 fails,
    text full of kana, Hangul or Cyrillic words is in an encoding of these, common Chinese characters in pairs of bytes are GB18030 or Big5,
    and what is left is the encoding of Western Windows."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 10 >= max(len(head) // 2, 2) * 4 and max(even, odd) > 3 * min(even, odd):
        return ("utf-16-le" if odd > even else "utf-16-be"), True
    if valid:
        return "utf-8", False
    high = len(re.findall(rb"[\x80-\xff]", strange))
    as_utf8 = sum(map(len, _UTF8_CHARACTER.findall(strange)))
    if as_utf8 * 10 >= high * 9:
        return "utf-8", False
    if (script := _script(lines)) is not None:
        return script, True
    runs = re.findall(rb"[\x80-\xff]+", strange)
    chinese = sum(2 * len(_COMMON_CHINESE.findall(run)) for run in runs if len(run) % 2 == 0)
    if chinese * 10 >= high * 7:
        return "gb18030", True
    return ("big5" if _is_big5(lines) else "cp1252"), True


def _script(lines: list[bytes]) -> str | None:
    """The encoding in which the lines are text full of the letters of its script."""
    whole = b"\n".join(lines)
    for encoding, letters, share in _SCRIPTS:
        try:
            text = whole.decode(encoding)
        except UnicodeDecodeError:
            continue
        other = re.findall(r"[^\x00-\x7f]", text)
        full = sum(map(len, re.findall(letters, text)))
        if full >= max(_LEAST_LETTERS, share * len(other)) and 20 * len(_SWITCHES.findall(text)) <= full:
            return _WIDER.get(encoding, encoding)
    return None


def _is_big5(lines: list[bytes]) -> bool:
    """Whether the lines are Big5, nearly all in its more common half."""
    whole = b"\n".join(lines)
    try:
        whole.decode("big5")
    except UnicodeDecodeError:
        return False
    pairs = re.findall(rb"[\x80-\xff][\x40-\x7e\x80-\xff]", whole)
    return len(pairs) >= _LEAST_LETTERS and sum(map(bool, map(_BIG5.fullmatch, pairs))) >= 0.95 * len(pairs)


def known(encoding: str) -> bool:
    """Whether Python has an encoding of text by this name."""
    try:
        return codecs.lookup(encoding)._is_text_encoding and isinstance("".encode(encoding), bytes)
    except (LookupError, ValueError, UnicodeError):
        return False
