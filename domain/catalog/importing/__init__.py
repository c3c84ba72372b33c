"""Titles from files: cutting files into rows, reading rows, and writing them in batches."""

from domain.catalog.entry import RightEntry, TextEntry, TitleEntry
from domain.catalog.importing.columns import fields_of, read_header
from domain.catalog.importing.fields import RowUnusable, TitleRow, read_row
from domain.catalog.importing.merging import ImportMode
from domain.catalog.importing.problems import FileFault, FileUnusable, RowCode, RowProblem
from domain.catalog.importing.writing import Written, write_rows

__all__ = [
    "FileFault",
    "FileUnusable",
    "ImportMode",
    "RightEntry",
    "RowCode",
    "RowProblem",
    "RowUnusable",
    "TextEntry",
    "TitleEntry",
    "TitleRow",
    "Written",
    "fields_of",
    "read_header",
    "read_row",
    "write_rows",
]
