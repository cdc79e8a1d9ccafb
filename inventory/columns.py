"""Columns: which header of a stock file or of a purchase history plays which role; English, Chinese, German, French, Spanish."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from sales.problems import Problem, Severity
from sales.role_names import NAMES, plain_name

DAYS_A_MONTH = 365.25 / 12
_TIMES = {
    **dict.fromkeys(("days", "day", "d", "tage", "tagen", "jours", "dias", "天", "日"), 1.0),
    **dict.fromkeys(("weeks", "week", "wks", "wk", "wochen", "semaines", "semanas", "周"), 7.0),
    **dict.fromkeys(("months", "month", "monate", "monaten", "mois", "meses", "个月", "月"), DAYS_A_MONTH),
}
_CURRENCIES = ("eur", "usd", "gbp", "cny", "chf", "jpy")
_COUNTED = ("units", "unit", "pcs", "stk", "stuck", "qty")
_UNITS = ("on_hand", "on_order", "backorders", "moq", "pack", "order_multiple", "min_stock", "max_stock")
_MONEY = ("unit_cost", "unit_price", "order_cost", "holding_cost", "supplier_minimum")
_MOST_LISTED = 40

STOCK_NAMES: dict[str, tuple[str, ...]] = {
    "item": NAMES["item"],
    **{
        role: tuple(words.split())
        for role, words in {
            "on_hand": " ".join(("onhand", "stockonhand", *NAMES["on_hand"])),
            "on_order": (
                "onorder onpurchaseorder openorders openpo purchaseordered inbound intransit incoming 在途 在途数量 在途库存 在订数量 "
                "采购在途 bestellt offenebestellungen offenebestellmenge bestellbestand unterwegs encommande enlivraison "
                "commandesencours quantiteencommande encurso pedidopendiente pedidospendientes cantidadpedida entransito pendienterecibir"
            ),
            "on_order_due": (
                "onorderdue duedate orderdue eta arrivaldate expectedarrival expecteddelivery deliverydate 预计到货 预计到货日期 到货日期 "
                "交货日期 liefertermin lieferdatum eintreffdatum wareneingangstermin datelivraison datedelivraison livraisonprevue "
                "fechaentrega fechadeentrega fechallegada fechaprevista"
            ),
            "backorders": (
                "backorders backorder backordered owed customerbackorders 欠货 缺货订单 未交订单 ruckstand ruckstande lieferruckstand "
                "reliquats reliquat commandesenattente pedidosatrasados pendienteentregar"
            ),
            "lead_time_days": (
                "leadtime lt supplierleadtime replenishmentleadtime deliverytime 提前期 采购提前期 交货期 交货周期 供货周期 lieferzeit "
                "wiederbeschaffungszeit wbz beschaffungszeit delai delaidelivraison delaiapprovisionnement delaidapprovisionnement "
                "plazo plazoentrega plazodeentrega tiempodeentrega tiempoentrega"
            ),
            "lead_time_sd_days": (
                "leadtimesd leadtimestd leadtimestdev leadtimedeviation leadtimevariability sdleadtime 提前期标准差 交货期标准差 "
                "lieferzeitstreuung lieferzeitabweichung ecarttypedelai desviacionplazo"
            ),
            "review_period_days": (
                "reviewperiod reviewcycle ordercycle orderinterval 盘点周期 订货周期 补货周期 检查周期 bestellrhythmus bestellzyklus "
                "bestellintervall prufintervall periodederevision cycledecommande periodicite periododerevision ciclodepedido"
            ),
            "moq": (
                "moq minimumorderquantity minorderqty minorderquantity minimumorder minorder 最小订购量 最小起订量 最小订货量 起订量 "
                "mindestbestellmenge mindestmenge quantiteminimum quantiteminimale quantiteminimaledecommande commandeminimum "
                "cantidadminima pedidominimo cantidadminimapedido"
            ),
            "pack": (
                "pack packsize packquantity packqty casesize casepack caseqty innerpack unitsperpack unitspercase 包装数 包装数量 装箱数 "
                "箱规 packungsgrosse gebindegrosse verpackungseinheit vpe colisage conditionnement unitesparcolis unidadesporcaja "
                "tamanopaquete unidadesporpaquete"
            ),
            "order_multiple": (
                "ordermultiple multiple roundingvalue rounding lotsize batchsize orderincrement 订购倍数 订货倍数 订货批量 "
                "bestellvielfaches rundungswert losgrosse multipledecommande tailledelot multiplodepedido multiplo tamanolote"
            ),
            "unit_cost": (
                "unitcost cost purchaseprice purchasecost buyingprice standardcost costprice costperunit cogs 单位成本 成本 成本价 采购价 "
                "进价 einkaufspreis ek stuckkosten einstandspreis selbstkosten prixachat prixdachat coutunitaire cout preciocompra "
                "preciodecompra costeunitario costounitario coste costo"
            ),
            "unit_price": (
                "unitprice price sellingprice salesprice saleprice retailprice listprice 单价 售价 销售价 零售价 价格 verkaufspreis vk "
                "preis prixdevente prixvente prix precioventa preciodeventa precio"
            ),
            "order_cost": (
                "ordercost orderingcost fixedordercost costperorder setupcost 订货成本 下单成本 每次订货成本 bestellkosten "
                "bestellfixkosten coutdecommande coutcommande costepedido costodepedido costepordepedido"
            ),
            "holding_rate_percent": (
                "holdingrate carryingrate holdingcostrate inventorycarryingrate interestrate 持有成本率 库存持有率 lagerkostensatz "
                "lagerzinssatz tauxdepossession tauxpossession tasadealmacenamiento tasaposesion"
            ),
            "holding_cost": (
                "holdingcost holdingcostperunityear carryingcost storagecost 持有成本 库存成本 lagerkosten coutdestockage coutdepossession "
                "costealmacenamiento costedealmacenamiento"
            ),
            "shelf_life_days": (
                "shelflife expiry remaininglife 保质期 有效期 haltbarkeit mindesthaltbarkeit mhd dureedeconservation dureedevie "
                "vidautil caducidad"
            ),
            "min_stock": (
                "minstock minimumstock stockmin minimum reorderpoint rop reorderlevel 最低库存 最小库存 再订货点 订货点 mindestbestand "
                "meldebestand stockminimum stockminimal pointdecommande existenciasminimas stockminimo puntodepedido"
            ),
            "max_stock": (
                "maxstock maximumstock stockmax maximum maxlevel orderuptolevel 最高库存 最大库存 hochstbestand maximalbestand "
                "stockmaximum stockmaximal existenciasmaximas stockmaximo"
            ),
            "supplier_minimum": (
                "supplierminimum supplierminimumvalue minimumordervalue minordervalue mov 最低订货金额 最小订货金额 起订金额 "
                "mindestbestellwert mindestauftragswert montantminimum minimumdecommande francodeport valorminimopedido importeminimo"
            ),
        }.items()
    },
    "supplier": NAMES["supplier"],
    "category": NAMES["category"],
    "lead_time_orders": ("leadtimeorders",),
    "lead_time_from": ("leadtimefrom",),
}

PURCHASE_NAMES: dict[str, tuple[str, ...]] = {
    "item": NAMES["item"],
    "supplier": NAMES["supplier"],
    **{
        role: tuple(words.split())
        for role, words in {
            "order": (
                "order ponumber po pono purchaseorder purchaseorderno purchaseordernumber orderid orderno ordernumber 采购单号 采购订单号 "
                "订单号 bestellnummer bestellnr bestellung numerocommande numerodecommande boncommande commande numeropedido "
                "numerodepedido pedido"
            ),
            "ordered": (
                "ordered orderdate orderedon orderedat podate purchasedate placed 下单日期 订货日期 采购日期 订单日期 bestelldatum "
                "bestelltam datecommande datedecommande fechapedido fechadepedido"
            ),
            "due": (
                "due duedate promised promiseddate expected expecteddelivery requested eta 预计到货日期 约定交期 liefertermin wunschtermin "
                "livraisonprevue dateprevue fechaprevista fechaprometida"
            ),
            "received": (
                "received receiptdate receiveddate receivedon receivedat arrived deliverydate delivered goodsreceipt grdate 收货日期 "
                "入库日期 到货日期 wareneingang wareneingangsdatum eingangsdatum lieferdatum datereception datedereception "
                "datelivraison fecharecepcion fechaderecepcion fechaentrega"
            ),
            "quantity": (
                "quantity qty orderedquantity orderedqty orderqty units 数量 订货数量 采购数量 menge bestellmenge anzahl "
                "quantite quantitecommandee qte cantidad cantidadpedida unidades"
            ),
            "received_quantity": (
                "receivedquantity receivedqty qtyreceived quantityreceived deliveredquantity 收货数量 入库数量 geliefertemenge "
                "wareneingangsmenge quantiterecue qterecue cantidadrecibida"
            ),
            "status": "status state orderstatus postatus 状态 订单状态 bestellstatus statut etat estado",
        }.items()
    },
}

HEADERS = tuple(STOCK_NAMES)
TEXTS = ("item", "supplier", "category", "lead_time_from")
NUMBERS = tuple(name for name in HEADERS if name not in (*TEXTS, "on_order_due"))


@dataclass(frozen=True)
class Column:
    """A column of a file in its role: its `header`, the `factor` that makes its numbers ours (weeks: 7), whether it names its unit."""

    header: str
    factor: float
    unit_named: bool


def columns_of(table: pd.DataFrame, names: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, Column], list[Problem]]:
    """The column of each role of `names` that `table` has, in the file's order, and what is to be said of the headers: those that play no
    role or come twice, those recognized under another name, and times whose unit nobody names.

    Further open orders of an item may stand in columns with a number at the end (on_order_2, on_order_due_2): roles of their own.
    """
    known = _known(tuple(names.items()))
    read = {str(header): _role(str(header), known) for header in table.columns}
    taken: dict[str, str] = {}
    for header in sorted(read, key=lambda header: read[header].rank):
        taken.setdefault(read[header].role, header)
    played = {header: one for header, one in read.items() if one.role and taken[one.role] == header}
    columns = {one.role: Column(header, one.factor, one.unit_named) for header, one in played.items()}
    unknown = [header for header, one in read.items() if not one.role]
    again = [header for header, one in read.items() if one.role and header not in played]
    told = [f"{column.header} → {role}" for role, column in columns.items() if "_".join(column.header.lower().split()) != role]
    unnamed = [column.header for role, column in columns.items() if role.endswith("_days") and not column.unit_named]
    listed, unused = {"columns": ", ".join(names)}, "; ".join(unknown[:_MOST_LISTED])
    problems = [
        *([Problem("stock_unknown_column", Severity.INFO, params={**listed, "unused": unused})] if unknown else []),
        *(Problem("stock_repeated_column", Severity.WARNING, column=header) for header in again),
        *([Problem("stock_columns_recognized", Severity.INFO, params={"columns": "; ".join(told)})] if told else []),
        *(Problem("stock_days_taken", Severity.INFO, column=header) for header in unnamed),
    ]
    return columns, problems


def with_roles(table: pd.DataFrame, roles: Mapping[str, str]) -> pd.DataFrame:
    """`table`, a stock file, with the columns named in `roles` under the header of the role that each is to play, "": none. A column that
    plays one of these roles by its own header steps back; those that play none are left out.

    >>> list(with_roles(pd.DataFrame(columns=["sku", "price", "cost"]), {"price": "unit_cost"}))
    ['sku', 'unit_cost']
    """
    taken = {role for role in roles.values() if role}
    played, _ = columns_of(table, STOCK_NAMES)
    back = {column.header for role, column in played.items() if role in taken and column.header not in roles}
    out = [name for name in table.columns if str(name) in back or roles.get(str(name)) == ""]
    return table.drop(columns=out).rename(columns={name: roles[str(name)] for name in table.columns if roles.get(str(name))})


@dataclass(frozen=True)
class _Role:
    role: str
    rank: int
    factor: float = 1.0
    unit_named: bool = True


@cache
def _known(names: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, _Role]:
    """Plain header -> its role: our own names first, then whole names, then names with a unit before or after."""
    known = {plain_name(role): _Role(role, -1) for role, _ in names}
    for role, words in names:
        for rank, word in enumerate(words):
            known.setdefault(plain_name(word), _Role(role, rank, unit_named=False))
    for role, words in names:
        for ending, factor in _endings(role).items():
            for rank, word in enumerate(words):
                for written in (word + ending, ending + word):
                    known.setdefault(plain_name(written), _Role(role, rank, factor))
    return known


def _role(header: str, known: Mapping[str, _Role]) -> _Role:
    plain = plain_name(header)
    without = [plain.replace(code, "", 1) for code in _CURRENCIES if code in plain]
    found = known.get(plain) or next((known[word] for word in without if word in known and known[word].role in _MONEY), None)
    if found is not None:
        return replace(found, unit_named=True) if "%" in header else found
    base = plain.rstrip("0123456789")
    number = plain[len(base) :]
    further = {"onorder": "on_order_", "onorderdue": "on_order_due_"}.get(base)
    return _Role(further + number, 0) if further and number else _Role("", 0)


def _endings(role: str) -> dict[str, float]:
    """The words for a unit that a header of `role` may begin or end with, and the factor of each."""
    if role.endswith("_days"):
        return _TIMES
    return dict.fromkeys(_COUNTED if role in _UNITS else ("percent", "pct") if role.endswith("_percent") else (), 1.0)
