"""Programme guides: what channels show when, placed by editors and imported from XMLTV listings.

A channel is a title of the kind CHANNEL. Its slots never overlap, which the database holds.
"""

from domain.guide.browsing import listings_ids, now_and_next, schedules_of, slot_texts, slot_translations, slots_by_id
from domain.guide.editing import change_slot, link_channel, place_slot, remove_slot
from domain.guide.facts import GUIDE_TOPIC, ScheduleChanged
from domain.guide.importing import (
    import_listings,
    imports_by_id,
    list_imports,
    problems_of,
    prune_imports,
    prune_slots,
)
from domain.guide.listing_problems import FileFailure, ProblemReason
from domain.guide.listings_import import Counts, ImportState, ListingsImport, ProgrammeProblem, TooManyImports
from domain.guide.slot import (
    ListingsIdTaken,
    NotAChannel,
    NowAndNext,
    Programme,
    Slot,
    SlotId,
    SlotOrigin,
    SlotOverlaps,
    SlotText,
)

__all__ = [
    "GUIDE_TOPIC",
    "Counts",
    "FileFailure",
    "ImportState",
    "ListingsIdTaken",
    "ListingsImport",
    "NotAChannel",
    "NowAndNext",
    "ProblemReason",
    "Programme",
    "ProgrammeProblem",
    "ScheduleChanged",
    "Slot",
    "SlotId",
    "SlotOrigin",
    "SlotOverlaps",
    "SlotText",
    "TooManyImports",
    "change_slot",
    "import_listings",
    "imports_by_id",
    "link_channel",
    "list_imports",
    "listings_ids",
    "now_and_next",
    "place_slot",
    "problems_of",
    "prune_imports",
    "prune_slots",
    "remove_slot",
    "schedules_of",
    "slot_texts",
    "slot_translations",
    "slots_by_id",
]
