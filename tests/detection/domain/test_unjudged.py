"""What an object that could not be judged hides: its own owner's signal, and nobody else's."""

from __future__ import annotations

import pytest

from detection.domain.findings import ObjectRef
from detection.domain.unjudged import LONGEST_NAME, hiding, note, source_of

CART = ObjectRef("Deployment", "shop", "cart", "uid-cart")
OTHER = ObjectRef("Deployment", "shop", "other")


def _after(owner: ObjectRef) -> dict[str, str]:
    blind: dict[str, str] = {}
    note(blind, owner, "Pod shop/x: TypeError")
    return blind


def test_it_is_a_source_named_after_its_owner() -> None:
    blind = _after(CART)
    assert blind == {"object/shop/Deployment/cart": "could not be judged: Pod shop/x: TypeError"}
    note(blind, CART, "Pod shop/y: ValueError")
    assert blind[source_of(CART)].endswith("TypeError; Pod shop/y: ValueError")


def test_it_hides_its_own_owner_alone() -> None:
    assert hiding(_after(CART), CART)
    assert not hiding(_after(CART), OTHER)
    assert hiding({"kubernetes/pods": "403"}, OTHER)


@pytest.mark.parametrize(
    ("owner", "hidden"),
    [(ObjectRef("Node", "", "n"), True), (ObjectRef("Registry", "", "r"), True),
     (ObjectRef("PersistentVolumeClaim", "shop", "c"), True),
     (ObjectRef("PersistentVolumeClaim", "elsewhere", "c"), False)],
)  # fmt: skip
def test_what_is_seen_through_others_is_hidden_by_those_around_it(
    owner: ObjectRef, hidden: bool
) -> None:
    assert bool(hiding(_after(CART), owner)) is hidden


def test_a_long_name_fits_its_column_and_stays_its_own() -> None:
    names = {source_of(ObjectRef("Deployment", "n" * 63, "x" * 200 + end)) for end in "ab"}
    assert {len(name) for name in names} == {LONGEST_NAME}
