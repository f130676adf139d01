"""The desk: what the support agent can look up and change, an in-memory SQLite database.

Its tables come from the business's schema, its rows from the business's stock and, on top, from
the call's sheet. The first column of each table is its key.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from shared.errors import SpecError
from shared.values import Row, Value

Rows = Mapping[str, Sequence[Row]]
Changes = dict[str, list[Row]]
NO_ROWS: Rows = MappingProxyType({})


class Desk:
    """The tables of one business during one call."""

    def __init__(self, schema: str, *, stock: Rows = NO_ROWS, rows: Rows = NO_ROWS) -> None:
        """Fill the tables.

        Args:
            schema: DDL.
            stock: The business's own rows; one whose key is among `rows` makes way for it, with
                all that refers to it.
            rows: The rows of this call.

        Raises:
            SpecError: `rows` do not fit the schema.
        """
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(schema)
        self._columns = dict(self._read_columns())
        self._watchers: list[Callable[[Changes], None]] = []
        # In the order of the schema, so that what a row refers to is there before it.
        for table in self._columns:
            for row in stock.get(table, ()):
                self._insert(table, row)
        self.check(rows)
        for table, brought in rows.items():
            for row in brought:
                self._delete(table, row.get(self.key(table)))
        for table in self._columns:
            for row in rows.get(table, ()):
                self._insert(table, row)
        self._at_start = self._snapshot()

    def check(self, rows: Rows) -> None:
        """Refuse tables or columns that are not there.

        Raises:
            SpecError: Naming the table, and the column if it is one.
        """
        for table, brought in rows.items():
            for row in brought:
                for name in row:
                    self._column(table, name)
            self._table(table)

    def impossible(self, table: str, row: Row) -> Iterator[tuple[str, str]]:
        """The columns in which no row of `table` can ever be like `row`, and why.

        Raises:
            SpecError: There is no such table or column.
        """
        for column, value in row.items():
            kept = self._as_kept(table, self._column(table, column), value)
            if kept != value:
                yield column, f"{value!r} would be kept as {kept!r}; write it so"
            elif refusal := self._refusal(table, column, value):
                yield column, f"can never be {value!r}: {refusal}"

    def watch(self, changed: Callable[[Changes], None]) -> None:
        """Call `changed` after each change from now on, with all changes since the start."""
        self._watchers.append(changed)

    @property
    def tables(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self._columns)

    def key(self, table: str) -> str:
        """The name of the key of `table`."""
        return self._columns[self._table(table)][0]

    def find(self, table: str, **where: Value) -> list[Row]:
        """The rows of `table` with these values, in order of their keys."""
        tests = " AND ".join(f"{self._column(table, name)} IS ?" for name in where) or "TRUE"
        query = f"SELECT * FROM {self._table(table)} WHERE {tests} ORDER BY 1"  # noqa: S608 - names are checked
        return [dict(row) for row in self._db.execute(query, tuple(where.values()))]

    def get(self, table: str, key: Value) -> Row | None:
        """The row of `table` with this key."""
        found = self.find(table, **{self.key(table): key})
        return found[0] if found else None

    def add(self, table: str, row: Row) -> None:
        """Add a row."""
        self._insert(table, row)
        self._report()

    def update(self, table: str, key: Value, **values: Value) -> None:
        """Change columns of the row with this key."""
        sets = ", ".join(f"{self._column(table, name)} = ?" for name in values)
        self._db.execute(
            f"UPDATE {self._table(table)} SET {sets} WHERE {self.key(table)} = ?",  # noqa: S608 - names are checked
            (*values.values(), key),
        )
        self._report()

    def changes(self) -> Changes:
        """The whole rows that were changed or added since the start, by table."""
        changes: Changes = {}
        for table, rows in self._snapshot().items():
            before = self._at_start[table]
            if differing := [row for key, row in rows.items() if before.get(key) != row]:
                changes[table] = differing
        return changes

    def _as_kept(self, table: str, column: str, value: Value) -> Value:
        """What becomes of a value in a column, such as text of a number."""
        self._db.execute(f"CREATE TEMP TABLE kept AS SELECT {column} FROM {table} WHERE FALSE")  # noqa: S608 - names are checked
        try:
            self._db.execute("INSERT INTO kept VALUES (?)", (value,))
            kept: Value = self._db.execute("SELECT * FROM kept").fetchone()[0]
        except OverflowError:
            kept = None
        finally:
            self._db.execute("DROP TABLE kept")
        return kept

    def _refusal(self, table: str, column: str, value: Value) -> str:
        """The rule by which no row has this value there, whatever its other columns have."""
        self._db.execute("SAVEPOINT attempt")
        try:
            self._db.execute(
                f"UPDATE {table} SET {column} = ?"  # noqa: S608 - names are checked
                f" WHERE {self.key(table)} = (SELECT {self.key(table)} FROM {table} LIMIT 1)",
                (value,),
            )
        except sqlite3.IntegrityError as error:
            kind, _, rule = str(error).partition(": ")
            concerned = set(re.findall(r"\w+", rule)) & {*self._columns[table]}
            if kind.startswith(("CHECK", "NOT NULL")) and concerned == {column}:
                return str(error)
        finally:
            self._db.execute("ROLLBACK TO attempt")
            self._db.execute("RELEASE attempt")
        return ""

    def _report(self) -> None:
        for watcher in self._watchers:
            watcher(self.changes())

    def _snapshot(self) -> dict[str, dict[Value, Row]]:
        return {
            table: {row[self.key(table)]: row for row in self.find(table)}
            for table in self._columns
        }

    def _insert(self, table: str, row: Row) -> None:
        names = ", ".join(self._column(table, name) for name in row)
        marks = ", ".join("?" for _ in row)
        try:
            self._db.execute(
                f"INSERT INTO {self._table(table)} ({names}) VALUES ({marks})",  # noqa: S608 - names are checked
                tuple(row.values()),
            )
        except (sqlite3.IntegrityError, OverflowError) as error:
            key = self.key(table)
            raise SpecError(f"desk: {table}: row {key}={row.get(key)!r}: {error}") from None

    def _delete(self, table: str, key: Value) -> None:
        query = f"DELETE FROM {self._table(table)} WHERE {self.key(table)} = ?"  # noqa: S608 - names are checked
        self._db.execute(query, (key,))

    def _read_columns(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        tables = self._db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid"
        )
        for (table,) in tables.fetchall():
            yield (
                table,
                tuple(row["name"] for row in self._db.execute(f"PRAGMA table_info({table})")),
            )

    def _table(self, table: str) -> str:
        if table not in self._columns:
            raise SpecError(f"desk: no table {table!r}; there are {', '.join(self._columns)}")
        return table

    def _column(self, table: str, column: str) -> str:
        columns = self._columns[self._table(table)]
        if column not in columns:
            raise SpecError(f"desk: {table}: no column {column!r}; there are {', '.join(columns)}")
        return column
