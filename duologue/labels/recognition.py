"""recognition.json: what was heard, word by word against what was said.

Both are compared as `shared.language.as_heard.normalize` writes them. Turns of one role in a row
count as one, because the other side may hear them as one.
"""

from collections.abc import Mapping, Sequence
from itertools import dropwhile, groupby
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import ConfigDict, Field

from duologue.folder.folder import read_call, read_json, write_json
from duologue.labels import entities
from duologue.labels.entities import EntityKind
from duologue.labels.interaction.values import Rate
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import Transcript, Turn
from duologue.labels.transcript.words.readings import displayed
from duologue.labels.wer import WordErrors
from shared.language.as_heard import normalize
from shared.language.edits import Op, align
from shared.spec import Role
from shared.values import Frozen

FILE = "recognition.json"


class Pair(Frozen):
    """A word of what was said beside one of what was heard, both by `as_heard.normalize`."""

    op: Op
    said: str | None
    """None for an insertion."""
    heard: str | None
    """None for a deletion."""
    turn: int | None
    """The turn in which it was said, by its place in transcript.json; of an insertion, that of the
    word before it; None where nobody had spoken."""
    word: int | None
    """The displayed word it belongs to, by its place in the turn's `words`; None for an insertion.
    Several pairs may be of one word ("47219")."""


class Stretch(Frozen):
    """Turns of one role in a row, which the other side may hear as one."""

    role: Role
    """Who spoke."""
    turns: tuple[int, ...]
    """By their places in transcript.json; empty for what was heard although nobody had spoken."""
    pairs: tuple[Pair, ...]


class Entity(Frozen):
    """A name, number, code, date or amount that was said, and how it was heard."""

    kind: EntityKind
    role: Role
    """Who said it."""
    turn: int
    words: tuple[int, ...]
    """The displayed words it belongs to, by their places in the turn's `words`."""
    said: str
    """As normalized: "4 7 2 1 9"."""
    heard: str
    """What stands for it in what was heard; empty if nothing does."""
    correct: bool


class Recognition(Frozen):
    """How a call was heard, both directions."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    stretches: tuple[Stretch, ...]
    """In order of time; then what was heard although nobody had spoken. Turns at the end that
    nobody listened to any more are left out, and so are those of which it is not known what was
    said."""
    entities: tuple[Entity, ...]

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def word_errors(self, role: Role) -> WordErrors:
        """How `role`'s speech was heard, over the whole call."""
        return WordErrors.of(
            [pair.op for each in self.stretches if each.role is role for pair in each.pairs]
        )

    def entity_errors(self, role: Role) -> dict[str, Rate]:
        """How many of the entities that `role` said were misheard: `all`, and by kind."""
        said = [each for each in self.entities if each.role is role]
        kinds: Mapping[str, Sequence[Entity]] = {"all": said} | {
            kind.value: [each for each in said if each.kind is kind] for kind in EntityKind
        }
        return {
            kind: Rate.of(sum(not each.correct for each in some), len(some))
            for kind, some in kinds.items()
        }


class _Token(NamedTuple):
    """A normalized word that was said."""

    text: str
    turn: int
    word: int


def write(folder: Path) -> None:
    """Make recognition.json of a call folder from its transcript and call.json."""
    names = entities.names_in(read_call(folder).spec)
    write_json(folder / FILE, recognize(transcript.read(folder), names))


def read(folder: Path) -> Recognition:
    """The recognition of a call folder."""
    return read_json(folder, FILE, Recognition)


def recognize(call: Transcript, names: frozenset[str] = frozenset()) -> Recognition:
    """What was heard against what was said; `names` are normalized words that are names.

    Of a side that reports nothing neither is known, and so nothing can be compared.
    """
    if call.recognizer:
        return Recognition(stretches=(), entities=())
    indexed = list(enumerate(call.turns))
    listened = list(dropwhile(lambda each: each[1].heard is None, reversed(indexed)))[::-1]
    known = [each for each in listened if each[1].said is not None]
    stretches: list[Stretch] = []
    found: list[Entity] = []
    for role, group in groupby(known, key=lambda each: each[1].role):
        turns = list(group)
        tokens = [token for index, turn in turns for token in _tokens(index, turn)]
        heard = [word for _, turn in turns for word in normalize(turn.heard or "")]
        pairs = _pairs(tokens, heard)
        stretches.append(
            Stretch(role=role, turns=tuple(index for index, _ in turns), pairs=tuple(pairs))
        )
        for index, turn in turns:
            found += _entities(index, turn, pairs, names)
    stretches += [
        Stretch(role=stray.role.peer, turns=(), pairs=tuple(_pairs([], normalize(stray.heard))))
        for stray in call.stray
    ]
    return Recognition(stretches=tuple(stretches), entities=tuple(found))


def _tokens(index: int, turn: Turn) -> list[_Token]:
    """The normalized words of a turn, each with the displayed word it comes from."""
    words = normalize(turn.said or "")
    # Word by word it may come out otherwise: "May 3rd" is 3 may.
    apart = [
        (token, place)
        for place, word in enumerate(displayed(turn.said or ""))
        for token in normalize(word)
    ]
    edits = align(words, [token for token, _ in apart])
    places = {
        said: apart[heard][1]
        for op, said, heard in edits
        if op is Op.EQUAL and said is not None and heard is not None
    }
    left = [apart[heard] for op, _, heard in edits if op is not Op.EQUAL and heard is not None]
    tokens: list[_Token] = []
    for at, word in enumerate(words):
        if at not in places:
            moved = next((place for token, place in left if token == word), None)
            before = tokens[-1].word if tokens else 0
            places[at] = before if moved is None else moved
        tokens.append(_Token(word, index, places[at]))
    return tokens


def _pairs(said: Sequence[_Token], heard: Sequence[str]) -> list[Pair]:
    pairs: list[Pair] = []
    for op, at, there in align([token.text for token in said], heard):
        token = None if at is None else said[at]
        before = pairs[-1].turn if pairs else (said[0].turn if said else None)
        pairs.append(
            Pair(
                op=op,
                said=token and token.text,
                heard=None if there is None else heard[there],
                turn=token.turn if token else before,
                word=token and token.word,
            )
        )
    return pairs


def _entities(index: int, turn: Turn, pairs: Sequence[Pair], names: frozenset[str]) -> list[Entity]:
    """The entities of a turn, with what the alignment sets against them."""
    own = [at for at, pair in enumerate(pairs) if pair.turn == index and pair.said is not None]
    found: list[Entity] = []
    for kind, begin, end in entities.find(turn.said or "", names):
        # Insertions between its words are part of it.
        part = pairs[own[begin] : own[end - 1] + 1]
        places = [pair.word for pair in part if pair.word is not None]
        found.append(
            Entity(
                kind=kind,
                role=turn.role,
                turn=index,
                words=tuple(dict.fromkeys(places)),
                said=" ".join(pair.said for pair in part if pair.said is not None),
                heard=" ".join(pair.heard for pair in part if pair.heard is not None),
                correct=all(pair.op is Op.EQUAL for pair in part),
            )
        )
    return found
