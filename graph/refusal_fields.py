"""A refusal's public attributes as fields that clients read."""

from domain.kernel.refusals import Refusal
from graph.wording import camel_case


def extensions_of(refusal: Refusal) -> dict[str, object]:
    """Return a refusal's code and fields as the `extensions` of a GraphQL error, for where no union can hold it."""
    fields = {
        field_name(name): value
        for name, value in vars(refusal).items()
        if not name.startswith("_") and name != "message" and isinstance(value, str | int | float | bool)
    }
    return {"code": refusal.code, **fields}


def field_name(attribute: str) -> str:
    """Spell an attribute as a field, with its unit written out: `retry_after_s` is `retryAfterSeconds`."""
    return camel_case(f"{attribute[:-2]}_seconds" if attribute.endswith("_s") else attribute)
