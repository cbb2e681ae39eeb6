"""What every hardware record shares: its source, its doubts, and a copy with other values.

A record holds numbers and says for each where it comes from. It knows no behavior: what the numbers
mean for time is the business of the instructions and of the schedule.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, ClassVar, Self

from .fact import Assumption, Fact, Reading, unit
from .table import Table

PROVENANCE = ("source", "sources", "status", "assumed", "conflicts", "changed")
STATUSES = ("published", "measured", "inferred", "absent")
MAY_BE_ZERO = ("s", "cycles")  # units


@dataclass(frozen=True, kw_only=True)
class Record:
    """Numbers of one part of the hardware, each with its source.

    Two records are equal if all fields are; the hash covers the numbers only, so it is cheap. In
    the mappings below a name is a field or, for a table, `field.entry`.
    """

    derived: ClassVar[tuple[str, ...]] = ()  # properties that `facts` lists too

    source: str = field(hash=False)
    sources: Mapping[str, str] = field(default=Table(), hash=False)  # where it differs
    status: Mapping[str, str] = field(default=Table(), hash=False)  # default "published"
    assumed: Mapping[str, Assumption] = field(default=Table(), hash=False)
    conflicts: Mapping[str, tuple[Reading, ...]] = field(default=Table(), hash=False)
    changed: Mapping[str, float] = field(default=Table(), hash=False)  # name -> value before

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, Mapping) and not isinstance(value, Table):
                object.__setattr__(self, f.name, Table(value))
        self._check_provenance()
        for name, value in self._numbers():
            self._check_number(name, value)

    def with_(self, changes: Mapping[str, Any] | None = None, /, **by_name: Any) -> Self:
        """A copy with other values, which `facts` then marks as "changed".

        Args:
            changes: dotted field name to value, for parts: `{"dma.descriptor_s": 20e-9}`
            by_name: the same for fields of this record: `clock_hz=2.0e9`
        Returns:
            the copy; a value set back to what it was is no longer marked
        Raises:
            ValueError: no such field, or a value that cannot be
        """
        copy = self
        for path, value in {**(changes or {}), **by_name}.items():
            copy = copy._set(path, value)
        return copy

    def facts(self) -> list[Fact]:
        """Every number of the record and its parts, then the numbers derived from them."""
        own = [self._fact(name, value) for name, value in self._numbers()]
        parts = [
            replace(fact, field=f"{name}.{fact.field}")
            for name, part in self._parts()
            for fact in part.facts()
        ]
        return [fact for fact in own if fact.status != "absent"] + parts + self._derived_facts()

    def fact(self, path: str) -> Fact:
        """One number by its dotted name, as `facts` lists it.

        Raises:
            ValueError: the record has no such number
        """
        for fact in self.facts():
            if fact.field == path:
                return fact
        raise ValueError(f"{self._name} has no number {path!r}; facts() lists all of them.")

    # The fields, seen as numbers and as parts.

    def _values(self) -> Iterator[tuple[str, Any]]:
        for f in fields(self):
            if f.name in PROVENANCE:
                continue
            value = getattr(self, f.name)
            if isinstance(value, Table):
                yield from ((f"{f.name}.{entry}", inner) for entry, inner in value.items())
            else:
                yield f.name, value

    def _numbers(self) -> Iterator[tuple[str, float]]:
        return ((name, v) for name, v in self._values() if isinstance(v, (int, float)))

    def _parts(self) -> Iterator[tuple[str, Record]]:
        return ((name, v) for name, v in self._values() if isinstance(v, Record))

    def _about(self, mapping: Mapping[str, Any], name: str, default: Any) -> Any:
        return mapping.get(name, mapping.get(name.partition(".")[0], default))

    def _fact(self, name: str, value: float) -> Fact:
        assumption = self._about(self.assumed, name, None)
        status = "assumed" if assumption else self._about(self.status, name, "published")
        return Fact(
            field=name,
            value=value,
            unit=unit(name.partition(".")[0]),
            status="changed" if name in self.changed else status,
            source=self._about(self.sources, name, self.source),
            conflicts=self._about(self.conflicts, name, ()),
            assumption=assumption,
            original=self.changed.get(name),
        )

    def _derived_facts(self) -> list[Fact]:
        found = []
        for name in self.derived:
            value, doc = getattr(self, name), getattr(type(self), name).__doc__ or ""
            entries = value.items() if isinstance(value, Table) else [("", value)]
            for entry, number in entries:
                found.append(
                    Fact(
                        field=f"{name}.{entry}" if entry else name,
                        value=number,
                        unit=unit(name),
                        status="derived",
                        source=doc.partition("\n")[0],
                    )
                )
        return found

    # Changing.

    def _set(self, path: str, value: Any) -> Self:
        name, _, rest = path.partition(".")
        if name not in self._names():
            raise ValueError(self._no_field(name, self._names()))
        old = getattr(self, name)
        if not isinstance(old, Table):
            return replace(self, **self._changed(name, name, old, rest, value))
        entry, _, rest = rest.partition(".")
        if not entry:
            entries = ", ".join(old)
            raise ValueError(
                f"{self._name}: {name} is a table; name one of its entries: {entries}."
            )
        if entry not in old:
            raise ValueError(self._no_field(f"{name}.{entry}", [f"{name}.{e}" for e in old]))
        new = self._changed(f"{name}.{entry}", name, old[entry], rest, value)
        return replace(self, **{**new, name: Table({**old, entry: new[name]})})

    def _changed(self, mark: str, name: str, old: Any, rest: str, value: Any) -> dict[str, Any]:
        """The fields of the copy: the new value of `name`, and the marks if it is a number."""
        if isinstance(old, Record):
            if not rest and type(value) is not type(old):
                raise ValueError(f"{self._name}: {mark} must be a {type(old).__name__}.")
            return {name: old.with_({rest: value}) if rest else value}
        if rest:
            raise ValueError(f"{self._name}: {mark} is one value; it has no part {rest!r}.")
        if not isinstance(old, (int, float)):
            return {name: value}
        value = self._like(mark, old, value)
        before = self.changed.get(mark, old)
        marks = {**self.changed, mark: before}
        if value == before:
            del marks[mark]
        return {name: value, "changed": Table(marks)}

    def _like(self, name: str, old: float, value: Any) -> float:
        """`value` in the type of `old`: a flag, a whole number or a number."""
        if isinstance(old, bool) and isinstance(value, bool):
            return value
        if isinstance(old, bool) or isinstance(value, bool) or not isinstance(value, (int, float)):
            kind = "True or False" if isinstance(old, bool) else "a number"
            raise ValueError(f"{self._name}: {name} = {value!r} must be {kind}.")
        if isinstance(old, int):
            if not float(value).is_integer():
                raise ValueError(f"{self._name}: {name} = {value!r} must be a whole number.")
            return int(value)
        return float(value)

    # Checking.

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _names(self) -> list[str]:
        return [f.name for f in fields(self) if f.name not in PROVENANCE]

    def _no_field(self, name: str, allowed: list[str]) -> str:
        near = get_close_matches(name, allowed, n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        return f"{self._name} has no field {name!r}; it has {', '.join(allowed)}.{meant}"

    def _check_provenance(self) -> None:
        known = {*self._names(), *(name for name, _ in self._values())}
        if not self.source:
            raise ValueError(f"{self._name}: source is empty; name the document.")
        for mapping in PROVENANCE[1:]:
            for name in getattr(self, mapping):
                if name not in known:
                    raise ValueError(f"{mapping}: {self._no_field(name, sorted(known))}")
        for name, status in self.status.items():
            if status not in STATUSES:
                raise ValueError(
                    f"{self._name}: status of {name} is {status!r}; it is one of "
                    f"{', '.join(STATUSES)}, or the field is listed in assumed."
                )

    def _check_number(self, name: str, value: float) -> None:
        zero_fits = (
            isinstance(value, bool)
            or unit(name.partition(".")[0]) in MAY_BE_ZERO
            or self._about(self.status, name, "") == "absent"
        )
        if not math.isfinite(value) or value < 0 or (value == 0 and not zero_fits):
            limit = "0 or more" if zero_fits else "above 0"
            raise ValueError(f"{self._name}: {name} = {value} must be a number {limit}.")
        bounds = self._about(self.assumed, name, None)
        if bounds and name not in self.changed and not bounds.low <= value <= bounds.high:
            raise ValueError(
                f"{self._name}: {name} = {value} is assumed to lie between {bounds.low} and "
                f"{bounds.high}."
            )
