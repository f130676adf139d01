"""Whether the desk's rows are at the end what the scenario expects."""

from collections.abc import Mapping, Sequence

from shared.values import Row


def compare(
    expected: Mapping[str, Sequence[Row]], changes: Mapping[str, Sequence[Row]]
) -> list[str]:
    """What differs between the rows that changed or were added and the expected ones, a line each.

    Each expected row must be matched by a changed row of its own, in all columns it names, and
    no other row may have changed.

    Args:
        expected: By table, the rows, each with the columns that matter.
        changes: By table, the whole rows that changed or were added since the start of the call.
    """
    problems: list[str] = []
    for table in sorted({*expected, *changes}):
        wanted = list(expected.get(table, ()))
        partners = _pair(wanted, changes.get(table, ()))
        problems += [
            f"{table}: expected {_shown(row)}, but no such row changed"
            for row, partner in zip(wanted, partners, strict=True)
            if partner is None
        ]
        problems += [
            f"{table}: changed unexpectedly: {_shown(row)}"
            for index, row in enumerate(changes.get(table, ()))
            if index not in partners
        ]
    return problems


def _pair(wanted: Sequence[Row], rows: Sequence[Row]) -> list[int | None]:
    """For each wanted row the index of a row of its own that fits; as many as can be paired."""
    partner_of: dict[int, int] = {}

    def place(want: int, tried: set[int]) -> bool:
        for index, row in enumerate(rows):
            if index in tried or not _fits(wanted[want], row):
                continue
            tried.add(index)
            if index not in partner_of or place(partner_of[index], tried):
                partner_of[index] = want
                return True
        return False

    for want in range(len(wanted)):
        place(want, set())
    found = {want: index for index, want in partner_of.items()}
    return [found.get(want) for want in range(len(wanted))]


def _fits(wanted: Row, row: Row) -> bool:
    return all(name in row and row[name] == value for name, value in wanted.items())


def _shown(row: Row) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in row.items())
