"""YAML files that people write: read strictly, each error at a line and a field."""

import os
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn, Self, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from shared.errors import DocumentError, wrong_field

M = TypeVar("M", bound=BaseModel)

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_OPENS = (
    yaml.BlockMappingStartToken,
    yaml.BlockSequenceStartToken,
    yaml.FlowMappingStartToken,
    yaml.FlowSequenceStartToken,
)
_CLOSES = (yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken)


def without_waiting(path: str, flags: int) -> int:
    """Open a file, and a pipe that nobody writes to as one that is empty."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


class Document:
    """A YAML file as nodes, which know their lines."""

    def __init__(self, path: Path, root: yaml.Node) -> None:
        self._path, self._root = path, root
        self._constructor = yaml.constructor.SafeConstructor()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file.

        Raises:
            DocumentError: It cannot be read, or is not plain YAML.
        """
        try:
            with open(path, "rb", opener=without_waiting) as file:
                data = file.read(MAX_BYTES + 1)
            text = data.decode("utf-8")
        except FileNotFoundError:
            raise DocumentError(path, 0, "", "there is no such file") from None
        except OSError as error:
            raise DocumentError(path, 0, "", f"cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise DocumentError(path, 0, "", "cannot be read: is not UTF-8") from None
        if len(data) > MAX_BYTES:
            raise DocumentError(path, 0, "", f"is larger than {MAX_BYTES // 1024} KiB")
        try:
            _check_tokens(path, text)
            root = yaml.compose(text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            raise DocumentError(path, line, "", f"is not YAML: {error.problem}") from None
        except yaml.reader.ReaderError as error:
            raise DocumentError(path, 0, "", f"is not YAML: {error.reason}") from None
        if root is None:
            raise DocumentError(path, 0, "", "is empty")
        return cls(path, root)

    def parse(self, model: type[M]) -> M:
        """What the file says, as `model`.

        Raises:
            DocumentError: It says something else.
        """
        try:
            return model.model_validate(self._plain(self._root))
        except ValidationError as error:
            self.fail(*wrong_field(error))

    def fail(self, location: tuple[int | str, ...], problem: str) -> NoReturn:
        """Report `problem` at the node nearest to `location`."""
        node = self._root
        line = node.start_mark.line
        for step in location:
            if isinstance(node, yaml.SequenceNode) and step in range(len(node.value)):
                node = node.value[int(step)]
                line = node.start_mark.line
            elif isinstance(node, yaml.MappingNode):
                entry = next((pair for pair in node.value if pair[0].value == step), None)
                if entry is None:
                    break
                line, node = entry[0].start_mark.line, entry[1]
        field = ".".join(str(step) for step in location)
        raise DocumentError(self._path, line + 1, field, problem)

    def _plain(self, node: yaml.Node) -> Any:
        """The data of a node; a key that stands twice is an error, not an overwriting."""
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item) for item in node.value]
        if not isinstance(node, yaml.MappingNode):
            return self._scalar(node)
        data: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fail_at(key_node, "", "a key must be a word, not a list or a mapping")
            key = self._scalar(key_node)
            if key in data:
                self._fail_at(key_node, str(key), "stands twice")
            data[key] = self._plain(value_node)
        return data

    def _scalar(self, node: yaml.Node) -> Any:
        """A scalar; dates stay as they are written, and so must numbers.

        YAML takes 02139 for 1121, and 10:30 for 630.
        """
        kind = node.tag.rpartition(":")[2]
        if kind in {"timestamp", "merge", "value"}:
            return node.value
        quoted = f"put {node.value[:40]} in quotes"
        try:
            value = self._constructor.construct_object(node)
            told = str(value)  # which Python refuses to do with thousands of digits
        except (ValueError, OverflowError):
            self._fail_at(node, "", quoted)
        if kind == "float" and not isfinite(value):
            self._fail_at(node, "", quoted)
        if kind == "int" and told != node.value.replace("_", "").lstrip("+"):
            self._fail_at(node, "", f"{quoted}: YAML takes it for {told[:40]}")
        return value

    def _fail_at(self, node: yaml.Node, field: str, problem: str) -> NoReturn:
        raise DocumentError(self._path, node.start_mark.line + 1, field, problem)


def _check_tokens(path: Path, text: str) -> None:
    """Refuse what makes a document larger than it is, or more than data."""
    depth = 0
    for token in yaml.scan(text, Loader=_LOADER):
        depth += isinstance(token, _OPENS) - isinstance(token, _CLOSES)
        problem = ""
        if isinstance(token, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken):
            problem = "anchors, aliases and tags are not allowed"
        elif depth > MAX_DEPTH:
            problem = "is nested too deeply"
        if problem:
            raise DocumentError(path, token.start_mark.line + 1, "", problem)
