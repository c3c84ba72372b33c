"""Names as GraphQL spells them."""

import re

_AFTER_UNDERSCORE = re.compile(r"_([a-z0-9])")


def camel_case(name: str) -> str:
    """Spell `snake_case` as `camelCase`; dots and brackets of a path stay."""
    return _AFTER_UNDERSCORE.sub(lambda found: found.group(1).upper(), name)


def pascal_case(name: str) -> str:
    """Spell `snake_case` as `PascalCase`."""
    camel = camel_case(name)
    return camel[:1].upper() + camel[1:]
