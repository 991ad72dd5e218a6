"""The description of the API, made from the registry."""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from bot.contract.operations import PROBLEMS, Operation, Problem
from bot.contract.shapes import hints, schema

OWN_STATUS = 409
"""Status of an operation's own refusals."""
_GENERAL = (401, 403, 409, 422, 429)


def describe(operations: Mapping[str, Operation], *, server: str = "/desk/v1") -> dict[str, Any]:
    """Return the OpenAPI 3.1 document.

    Args:
        operations: The registry.
        server: Where the API is mounted.
    """
    parts: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    schema(Problem, parts)
    for operation in operations.values():
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation, parts)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vigil desk API",
            "version": "1",
            "description": "What a coordinator's desk may ask. Everything else is denied.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": parts,
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
        },
    }


def in_path(operation: Operation) -> tuple[str, ...]:
    """Return the fields of a request that stand in the address."""
    return tuple(re.findall(r"{(\w+)}", operation.path))


def in_query(operation: Operation) -> tuple[str, ...]:
    """Return the fields of a request that stand in the query."""
    if operation.method not in {"GET", "DELETE"}:
        return ()
    path = in_path(operation)
    return tuple(one.name for one in fields(operation.request) if one.name not in path)


def in_body(operation: Operation) -> tuple[str, ...]:
    """Return the fields of a request that stand in the body."""
    elsewhere = {*in_path(operation), *in_query(operation)}
    return tuple(one.name for one in fields(operation.request) if one.name not in elsewhere)


def _describe(operation: Operation, parts: dict[str, Any]) -> dict[str, Any]:
    allowed = {role.value: reach.value for role, reach in operation.allowed.items()}
    found: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "x-allowed": allowed,
        "security": [] if operation.public else [{"session": []}],
        "parameters": [
            *(_parameter(operation, name, "path", parts) for name in in_path(operation)),
            *(_parameter(operation, name, "query", parts) for name in in_query(operation)),
        ],
        "responses": _responses(operation, parts),
    }
    body = in_body(operation)
    if body:
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _body(operation, body, parts)}},
        }
    return found


def _parameter(
    operation: Operation, name: str, place: str, parts: dict[str, Any]
) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "schema": schema(hints(operation.request)[name], parts),
    }


def _body(operation: Operation, names: tuple[str, ...], parts: dict[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    schema(operation.request, whole)
    own = whole.pop(operation.request.__name__)
    parts |= whole
    return {
        "type": "object",
        "description": own["description"],
        "properties": {name: own["properties"][name] for name in names},
        "required": [name for name in own["required"] if name in names],
        "additionalProperties": False,
    }


def _responses(operation: Operation, parts: dict[str, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done."}
    if operation.answer is bytes:
        good["content"] = {"application/octet-stream": {"schema": {"type": "string"}}}
    elif operation.answer is not None:
        good["content"] = {"application/json": {"schema": schema(operation.answer, parts)}}
    found: dict[str, Any] = {"200" if operation.answer else "204": good}
    statuses = {*_GENERAL, *([404] if in_path(operation) else [])}
    if in_body(operation):
        statuses |= {413, 415}
    for status in sorted(statuses):
        codes = [code for code, number in PROBLEMS.items() if number == status]
        codes += sorted(operation.problems) if status == OWN_STATUS else []
        found[str(status)] = {
            "description": ", ".join(codes),
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return found
