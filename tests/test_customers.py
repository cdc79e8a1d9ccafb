"""People in a file: proposed as the customer, whose codes take their place, or named."""

import pandas as pd

from sales.customers import personal
from sales.mapping import Mapping, propose
from sales.recipe import Recipe, apply

LINES = pd.DataFrame({"sku": ["A", "B", "A"], "date": ["2024-01-01", "2024-01-02", "2024-01-03"], "qty": [1, 2, 3]})
PEOPLE = LINES.assign(
    Email=["ann@example.org", "bob@example.org", None], ref=["+44 20 7946 0018", "+49 (30) 901820", "x"], Vorname="Ann", ean="4006381333931"
)


def test_an_e_mail_is_proposed_as_the_customer_and_an_id_before_it() -> None:
    assert propose(PEOPLE).customer == "Email"
    assert propose(PEOPLE.assign(customer_id=["1", "2", "1"])).customer == "customer_id"


def test_what_names_people_is_told_unless_it_is_the_customer() -> None:
    mapping = Mapping("sku", "date", "qty")
    assert [(one.code, one.severity, one.column) for one in personal(PEOPLE, mapping)] == [
        ("column_of_persons", "warning", name) for name in ("Email", "ref", "Vorname")
    ]
    recipe = Recipe(Mapping("sku", "date", "qty", customer="Email"), "D")
    told = [one.column for one in apply(recipe, [PEOPLE, PEOPLE]).problems if one.code == "column_of_persons"]
    assert told == ["ref", "Vorname"]
    assert personal(LINES, mapping) == []
