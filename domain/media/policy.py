"""Who may do what to films and pictures."""

from enum import StrEnum

from domain.accounts import Policy, Role


class MediaAct(StrEnum):
    """What is done to media, besides watching."""

    UPLOAD = "upload files"
    TRANSCODE = "turn files into what plays"
    IMPORT_TITLES = "import titles"
    SEE_ALL = "see everybody's files"


MEDIA = Policy(
    {
        MediaAct.UPLOAD: frozenset({Role.EDITOR}),
        MediaAct.TRANSCODE: frozenset({Role.EDITOR}),
        MediaAct.IMPORT_TITLES: frozenset({Role.EDITOR}),
        MediaAct.SEE_ALL: frozenset({Role.ADMINISTRATOR}),
    }
)
