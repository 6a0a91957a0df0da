"""The OpenAPI document of the resources, written from the screens."""

from typing import Any

from apispec.exceptions import DuplicateComponentNameError
from flask_babel import gettext as _

from views.admin.acts import Act
from views.admin.columns import Column, Kind
from views.admin.inputs import Input
from views.admin.registry import Screen

UUID: dict[str, Any] = {"type": "string", "format": "uuid"}
DECIMAL: dict[str, Any] = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}
TYPES: dict[Kind, dict[str, Any]] = {
    Kind.text: {"type": "string"},
    Kind.long: {"type": "string"},
    Kind.money: DECIMAL,
    Kind.day: {"type": "string", "format": "date"},
    Kind.moment: {"type": "string", "format": "date-time"},
    Kind.yesno: {"type": "boolean"},
    Kind.names: {"type": "array", "items": {"type": "string"}},
    Kind.json: {},
    Kind.id: UUID,
    Kind.counts: {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
    Kind.shares: {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": {"quantity": DECIMAL, "amount": DECIMAL},
            "additionalProperties": False,
        },
    },
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
NAMED = {
    "type": "object",
    "nullable": True,
    "properties": {"id": UUID, "name": {"type": "string", "nullable": True}},
}
PROBLEMS = {
    400: "Cannot be read",
    401: "No valid token or key",
    403: "The roles do not allow it",
    404: "Not there, or not to be seen",
    405: "Rows are not written that way here",
    409: "Cannot be done now",
    410: "It is over",
    422: "Something has to be mended",
    423: "Locked for a while",
    429: "Too fast",
}
SECURITY: list[dict[str, list[str]]] = [{"jwt": []}, {"api_key": []}]
PK = {"in": "path", "name": "pk", "required": True, "schema": UUID}
Q = {
    "in": "query",
    "name": "q",
    "description": "Rison or JSON: filters, order_column, order_direction, page, page_size,"
    " columns, keys",
    "schema": {"type": "string"},
}


def add_components(spec: Any, screen: Screen) -> None:
    """Describe rows, what may be written, and refusals."""
    name = screen.name
    fields = {each.name: _readable(each) for each in screen.readable()}
    if screen.money_path:
        fields.setdefault("currency", {"type": "string", "nullable": True})
    row = {"type": "object", "properties": {"id": UUID} | fields}
    every = {"Problem": PROBLEM, f"{name}.row": row}
    for adding, word in ((True, "add"), (False, "change")):
        inputs = screen.fields(adding=adding)
        if inputs:
            every[f"{name}.{word}"] = _body_of(inputs, required=adding)
    for key, schema in every.items():
        try:
            spec.components.schema(key, schema)
        except DuplicateComponentNameError:
            continue
    if "api_key" not in spec.components.security_schemes:
        spec.components.security_scheme("api_key", {"type": "http", "scheme": "bearer"})
    if "jwt" not in spec.components.security_schemes:
        bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        spec.components.security_scheme("jwt", bearer)


def paths(screen: Screen) -> dict[str, dict[str, Any]]:
    """Describe every operation of a resource, acts included."""
    row = {"$ref": f"#/components/schemas/{screen.name}.row"}
    hanging = {"type": "object", "additionalProperties": {"type": "array", "items": {}}}
    made = {"type": "object", "properties": {"type": {"type": "string"}, "id": UUID}}
    answered = {"id": UUID, "result": row}
    one = _json({"type": "object", "properties": answered | {"related": hanging}})
    acted = _json({"type": "object", "properties": answered | {"made": made}})
    many = {
        "type": "object",
        "properties": {
            "count": {"type": "integer"},
            "ids": {"type": "array", "items": UUID},
            "result": {"type": "array", "items": row},
        },
    }
    found: dict[str, dict[str, Any]] = {
        "/": {"get": _operation(screen, "List", 200, _json(many), [Q])},
        "/_info": {"get": _operation(screen, "What can be asked of", 200, _json({}), [Q])},
        "/{pk}": {"get": _operation(screen, "Read", 200, one, [PK])},
    }
    if any(each.target for each in screen.fields(adding=True)):
        column = {"in": "path", "name": "column", "required": True, "schema": {"type": "string"}}
        options = _operation(screen, "What relations may name in", 200, _json({}), [column, Q])
        found["/related/{column}"] = {"get": options}
    ref = f"#/components/schemas/{screen.name}"
    if screen.form and screen.addable:
        post = _operation(screen, "Add", 201, one, [_key(required=False)])
        found["/"]["post"] = post | {"requestBody": _body({"$ref": f"{ref}.add"})}
    if screen.fields(adding=False):
        put = _operation(screen, "Change", 200, one, [PK, _key(required=False)])
        found["/{pk}"]["put"] = put | {"requestBody": _body({"$ref": f"{ref}.change"})}
    if screen.deletable:
        done = _json({"type": "object"})
        gone = _operation(screen, "Delete", 200, done, [PK, _key(required=False)])
        found["/{pk}"]["delete"] = gone
    for act in screen.acts:
        found[f"/{{pk}}/{act.name}"] = {"post": _act(screen, act, acted)}
    return found


def _act(screen: Screen, act: Act, one: dict[str, Any]) -> dict[str, Any]:
    made = _operation(screen, act.label, 200, one, [PK, _key(required=act.money)])
    made["operationId"] = f"{screen.name}.{act.name}"
    if act.inputs:
        made["requestBody"] = _body(_body_of(list(act.inputs), required=True))
    return made


def _operation(
    screen: Screen, verb: str, status: int, answer: Any, parameters: list[Any]
) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses: dict[str, Any] = {
        str(code): {"description": said, "content": problem} for code, said in PROBLEMS.items()
    }
    responses[str(status)] = {"description": "Done", "content": answer}
    return {
        "summary": f"{verb}: {screen.title}",
        "tags": [screen.title],
        "security": SECURITY,
        "parameters": parameters,
        "responses": responses,
    }


def _key(*, required: bool) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": 200}
    return {"in": "header", "name": "Idempotency-Key", "required": required, "schema": schema}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": _json(schema)}


def _body_of(inputs: list[Input], *, required: bool) -> dict[str, Any]:
    names = [each.name for each in inputs if each.required]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {each.name: _writable(each) for each in inputs},
        "additionalProperties": False,
    }
    return schema | ({"required": names} if required and names else {})


def _readable(column: Column) -> dict[str, Any]:
    if column.kind is Kind.relation:
        return NAMED
    if column.kind is Kind.json:
        return {}
    schema = _typed(column.kind, column.enum, whole=column.whole)
    return schema | {"nullable": True}


def _writable(field: Input) -> dict[str, Any]:
    if field.kind is Kind.relation:
        return UUID | {"nullable": not field.required}
    if field.choices is not None and field.kind is not Kind.names:
        return {"type": "string", "enum": list(field.choices)}
    schema = dict(_typed(field.kind, field.enum, whole=field.whole))
    if field.length and schema.get("type") == "string":
        schema["maxLength"] = field.length
    return schema | ({} if field.required else {"nullable": True})


def _typed(kind: Kind, enum: Any, *, whole: bool) -> dict[str, Any]:
    if kind is Kind.choice:
        return {"type": "string", "enum": [each.value for each in enum or ()]}
    if kind is Kind.number:
        return {"type": "integer"} if whole else DECIMAL
    return TYPES[kind]


def field(each: Input) -> dict[str, Any]:
    """Describe a field for `_info`."""
    return {
        "name": each.name,
        "label": _(each.label),
        "type": each.kind.value,
        "required": each.required,
    }
