"""The names that columns have in shops' files, by role: English, Chinese, German, French, Spanish; the surest first.

Written as `plain_name` leaves them: small, without accents, blanks and signs.
"""

import re
import unicodedata

NAMES: dict[str, tuple[str, ...]] = {
    role: tuple(words.split())
    for role, words in {
        "item": (
            "item sku itemid skuid uniqueid itemcode skucode itemnumber stockcode productid productcode productsku articleid "
            "articlecode articlenumber article asin ean barcode partnumber materialnumber material part product skunr skuno itemno "
            "productno 商品编码 商品编号 商品代码 产品编码 产品编号 货号 物料编码 物料号 款号 sku编码 商品id 产品id 品号 商品 产品 "
            "artikelnummer artikelnr artnr artikelcode artikel produktnummer produktcode materialnummer sachnummer produkt "
            "codearticle refarticle referencearticle reference ref codeproduit idproduit refproduit produit codigoarticulo "
            "codigoproducto codigodearticulo codigodeproducto codarticulo idproducto codigo referencia articulo producto itemname "
            "productname code"
        ),
        "date": (
            "ds date invoicedate orderdate salesdate saledate transactiondate transactiontimestamp day week weekstart weekstarting "
            "weekending weekdate month period timestamp datetime time createdat orderedat 日期 订单日期 销售日期 下单日期 下单时间 "
            "交易日期 交易时间 付款时间 创建时间 时间 月份 datum rechnungsdatum bestelldatum verkaufsdatum belegdatum buchungsdatum "
            "auftragsdatum tag woche monat datecommande datedecommande datefacture datedefacture datevente datedevente jour semaine "
            "mois fecha fechapedido fechadepedido fechaventa fechadeventa fechafactura fechadefactura dia semana mes"
        ),
        "units": (
            "units quantity qty unitssold quantitysold qtysold soldunits soldquantity salesunits salesqty salesquantity orderqty "
            "orderquantity quantityordered sold demand y volume weeklyunits dailyunits monthlyunits 销量 销售数量 数量 销售量 "
            "购买数量 订购数量 件数 menge verkaufsmenge verkauftemenge absatzmenge absatz anzahl stuckzahl stuck stueck bestellmenge "
            "quantite quantitevendue qtevendue quantitecommandee qte unitesvendues cantidad cantidadvendida unidades unidadesvendidas "
            "cant sales weeklysales dailysales monthlysales ventes ventas"
        ),
        "price": (
            "unitprice price sellprice sellingprice saleprice salesprice avgprice averageprice itemprice 单价 销售单价 商品单价 售价 "
            "价格 stuckpreis stueckpreis einzelpreis verkaufspreis preis prixunitaire prixdevente prix pu preciounitario "
            "preciodeventa precioventa precio"
        ),
        "revenue": (
            "revenue salesamount salesrevenue salesvalue netsales grosssales linetotal totalprice extendedprice itemtotal turnover "
            "gmv netamount grossamount amount 销售额 销售金额 成交金额 实付金额 营业额 总价 金额 umsatz nettoumsatz bruttoumsatz "
            "umsatzerlose erlos gesamtpreis gesamtbetrag betrag chiffredaffaires caht cattc montanttotal prixtotal montant ca "
            "ingresos importetotal importe facturacion montototal monto sales weeklysales ventes ventas"
        ),
        "promotion": (
            "promotion promo onpromotion onpromo ispromotion ispromo promoflag promotionflag 促销 是否促销 aktion werbeaktion "
            "enpromotion enpromo promocion enpromocion oferta"
        ),
        "out_of_stock": (
            "outofstock stockout isoutofstock isstockout oos soldout 缺货 是否缺货 断货 ausverkauft nichtverfugbar nichtlieferbar "
            "rupturedestock enrupture rupture agotado sinstock roturadestock"
        ),
        "on_hand": (
            "onhand stockonhand quantityonhand qtyonhand soh inventorylevel stocklevel closingstock endingstock endinginventory "
            "availablestock inventory stock 现有库存 库存量 库存数量 期末库存 库存 lagerbestand endbestand bestand quantiteenstock "
            "stockdisponible stockfinal existencias inventario"
        ),
        "category": (
            "category productcategory itemcategory categoryname categoryid department dept deptid family productfamily group 商品类别 "
            "产品类别 类别 品类 分类 kategorie warengruppe artikelgruppe produktgruppe categorie famille rayon categoria familia"
        ),
        "supplier": (
            "supplier vendor suppliername vendorname supplierid vendorid manufacturer 供应商 供货商 厂商 lieferant hersteller "
            "fournisseur fabricant proveedor fabricante"
        ),
        "description": (
            "description productdescription itemdescription productname itemname title name 商品名称 产品名称 品名 商品描述 描述 "
            "bezeichnung artikelbezeichnung beschreibung artikelname produktname designation libelle nomproduit nomduproduit "
            "descripcion nombreproducto nombredelproducto denominacion nombre"
        ),
        "location": (
            "store storeid storename storenumber storenbr location locationid shop shopid warehouse warehouseid branch outlet site "
            "门店 门店编号 店铺 店铺名称 仓库 地区 城市 filiale standort lager magasin pointdevente entrepot boutique tienda sucursal "
            "almacen region state city country land pays pais"
        ),
        "order": (
            "orderid orderno ordernumber invoiceno invoicenumber invoiceid invoice order transactionid receiptid receiptno "
            "receiptnumber basketid ticketid 订单号 订单编号 发票号 单号 交易号 小票号 bestellnummer bestellnr bestellung auftragsnummer "
            "auftragsnr auftrag rechnungsnummer rechnungsnr rechnung belegnummer beleg bonnummer numerocommande numerodecommande "
            "numcommande ncommande idcommande numerofacture nfacture commande facture numeropedido numerodepedido idpedido "
            "nopedido numerofactura nofactura pedido factura belegnr bonnr"
        ),
        "customer": (
            "customerid customerno customernumber customercode customer clientid client buyerid userid memberid householdid accountid "
            "客户编号 客户id 客户 会员号 会员id 用户id 买家 kundennummer kundennr kundenid kunde numeroclient codeclient numclient "
            "idclient idcliente codigocliente codcliente numerocliente cliente customeremail customername clientname buyername email "
            "emailaddress kundenname nomclient nomduclient nombrecliente nombredelcliente 客户名称 客户姓名 买家昵称 邮箱 手机号"
        ),
        "status": (
            "orderstatus status state orderstate itemstatus linestatus salesstatus transactiontype transactionstatus ordertype salestype "
            "movementtype documenttype doctype type 订单状态 状态 交易状态 交易类型 单据类型 类型 bestellstatus auftragsstatus belegart "
            "vorgangsart vorgang statut statutcommande typedetransaction typetransaction etatcommande estado estadopedido "
            "estadodelpedido tipo tipotransaccion tipodetransaccion"
        ),
    }.items()
}
ROLE_NAMES = frozenset(name for names in NAMES.values() for name in names)
_OF_PERSONS = (
    "customername customeremail customerphone customeraddress clientname buyername buyeremail contactname firstname lastname "
    "surname fullname email emailaddress mail phone phonenumber telephone mobile mobilephone billingname shippingname "
    "billingaddress shippingaddress deliveryaddress streetaddress 客户名称 客户姓名 姓名 收货人 收件人 买家昵称 邮箱 电话 "
    "联系电话 手机 手机号 地址 收货地址 kundenname vorname nachname telefon telefonnummer handy emailadresse lieferadresse "
    "rechnungsadresse anschrift nomclient nomduclient prenom nomdefamille courriel portable adresse adressedelivraison "
    "nombrecliente nombredelcliente apellido apellidos correo correoelectronico telefono movil direccion direccionenvio"
)
PERSONS = frozenset(_OF_PERSONS.split())


def plain_name(name: object) -> str:
    """`name` small and without accents, blanks and signs, to compare it with NAMES.

    >>> plain_name("Quantité vendue"), plain_name("Unit-Price")
    ('quantitevendue', 'unitprice')
    """
    apart = unicodedata.normalize("NFKD", str(name)).casefold()
    return re.sub(r"[\W_]", "", "".join(sign for sign in apart if not unicodedata.combining(sign)))
