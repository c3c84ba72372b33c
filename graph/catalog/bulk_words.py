"""The closed lists of imports, with what each value means."""

from domain.catalog.exporting import FileFormat
from domain.catalog.importing import FileFault, ImportMode, RowCode
from domain.media.title_import import ImportState
from graph.enums import described

# Fields of `CatalogExports`, and the doors that answer.
EXPORT_PATHS = {"csv_url": "/exports/titles.csv", "json_lines_url": "/exports/titles.jsonl"}

described(
    FileFormat,
    name="TitleFileFormat",
    description="How a file of titles is written.",
    values={
        FileFormat.CSV: "Comma-separated values with a header, in UTF-8 (RFC 4180).",
        FileFormat.JSON_LINES: "One JSON object a line, in UTF-8.",
    },
)
described(
    ImportMode,
    description="What an import may do.",
    values={
        ImportMode.CREATE: "Make new titles only; rows of titles that are there are left out.",
        ImportMode.UPDATE: "Change titles that are there only; other rows are left out.",
        ImportMode.UPSERT: "Make new titles and change those that are there.",
    },
)
described(
    ImportState,
    name="TitleImportState",
    description="Where an import is on its way.",
    values={
        ImportState.RUNNING: "Its file is being read, or will be soon.",
        ImportState.DONE: "Its file was read to its end; wrong rows are in the report.",
        ImportState.FAILED: "Its file was given up; what was written before stays.",
        ImportState.CANCELLED: "It was called off; what was written before stays.",
    },
)
described(
    FileFault,
    name="ImportFault",
    description="Why a file was given up as a whole.",
    values={
        FileFault.EMPTY: "It has no rows.",
        FileFault.NOT_UTF8: "Its header is not UTF-8.",
        FileFault.BAD_HEADER: "Its header cannot be read.",
        FileFault.UNKNOWN_COLUMN: "Its header has a column that is none of ours.",
        FileFault.DUPLICATE_COLUMN: "Its header has a column twice.",
        FileFault.MISSING_COLUMN: "Its header lacks the external id.",
        FileFault.GONE: "Its upload is gone.",
        FileFault.GAVE_UP: "It failed too often for a reason of ours. Import it again.",
    },
)
described(
    RowCode,
    name="ImportProblemCode",
    description="What is wrong with a row.",
    values={
        RowCode.NOT_UTF8: "It is not UTF-8.",
        RowCode.NUL_CHARACTER: "It has a NUL character.",
        RowCode.ROW_TOO_LONG: "It is longer than 4 MiB.",
        RowCode.BAD_QUOTING: "Its quotes are not as RFC 4180 has them.",
        RowCode.WRONG_CELL_COUNT: "It has more or fewer cells than the header.",
        RowCode.BAD_JSON: "It is no JSON object.",
        RowCode.UNKNOWN_FIELD: "It has a field that is none of ours.",
        RowCode.REQUIRED: "A field is missing that is needed.",
        RowCode.INVALID: "A value cannot be used.",
        RowCode.DUPLICATE_KEY: "An earlier row has the same external id.",
        RowCode.UNKNOWN_PARENT: "The series or season it belongs to is not there yet.",
        RowCode.UNKNOWN_TAG: "A genre or tag is not there.",
        RowCode.PLACE_TAKEN: "Another part has its number.",
        RowCode.EXISTS: "The title is there, and the import may only make new ones.",
        RowCode.ABSENT: "The title is not there, and the import may make none.",
        RowCode.REFUSED: "The catalog refuses it for another reason.",
    },
)

__all__ = ["EXPORT_PATHS", "FileFault", "FileFormat", "ImportMode", "ImportState", "RowCode"]
