"""Classes of devices as an enum of the graph. Whoever declares a field of them imports them from here."""

from domain.accounts import DeviceClass
from graph.enums import described

described(
    DeviceClass,
    description="What sort of device somebody watches on.",
    values={
        DeviceClass.WEB: "A browser.",
        DeviceClass.MOBILE: "A phone or tablet.",
        DeviceClass.TV: "A television, or a box beside it.",
        DeviceClass.CONSOLE: "A game console.",
    },
)

__all__ = ["DeviceClass"]
