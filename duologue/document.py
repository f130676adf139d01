"""YAML files that people write: read strictly, each error at a line and a field."""

from pathlib import Path
from typing import Any, NoReturn, Self, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from shared.errors import DocumentError

M = TypeVar("M", bound=BaseModel)

MAX_BYTES = 256 * 1024


class Document:
    """A YAML file as nodes, which know their lines."""

    def __init__(self, path: Path, root: yaml.Node) -> None:
        self._path, self._root = path, root

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file.

        Raises:
            DocumentError: It cannot be read, or is not plain YAML.
        """
        try:
            if path.stat().st_size > MAX_BYTES:
                raise DocumentError(path, 0, "", f"is larger than {MAX_BYTES // 1024} KiB")
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise DocumentError(path, 0, "", "there is no such file") from None
        except (OSError, UnicodeDecodeError) as error:
            raise DocumentError(path, 0, "", f"cannot be read: {error}") from None
        try:
            for token in yaml.scan(text, Loader=yaml.SafeLoader):
                if isinstance(token, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken):
                    line = token.start_mark.line + 1
                    raise DocumentError(path, line, "", "anchors, aliases and tags are not allowed")
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            raise DocumentError(path, line, "", f"is not YAML: {error.problem}") from None
        except yaml.YAMLError as error:
            raise DocumentError(path, 0, "", f"is not YAML: {error}") from None
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
            first = error.errors(include_url=False, include_input=False)[0]
            self.fail(first["loc"], str(first["msg"]).removeprefix("Value error, "))

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
            return _scalar(node)
        data: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node)
            if key in data:
                line = key_node.start_mark.line + 1
                raise DocumentError(self._path, line, str(key), "stands twice")
            data[key] = self._plain(value_node)
        return data


def _scalar(node: yaml.Node) -> Any:
    """A scalar; dates stay as they are written."""
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value
    return yaml.SafeLoader("").construct_object(node)
