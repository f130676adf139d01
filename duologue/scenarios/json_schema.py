"""JSON Schemas of files, made from the types that read and write them."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode


class WithoutExamples(GenerateJsonSchema):
    """Describes types by their docstrings, without the examples for those who write Python."""

    def generate(self, schema: Any, mode: JsonSchemaMode = "validation") -> dict[str, Any]:
        """The JSON Schema of a type."""
        made = super().generate(schema, mode)
        for described in (made, *made.get("$defs", {}).values()):
            if text := described.get("description"):
                described["description"] = text.partition("\n\nExample:")[0]
        return made
