"""Records of kernels: fields in order, annotated or not, with or without @dataclass."""

from dataclasses import dataclass, field

import pytest

from trnlab.errors import KernelError
from trnlab.nki.language import NKIObject


class Mixed(NKIObject):
    a: int
    b = 3
    c: list = [1]
    d: int

    def total(self):
        return self.a + self.b


@dataclass
class Decorated(NKIObject):
    a: int
    b: bool = False
    c: list = field(default_factory=list)

    def __post_init__(self):
        self.twice = 2 * self.a


@dataclass(frozen=True)
class Frozen(NKIObject):
    a: int
    b: int = 2


class Own(NKIObject):
    def __init__(self, a):
        self.a = a + 1


def test_fields_are_the_class_attributes_in_order():
    record = Mixed(1, 2, [5], 4)
    assert (record.a, record.b, record.c, record.d, record.total()) == (1, 2, [5], 4, 3)


def test_a_missing_field_has_its_default_or_none():
    record = Mixed(a=1)
    assert (record.b, record.c, record.d) == (3, [1], None)
    assert record.c is not Mixed(a=2).c


def test_a_dataclass_keeps_its_own_ways():
    record = Decorated(4, c=[1])
    assert (record.b, record.c, record.twice) == (False, [1], 8)
    assert Decorated(1) == Decorated(1) and Decorated(1).c is not Decorated(1).c
    assert repr(Decorated(1)) == "Decorated(a=1, b=False, c=[])"


def test_frozen_records_hash_and_compare_by_value():
    assert Frozen(1) == Frozen(1) and hash(Frozen(1)) == hash(Frozen(1)) and Frozen(1) != Frozen(2)
    assert {Frozen(1): "x"}[Frozen(1, 2)] == "x"


def test_a_class_with_an_initializer_of_its_own_uses_it_also_in_its_children():
    class Child(Own):
        pass

    assert Own(1).a == 2 and Child(1).a == 2


def test_fields_of_bases_come_first():
    @dataclass
    class Child(Decorated):
        d: int = 9

    assert (Child(1, True, [2], 3).d, Child(1).d) == (3, 9)


@pytest.mark.parametrize(
    "build", [lambda: Mixed(1, 2, 3, 4, 5), lambda: Mixed(1, a=2), lambda: Mixed(z=1)]
)
def test_values_without_a_field_are_refused(build):
    with pytest.raises(KernelError, match="Mixed: "):
        build()
