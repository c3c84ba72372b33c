"""The hub: one execution for all who follow the same thing, encoded once, the same bytes written to each.

Hub            finds what is followed already, or begins it; asks the gates again from time to time
Broadcast      one thing that is followed: its frames, its newest states, and its members
Tail           the end of one topic's log, read once for all broadcasts of the process
Frame, Member  what is told, and who is
"""

from graph.transports.hub.frames import Frame, Member
from graph.transports.hub.hub import Following, Hub, NotAdmitted

__all__ = ["Following", "Frame", "Hub", "Member", "NotAdmitted"]
