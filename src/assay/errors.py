"""What went wrong, in one sentence that says what to do.

Everything that a user can cause (a wrong column, a missing extra, a port in use) raises an `AssayError`;
anything else that escapes is a defect of ours and keeps its traceback.
"""


class AssayError(Exception):
    """A mistake or a missing thing that the reader of the message can put right."""


class TableError(AssayError):
    """A table that cannot be read as what it should be; names the row and the column where they are known.

    `row` counts from 1, the header of a CSV file left out.

    >>> print(TableError("label is empty; fill it in or remove the row", row=3, column="label"))
    row 3, column 'label': label is empty; fill it in or remove the row
    """

    def __init__(self, message: str, *, row: int | None = None, column: str | None = None) -> None:
        where = ", ".join(
            part
            for part in (f"row {row}" if row is not None else "", f"column {column!r}" if column else "")
            if part
        )
        super().__init__(f"{where}: {message}" if where else message)
        self.said = message
        self.row = row
        self.column = column


class AnswerError(AssayError):
    """An answer that its kind does not accept; `field` names the part of the form to mark."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class MissingExtraError(AssayError):
    """An optional part of Assay that is not installed."""
