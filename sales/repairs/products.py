"""Lines that are no product: postage, fees, discounts, vouchers, corrections; told by code and description in five languages."""

import re
import unicodedata
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sales.lines import SalesLines
from sales.repairs.finding import Repair

# a code or a whole description that says this is none
_WORDS = (
    "post postage shipping freight carriage delivery handling surcharge packaging manual discount samples adjustment refund deposit tax "
    "vat fee fees commission donation gratuity voucher coupon rounding "
    "versand versandkosten porto fracht frachtkosten lieferung verpackung rabatt nachlass skonto gutschein pfand gebuhr gebuhren mwst "
    "spende livraison affranchissement emballage remise rabais acompte consigne tva frais "
    "envio envios transporte flete descuento rebaja iva propina comision cupon ajuste donacion"
)
# words that say so where a description ends in them: of a gift voucher holder they say something else
_PHRASES = (
    "gift voucher|gift card code|e gift card|store credit|bank charge|bank charges|bank fee|bad debt|amazon fee|marketplace fee|"
    "booking fee|packaging fee|credit card fee|"
    "paypal fee|payment fee|transaction fee|service charge|service fee|handling fee|handling charge|shipping fee|shipping charge|"
    "shipping cost|shipping costs|delivery charge|delivery fee|delivery cost|restocking fee|sales tax|order discount|"
    "geschenkgutschein|warengutschein|versandkostenpauschale|lieferkosten|bankgebuhren|nachnahmegebuhr|mindermengenzuschlag|"
    "frais de port|frais de livraison|frais de gestion|frais bancaires|frais d envoi|bon d achat|cheque cadeau|carte cadeau|"
    "gastos de envio|gastos de transporte|gastos bancarios|cargo por servicio|tarjeta regalo|cheque regalo|vale regalo"
)
_LAST = "postage|shipping|freight|commission"  # of two words the last: DOTCOM POSTAGE, but no DOLL CARRIAGE
_FIRST = "frais|gastos|bon d|cheque|carte|tarjeta|vale"  # phrases that go on: frais de port Paris
_CHINESE = re.compile(
    r"[^\s免包含]{0,4}(?<![免包含])(?:运费|邮费|快递费|手续费|服务费|包装费|配送费|优惠券|代金券|礼品卡|折扣|补差价|差价|押金|定金|税费|"
    "運費|郵費|手續費|優惠券)"
)
_AMOUNT = re.compile(r"[\d\s.,:：￥¥$元块塊円()（）-]+")
_GOODS_TOO = frozenset(["manual", "samples", "packaging", "porto", "carriage", "emballage", "verpackung"])
_LEAST_SINGLE = 0.9  # of the lines: postage and fees are charged once
_LEAST_PRICES, _SHARE_OF_PRICES = 5, 0.25  # different ones, and beside the lines
_WHOLE = frozenset(_WORDS.split())
_STARTS = "|".join(phrase for phrase in _PHRASES.split("|") if phrase.startswith(tuple(_FIRST.split("|"))))
_SAYS = re.compile(rf"(?:^| )(?:{_PHRASES})$|^(?:{_STARTS}) |^\w+ (?:{_LAST})$")
_MOST_ITEMS, _FEW = 0.2, 5  # above this share of the items, the words mean something else in this shop
_ODD_FORM, _USUAL_FORMS, _LEAST_ITEMS = 0.01, 0.95, 100


@lru_cache(maxsize=2**16)
def is_no_product(text: str) -> bool:
    """Whether a code or description names something that is sold beside goods: as a whole, or by how it ends.

    >>> [is_no_product(text) for text in ("POST", "DOTCOM POSTAGE", "Frais de port", "运费", "POSTAGE STAMP MUG", "Bank  Charges")]
    [True, True, True, True, False, True]
    >>> [is_no_product(text) for text in ("DOLL CARRIAGE", "GIFT VOUCHER HOLDER RED", "TOFFEE FEE", "包邮免运费 纯棉T恤")]
    [False, False, False, False]
    """
    return _plain(text) in _WHOLE or bool(_SAYS.search(_plain(text))) or bool(_CHINESE.fullmatch(_AMOUNT.sub(" ", text).strip()))


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(re.findall("[a-z]+", plain))


def no_product(lines: SalesLines) -> np.ndarray:
    """Mask over the items that surely are none: of a code that says so some description agrees, or most descriptions say so.

    Where the code alone or the descriptions alone say so in a word that goods have too ("Samples", "Packaging"), and where an item has no
    descriptions, its lines have to look like charges as well.
    """
    return _said(lines)[0]


def doubtful(lines: SalesLines) -> np.ndarray:
    """Mask over the items that may be none: the code or most descriptions say so without being sure, or the code has an odd form."""
    sure, said = _said(lines)
    return (said | odd_code(lines)) & ~sure


