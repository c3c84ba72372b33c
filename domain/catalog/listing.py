"""What contexts above build their own lists of titles with: the table, and what of it an audience may find."""

from domain.catalog.store import scope_of, scoped, title_of_row, title_rights, titles

__all__ = ["scope_of", "scoped", "title_of_row", "title_rights", "titles"]
