"""Who may do what to the catalog."""

from enum import StrEnum

from domain.accounts import Policy, Role


class CatalogAct(StrEnum):
    """What is done to the catalog, besides finding titles."""

    EDIT = "edit titles"
    SEE_EVERYTHING = "see unpublished titles"
    READ_LOG = "read the log of editorial work"
    EXPORT = "export the catalog"


CATALOG = Policy(
    {
        CatalogAct.EDIT: frozenset({Role.EDITOR}),
        CatalogAct.SEE_EVERYTHING: frozenset({Role.EDITOR}),
        CatalogAct.READ_LOG: frozenset({Role.EDITOR}),
        CatalogAct.EXPORT: frozenset({Role.EDITOR}),
    }
)
