"""Everything about people is exported and erased: each column that names an account or a profile is on a list."""

import importlib
import pkgutil

import domain
from domain.kernel.personal import Fate, personal_columns
from domain.kernel.tables import metadata
from workers.personal import PERSONAL

MARKS = (
    "account_id", "profile_id", "created_by", "reviewed_by", "granted_by", "invited_by", "approved_by", "subject_id",
    "owner_id", "author_id", "viewer_id", "voter_id", "holder_id",
)  # fmt: skip
# Columns that need no entry, and why.
COVERED_OTHERWISE = {
    # Their rows are listed by their account.
    ("sign_ins", "profile_id"), ("playback_sessions", "profile_id"),
    ("authorization_codes", "profile_id"), ("device_codes", "profile_id"),
    ("chat_messages", "profile_id"), ("chat_moderators", "profile_id"), ("questions", "profile_id"),
    # It names a poll or a product.
    ("moments", "subject_id"),
    # They name the sign-in that approved, of the same account.
    ("authorization_codes", "approved_by"), ("device_codes", "approved_by"),
}  # fmt: skip


def test_every_column_that_names_a_person_is_exported_and_erased() -> None:
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        importlib.import_module(module.name)
    found = {(table.name, column) for table in metadata.sorted_tables for column in personal_columns(table, MARKS)}
    listed = {(data.table, data.column) for data in PERSONAL}
    assert found - COVERED_OTHERWISE == listed - {("accounts", "id")}


def test_no_column_is_listed_twice_and_what_is_kept_says_why() -> None:
    assert len({(data.table, data.column) for data in PERSONAL}) == len(PERSONAL)
    assert all(bool(data.why) is (data.fate is Fate.KEPT) for data in PERSONAL)
    for data in PERSONAL:
        assert set(data.shown or ()) <= set(metadata.tables[data.table].c.keys()), data.table