def _said(lines: SalesLines) -> tuple[np.ndarray, np.ndarray]:
    """Masks over the items: what surely is no product, and what a code or most descriptions say is none."""
    n = len(lines.items)
    codes = np.full(n, "", dtype=object)
    wordy = ~_matches(lines.items, r"\d")  # words hold no numbers, and item codes are many
    codes[wordy] = lines.items[wordy]
    code_says, code_plainly = _tell(codes)
    texts = lines.attributes.get("description")
    if texts is None or len(texts.words) == 0:
        return code_plainly & _like_a_charge(lines, code_says), code_says
    says, plainly = _tell(texts.words)
    described = texts.codes >= 0
    item, word = lines.item[described], texts.codes[described]
    total, found = np.bincount(item, minlength=n), np.bincount(item, says[word], n)
    mostly, mostly_plainly = (2 * count > total for count in (found, np.bincount(item, plainly[word], n)))
    charge = _like_a_charge(lines, code_says | mostly)
    sure = code_says & (found > 0) | mostly_plainly | mostly & charge | (total == 0) & code_plainly & charge
    return sure, code_says | mostly


def _tell(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Masks over texts: that say they are no product, and in words that no goods have."""
    says = np.array([is_no_product(text) for text in texts], dtype=bool)
    plainly = says.copy()
    plainly[says] = [_plain(text) not in _GOODS_TOO for text in texts[says]]
    return says, plainly


def _like_a_charge(lines: SalesLines, of: np.ndarray) -> np.ndarray:
    """Mask over the items of mask `of`: nearly all lines are of one unit, or cost something else than the others of the item."""
    lines = lines.at(of[lines.item])
    sold = lines.sold & (lines.units != 0)
    count = np.maximum(np.bincount(lines.item[sold], minlength=len(lines.items)), 1)
    single = np.bincount(lines.item[sold], np.abs(lines.units[sold]) == 1, len(lines.items)) >= _LEAST_SINGLE * count
    if lines.price is None:
        return single & of
    prices = np.unique(lines.item + 1j * np.nan_to_num(np.abs(lines.price)))
    several = np.bincount(prices.real.astype(np.intp), minlength=len(lines.items))
    return of & (single | (several >= _LEAST_PRICES) & (several >= _SHARE_OF_PRICES * count))


def odd_code(lines: SalesLines) -> np.ndarray:
    """Mask over the items: the code has a form that hardly any has, in a catalogue of at least 100 whose other codes share few forms.

    A form is the digits one by one and runs of letters: 85123A and 84029E share one, POST and gift_0001_10 have others.
    """
    forms = pc.replace_substring_regex(pc.replace_substring_regex(pa.array(lines.items, pa.string()), r"\d", "0"), r"\pL+", "a")
    of_item, words = pd.factorize(forms.to_numpy(zero_copy_only=False))
    often = np.bincount(of_item, minlength=len(words))
    odd = often < _ODD_FORM * len(of_item)
    usual = len(of_item) >= _LEAST_ITEMS and often[~odd].sum() >= _USUAL_FORMS * len(of_item)
    return odd[of_item] if usual else np.zeros(len(of_item), dtype=bool)


def _matches(texts: np.ndarray, pattern: str) -> np.ndarray:
    return pc.match_substring_regex(pa.array(texts, pa.string()), pattern).to_numpy(zero_copy_only=False)


def _spot(lines: SalesLines) -> np.ndarray:
    sure, said = _said(lines)
    return (sure | said | odd_code(lines))[lines.item]


def _left_out(lines: SalesLines, action: str) -> np.ndarray:
    if action == "keep":
        return np.zeros(len(lines.items), dtype=bool)
    return no_product(lines) | doubtful(lines) if action == "drop_doubtful" else no_product(lines)


def _propose(lines: SalesLines, where: np.ndarray) -> str:
    there = np.bincount(lines.item, minlength=len(lines.items)) > 0
    sure, items = int((no_product(lines) & there).sum()), int(there.sum())
    return "drop" if 0 < sure <= max(_FEW, _MOST_ITEMS * items) and sure < items else "keep"


def _counts(lines: SalesLines, where: np.ndarray) -> dict[str, Any]:
    there = np.bincount(lines.item, minlength=len(lines.items)) > 0
    sure, unsure = no_product(lines) & there, doubtful(lines) & there
    names = lines.items[sure | unsure]
    return {"items": len(names), "sure": int(sure.sum()), "doubtful": int(unsure.sum()), "names": ", ".join(names[:20])}


NO_PRODUCT = Repair("no_product", "item", ("drop", "keep", "drop_doubtful"), _spot, propose=_propose, about=_counts, items=_left_out)
