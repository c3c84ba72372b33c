"""Documents become operations: bounded, parsed, validated and measured once, then kept.

    text ──► characters ──► tokens ──► extent ──► validation ──► cost for each request

Each step refuses before the next, dearer one starts.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    InlineFragmentNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from graph.costs import Cost, Measure, page_defaults
from graph.errors import coded
from graph.limits import Limits, check_document

# Documents kept. Clients send the same few again and again; a flood of new ones only pushes the oldest out.
KEPT_MAX = 500
KEPT_MAX_CHARS = 1_000_000

PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"


class OperationRefused(Exception):
    """The request holds no operation that can be executed. `errors` say why; `code` is for those without their own."""

    def __init__(self, errors: list[GraphQLError], code: str = VALIDATION_FAILED) -> None:
        super().__init__(errors[0].message)
        self.errors = errors
        self.code = code


@dataclass(frozen=True)
class Operation:
    """One operation of a valid document."""

    document: DocumentNode
    definition: OperationDefinitionNode
    cost: Cost
    page_defaults: Mapping[str, int]

    def cost_with(self, variables: Mapping[str, Any]) -> int:
        """Return what it costs with these variables."""
        if self.fixed_cost is not None:
            return self.fixed_cost
        return self.cost.total({**self.page_defaults, **variables})

    @cached_property
    def fixed_cost(self) -> int | None:
        """What it costs whatever the variables; None when it depends on them."""
        return self.cost.total({}) if self.cost.is_fixed else None

    @property
    def kind(self) -> OperationType:
        return self.definition.operation

    @property
    def name(self) -> str | None:
        return None if self.definition.name is None else self.definition.name.value


class Documents:
    """The operations of one schema."""

    def __init__(self, schema: GraphQLSchema, *, limits: Limits, is_open: bool) -> None:
        """`is_open` allows introspection, and suggestions in errors: for development."""
        self.limits = limits
        self.is_open = is_open
        self._schema = schema
        self._rules = [*specified_rules, OneOfInputValidationRule]
        if not is_open:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._kept: OrderedDict[str, dict[str | None, Operation]] = OrderedDict()
        self._kept_chars = 0

    def prepare(self, text: str, *, name: str | None, variables: Mapping[str, Any]) -> Operation:
        """Return the operation of this name, or the only one.

        Raises:
            OperationRefused.
        """
        operation = _pick(self._operations_of(text), name)
        self._check_cost(operation.cost_with(variables))
        return operation

    def check(self, text: str) -> list[Operation]:
        """Return every operation of a document that may be sent one day, with the pages it names itself.

        Raises:
            OperationRefused.
        """
        operations = list(self._operations_of(text).values())
        for operation in operations:
            self._check_cost(operation.cost_with({}))
        return operations

    def _check_cost(self, requested: int) -> None:
        most = self.limits.cost_max
        if requested > most:
            message = f"This costs {requested} and may cost {most}. Ask for shorter pages, or for less of each row."
            cost = {"requested": requested, "max": most}
            raise OperationRefused([GraphQLError(message, extensions={"code": "TOO_COSTLY", "cost": cost})])

    def _operations_of(self, text: str) -> dict[str | None, Operation]:
        kept = self._kept.get(text)
        if kept is not None:
            self._kept.move_to_end(text)
            return kept
        document = self._parse(text)
        self._validate(document)
        measure = Measure(self._schema, document)
        operations = {
            None if definition.name is None else definition.name.value: Operation(
                document, definition, measure.cost(definition), page_defaults(definition)
            )
            for definition in document.definitions
            if isinstance(definition, OperationDefinitionNode)
        }
        self._kept[text] = operations
        self._kept_chars += len(text)
        while len(self._kept) > KEPT_MAX or self._kept_chars > KEPT_MAX_CHARS:
            dropped, _ = self._kept.popitem(last=False)
            self._kept_chars -= len(dropped)
        return operations

    def _parse(self, text: str) -> DocumentNode:
        limits = self.limits
        if len(text) > limits.document_max_chars:
            message = f"Send at most {limits.document_max_chars} characters."
            raise OperationRefused([coded(message, "DOCUMENT_TOO_LONG")])
        try:
            return parse(text, max_lexical_tokens=limits.tokens_max, max_comments=limits.comments_max)
        except GraphQLSyntaxError as broken:
            raise OperationRefused([broken], _code_of(broken)) from None

    def _validate(self, document: DocumentNode) -> None:
        try:
            check_document(document, self.limits)
        except GraphQLError as refused:
            raise OperationRefused([refused]) from None
        errors = validate(
            self._schema,
            document,
            self._rules,
            max_errors=self.limits.errors_max,
            hide_suggestions=not self.is_open,
        )
        if errors:
            raise OperationRefused(errors)


def root_names(operation: Operation) -> set[str]:
    """Return the names of the fields that an operation asks of its root, whatever their conditions."""
    fragments = {
        definition.name.value: definition
        for definition in operation.document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    names: set[str] = set()
    waiting = [operation.definition.selection_set]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                names.add(selection.name.value)
            elif isinstance(selection, FragmentSpreadNode):
                # A valid document has no circles.
                waiting.append(fragments[selection.name.value].selection_set)
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
    return names


def _code_of(broken: GraphQLSyntaxError) -> str:
    """Tell graphql-core's own bounds from bad grammar, which it does only in the message."""
    if "Parsing aborted" not in broken.message:
        return PARSE_FAILED
    return "TOO_DEEP" if "nested too deeply" in broken.message else "TOO_MANY_TOKENS"


def _pick(operations: Mapping[str | None, Operation], name: str | None) -> Operation:
    if name is None and len(operations) == 1:
        return next(iter(operations.values()))
    operation = operations.get(name) if name is not None else None
    if operation is None:
        message = "Name one of the document's operations as operationName."
        raise OperationRefused([coded(message, "OPERATION_UNKNOWN")])
    return operation
