"""What decides which titles somebody may find. Whoever keeps lists of titles keeps one for each audience."""

from dataclasses import dataclass

from domain.accounts import DeviceClass, Viewer
from domain.catalog.policy import CATALOG, CatalogAct


@dataclass(frozen=True)
class Audience:
    """Everything that finding titles depends on.

    `territory` and `maturity_limit` are None for strangers: they find what is open worldwide, of every age.
    `sees_all` is for those who work on titles: they find them in every state.
    """

    territory: str | None
    maturity_limit: int | None
    device_class: DeviceClass
    sees_all: bool


STRANGERS = Audience(None, None, DeviceClass.WEB, sees_all=False)


def audience_of(viewer: Viewer | None) -> Audience:
    """Return the audience that a viewer belongs to."""
    if viewer is None:
        return STRANGERS
    return Audience(
        viewer.territory, viewer.maturity_limit, viewer.device_class, CATALOG.permits(viewer, CatalogAct.SEE_EVERYTHING)
    )
