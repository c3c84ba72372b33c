"""Bounds on documents: how long, how deep, how many aliases, fields and directives after fragments are expanded.

All counts are made in one walk over the parsed document, each fragment once, so a refusal costs no more than the
document is long. Everything after this module can recurse safely.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
)

from graph.errors import coded


@dataclass(frozen=True)
class Limits:
    """What a document may ask for. A home page of eight rows needs about a tenth of each."""

    document_max_chars: int = 20_000
    tokens_max: int = 2_000
    comments_max: int = 200
    definitions_max: int = 60
    depth_max: int = 12
    fields_max: int = 500
    # Validation compares fields of one name with each other, pair by pair.
    repeats_max: int = 20
    aliases_max: int = 40
    directives_max: int = 40
    # Each root field of a mutation is a transaction of its own; a client that needs more sends more operations.
    mutations_max: int = 10
    # Fields resolved, by the sizes of the pages asked for.
    cost_max: int = 20_000
    errors_max: int = 10
    execution_timeout_s: float = 10.0


@dataclass(frozen=True)
class Extent:
    """How much a selection asks for, with its fragments expanded. Counts saturate; they are only compared."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0

    def beside(self, other: "Extent") -> "Extent":
        """Return the extent of two selections next to each other."""
        return Extent(
            max(self.depth, other.depth),
            min(self.fields + other.fields, _MANY),
            min(self.aliases + other.aliases, _MANY),
            min(self.directives + other.directives, _MANY),
        )


# Above every limit: a count that reached it never needs to grow.
_MANY = 1_000_000


def check_document(document: DocumentNode, limits: Limits) -> None:
    """Refuse a document that asks for too much.

    Raises:
        GraphQLError: with the code of the bound it breaks.
    """
    if len(document.definitions) > limits.definitions_max:
        raise coded(f"Send at most {limits.definitions_max} definitions.", "TOO_MANY_DEFINITIONS")
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    extents = _fragment_extents(fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            extent = _extent(definition.selection_set, extents)
            extent = extent.beside(Extent(directives=len(definition.directives or ())))
            _check_extent(extent, limits)
            _check_mutation(definition, limits)
            _check_repeats(definition.selection_set, limits)
        elif isinstance(definition, FragmentDefinitionNode):
            _check_repeats(definition.selection_set, limits)


def _check_extent(extent: Extent, limits: Limits) -> None:
    if extent.depth > limits.depth_max:
        raise coded(f"Nest fields at most {limits.depth_max} deep.", "TOO_DEEP")
    if extent.aliases > limits.aliases_max:
        raise coded(f"Use at most {limits.aliases_max} aliases, fragments expanded.", "TOO_MANY_ALIASES")
    if extent.directives > limits.directives_max:
        raise coded(f"Use at most {limits.directives_max} directives, fragments expanded.", "TOO_MANY_DIRECTIVES")
    if extent.fields > limits.fields_max:
        raise coded(f"Ask for at most {limits.fields_max} fields, fragments expanded.", "TOO_MANY_FIELDS")


def _check_mutation(operation: OperationDefinitionNode, limits: Limits) -> None:
    if operation.operation is OperationType.MUTATION and len(operation.selection_set.selections) > limits.mutations_max:
        raise coded(f"Send at most {limits.mutations_max} mutations in one operation.", "TOO_MANY_MUTATIONS")


def _check_repeats(selection_set: SelectionSetNode, limits: Limits) -> None:
    """Refuse a name that is answered with too often in one selection, inline fragments included."""
    names: Counter[str] = Counter()
    same_level = [selection_set]
    while same_level:
        for selection in same_level.pop().selections:
            if isinstance(selection, InlineFragmentNode):
                same_level.append(selection.selection_set)
            elif isinstance(selection, FieldNode):
                names[(selection.alias or selection.name).value] += 1
                if selection.selection_set is not None:
                    _check_repeats(selection.selection_set, limits)
    if names and max(names.values()) > limits.repeats_max:
        raise coded(f"Ask for a field at most {limits.repeats_max} times in one place.", "TOO_MANY_REPEATS")


def _fragment_extents(fragments: Mapping[str, FragmentDefinitionNode]) -> dict[str, Extent]:
    """Measure every fragment once, those it spreads before itself."""
    extents: dict[str, Extent] = {}
    for name in _spread_order(fragments):
        extents[name] = _extent(fragments[name].selection_set, extents)
    return extents


def _spread_order(fragments: Mapping[str, FragmentDefinitionNode]) -> list[str]:
    """Order fragments so that each comes after those it spreads (Kahn's algorithm).

    Raises:
        GraphQLError: fragments spread each other in a circle.
    """
    spreads = {name: _spreads_in(fragment.selection_set) & fragments.keys() for name, fragment in fragments.items()}
    waiting = Counter({name: len(inner) for name, inner in spreads.items()})
    spread_by: dict[str, list[str]] = {name: [] for name in fragments}
    for name, inner in spreads.items():
        for spread in inner:
            spread_by[spread].append(name)
    ready = [name for name in fragments if waiting[name] == 0]
    order: list[str] = []
    while ready:
        name = ready.pop()
        order.append(name)
        for outer in spread_by[name]:
            waiting[outer] -= 1
            if waiting[outer] == 0:
                ready.append(outer)
    if len(order) < len(fragments):
        raise coded("Fragments must not spread each other in a circle.", "CIRCULAR_FRAGMENTS")
    return order


def _spreads_in(selection_set: SelectionSetNode) -> set[str]:
    found: set[str] = set()
    stack = list(selection_set.selections)
    while stack:
        selection = stack.pop()
        if isinstance(selection, FragmentSpreadNode):
            found.add(selection.name.value)
        elif (inner := _inner(selection)) is not None:
            stack.extend(inner.selections)
    return found


def _extent(selection_set: SelectionSetNode, fragments: Mapping[str, Extent]) -> Extent:
    # The parser bounds how deep one definition nests, so this recursion is bounded too.
    total = Extent()
    for selection in selection_set.selections:
        total = total.beside(_selection_extent(selection, fragments))
    return total


def _selection_extent(selection: SelectionNode, fragments: Mapping[str, Extent]) -> Extent:
    own = Extent(directives=len(selection.directives or ()))
    if isinstance(selection, FragmentSpreadNode):
        return own.beside(fragments.get(selection.name.value, Extent()))
    inner = _inner(selection)
    below = Extent() if inner is None else _extent(inner, fragments)
    if not isinstance(selection, FieldNode):
        return own.beside(below)
    # Introspection nests deeply by nature and is bounded by a validation rule of its own.
    deeper = 0 if selection.name.value.startswith("__") else below.depth + 1
    return Extent(
        depth=deeper,
        fields=min(below.fields + 1, _MANY),
        aliases=min(below.aliases + (selection.alias is not None), _MANY),
        directives=min(below.directives + own.directives, _MANY),
    )


def _inner(selection: SelectionNode) -> SelectionSetNode | None:
    assert isinstance(selection, FieldNode | InlineFragmentNode | FragmentSpreadNode)
    return None if isinstance(selection, FragmentSpreadNode) else selection.selection_set
