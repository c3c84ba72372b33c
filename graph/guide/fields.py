"""The root fields of guides. Titles have fields that lead to schedules, so the package itself imports nothing."""

from graph.guide import listings
from graph.guide.editing import change_slot, link_channel, place_slot, remove_slot

QUERIES = [listings.listings_imports]
MUTATIONS = [place_slot, change_slot, remove_slot, link_channel, listings.import_listings]
