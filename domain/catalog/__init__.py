"""The catalog: what there is to watch, described in several languages, and where and when it may be shown.

Editors write it, viewers find what is published and open for their audience; who may find what is decided in one place,
`store.scoped`.
"""

from domain.catalog.audience import Audience, audience_of
from domain.catalog.belonging import TitlesOf
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
    PartTaken,
    create_title,
    describe_title,
    place_title,
    publish_title,
    withdraw_title,
)
from domain.catalog.facts import (
    CATALOG_TOPIC,
    CollectionChanged,
    PersonChanged,
    TagChanged,
    TitleChanged,
    TitlePublished,
    TitleWithdrawn,
)
from domain.catalog.lists import next_episodes, titles_of
from domain.catalog.named import Collection, Name, Named, Person, SlugTaken, Tag
from domain.catalog.rights import RightOverlaps, grant_right, revoke_right
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
    "Audience",
    "Collection",
    "CollectionChanged",
    "Name",
    "Named",
    "PartTaken",
    "Person",
    "PersonChanged",
    "Right",
    "RightId",
    "RightOverlaps",
    "SlugTaken",
    "Tag",
    "TagChanged",
    "Title",
    "TitleChanged",
    "TitleId",
    "TitleKind",
    "TitlePublished",
    "TitleState",
    "TitleText",
    "TitleWithdrawn",
    "TitlesOf",
    "audience_of",
    "best_text",
    "create_title",
    "describe_title",
    "grant_right",
    "language_tag",
    "list_titles",
    "next_episodes",
    "place_title",
    "publish_title",
    "revoke_right",
    "rights_by_id",
    "rights_of",
    "texts_of",
    "title_facts",
    "titles_by_id",
    "titles_of",
    "translations_of",
    "visible_titles",
    "withdraw_title",
]
