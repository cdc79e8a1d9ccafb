"""Lines that are no product: postage, fees, discounts, vouchers, corrections; told by code and description in five languages."""

import re
import unicodedata
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
# words that say so wherever they stand side by side in a description
_PHRASES = (
    "gift voucher|gift card code|e gift card|store credit|bank charge|bank charges|bank fee|bad debt|amazon fee|marketplace fee|"
    "paypal fee|payment fee|transaction fee|service charge|service fee|handling fee|handling charge|shipping fee|shipping charge|"
    "shipping cost|shipping costs|delivery charge|delivery fee|delivery cost|restocking fee|sales tax|order discount|"
    "geschenkgutschein|warengutschein|versandkostenpauschale|lieferkosten|bankgebuhren|nachnahmegebuhr|mindermengenzuschlag|"
    "frais de port|frais de livraison|frais de gestion|frais bancaires|frais d envoi|bon d achat|cheque cadeau|carte cadeau|"
    "gastos de envio|gastos de transporte|gastos bancarios|cargo por servicio|tarjeta regalo|cheque regalo|vale regalo"
)
_LAST = "postage|shipping|freight|carriage|commission|fee|fees|charges"  # of two words the last: DOTCOM POSTAGE
_CHINESE = re.compile(
    "运费|邮费|快递费|手续费|服务费|包装费|配送费|优惠券|代金券|礼品卡|折扣|补差价|差价|押金|定金|税费|運費|郵費|手續費|優惠券"
)
_WHOLE = frozenset(_WORDS.split())
_SAYS = re.compile(rf"(?:^| )(?:{_PHRASES})(?:$| )|^\w+ (?:{_LAST})$")
_MOST_ITEMS, _FEW = 0.2, 5  # above this share of the items, the words mean something else in this shop
_ODD_FORM, _USUAL_FORMS, _LEAST_ITEMS = 0.01, 0.95, 100


def is_no_product(text: str) -> bool:
    """Whether a code or description names something that is sold beside goods.

    >>> [is_no_product(text) for text in ("POST", "DOTCOM POSTAGE", "Frais de port", "运费", "POSTAGE STAMP MUG", "Bank  Charges")]
    [True, True, True, True, False, True]
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    plain = " ".join(re.findall("[a-z]+", plain))
    return plain in _WHOLE or bool(_SAYS.search(plain)) or bool(_CHINESE.search(text))


def no_product(lines: SalesLines) -> np.ndarray:
    """Mask over the items: the code says that it is no product, or more than half of the item's descriptions do."""
    by_code = np.zeros(len(lines.items), dtype=bool)
    for place in np.flatnonzero(~_matches(lines.items, r"\d\d\d")):  # words hold no numbers, and item codes are many
        by_code[place] = is_no_product(lines.items[place])
    texts = lines.attributes.get("description")
    if texts is None or len(texts.words) == 0:
        return by_code
    says = np.array([is_no_product(word) for word in texts.words], dtype=bool)
    described = texts.codes >= 0
    total = np.bincount(lines.item[described], minlength=len(lines.items))
    found = np.bincount(lines.item[described], says[texts.codes[described]], len(lines.items))
    return np.where(total > 0, by_code & (found > 0) | (found * 2 > total), by_code)


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
    return (no_product(lines) | odd_code(lines))[lines.item]


def _mend(lines: SalesLines, where: np.ndarray, action: str) -> SalesLines:
    if action == "keep":
        return lines
    return lines.at(~where if action == "drop_doubtful" else ~no_product(lines)[lines.item])


def _propose(lines: SalesLines, where: np.ndarray) -> str:
    there = np.bincount(lines.item, minlength=len(lines.items)) > 0
    sure, items = int((no_product(lines) & there).sum()), int(there.sum())
    return "drop" if 0 < sure <= max(_FEW, _MOST_ITEMS * items) and sure < items else "keep"


def _counts(lines: SalesLines, where: np.ndarray) -> dict[str, Any]:
    there = np.bincount(lines.item, minlength=len(lines.items)) > 0
    sure, odd = no_product(lines) & there, odd_code(lines) & there
    names = lines.items[sure | odd]
    return {"items": len(names), "sure": int(sure.sum()), "doubtful": int((odd & ~sure).sum()), "names": ", ".join(names[:20])}


NO_PRODUCT = Repair("no_product", "item", ("drop", "keep", "drop_doubtful"), _spot, _mend, _propose, _counts)
