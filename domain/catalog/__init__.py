"""The catalog: what there is to watch, described in several languages, and where and when it may be shown.

Editors write it, viewers see what is published and open in their territory; who may see what is decided in one place,
`store.scoped`.
"""

from domain.catalog.browsing import (
    list_titles,
    rights_by_id,
    rights_of,
    texts_of,
    title_facts,
    titles_by_id,
    translations_of,
    visible_titles,
)
from domain.catalog.editing import (
    CATALOG_TOPIC,
    RightOverlaps,
    TitleChanged,
    TitlePublished,
    TitleWithdrawn,
    create_title,
    describe_title,
    grant_right,
    publish_title,
    revoke_right,
    withdraw_title,
)
from domain.catalog.title import (
    WORLDWIDE,
    Right,
    RightId,
    Title,
    TitleId,
    TitleKind,
    TitleState,
    TitleText,
    best_text,
    language_tag,
)

__all__ = [
    "CATALOG_TOPIC",
    "WORLDWIDE",
    "Right",
    "RightId",
    "RightOverlaps",
    "Title",
    "TitleChanged",
    "TitleId",
    "TitleKind",
    "TitlePublished",
    "TitleState",
    "TitleText",
    "TitleWithdrawn",
    "best_text",
    "create_title",
    "describe_title",
    "grant_right",
    "language_tag",
    "list_titles",
    "publish_title",
    "revoke_right",
    "rights_by_id",
    "rights_of",
    "texts_of",
    "title_facts",
    "titles_by_id",
    "translations_of",
    "visible_titles",
    "withdraw_title",
]
