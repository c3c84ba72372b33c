"""What happens in a stream, as server-sent events for whoever has a link to its overlay.

GET /overlay/events?token=…    the events of `streamEvents`, until the link runs out; 403 when it is no good
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.live.overlay import OverlayRefused, read_token
from domain.runtime import Runtime
from edge.problem_responses import problem_response
from graph.admission import Admission, Admitted
from graph.answering import GraphQLRequest
from graph.context import Caller
from graph.global_ids import Kind, global_id
from graph.transports.requests import address_of
from graph.transports.sse import SharedEventStream
from graph.transports.streams import TooManyStreams

EVENTS = """
subscription Overlay($streamId: ID!) {
  streamEvents(streamId: $streamId) {
    __typename
    ... on StreamSnapshot {
      stream {
        id name state titleId viewers version
        polls { ...PollParts } moments { ...MomentParts } reactions { emojis }
      }
    }
    ... on StreamUpdate { stream { id name state titleId viewers version } }
    ... on ViewerCount { viewers }
    ... on PollUpdate { pollId poll { ...PollParts } }
    ... on TallyUpdate { pollId tally { ...TallyParts } }
    ... on ReactionRates { rates { emoji perSecond } }
    ... on MomentAnnounced { moment { ...MomentParts } }
    ... on MomentRevoked { momentId }
  }
}
fragment TallyParts on PollTally { voters average options { optionId votes } }
fragment PollParts on Poll {
  id kind state question options { id label isRight image(width: 320) { url } } minChoices maxChoices points reveal
  allowsChange opensAt locksAt finalAt isCancelled tally { ...TallyParts } version
}
fragment MomentParts on Moment { id kind presentAt until pollId text }
"""


async def events(request: Request) -> Response:
    """Follow the stream of a link."""
    runtime: Runtime = request.app.state.runtime
    now = runtime.clock()
    try:
        stream_id, expires_at = read_token(runtime.keyring, request.query_params.get("token", ""), now=now)
        request.app.state.streams.check(address_of(request))
    except (OverlayRefused, TooManyStreams) as refusal:
        return problem_response(refusal)
    admission: Admission = request.app.state.http_door.admission
    asked = GraphQLRequest(EVENTS, "Overlay", {"streamId": global_id(Kind.STREAM, stream_id)})
    operation = admission.graph.prepare(asked)
    admitted = Admitted(asked, operation, operation.cost_with(asked.variables), is_named=True, shows_cost=False)
    return SharedEventStream(
        request.app.state.http_door.hub,
        request.app.state.streams,
        admitted,
        Caller(address=address_of(request)),
        request.headers.get("last-event-id"),
        lasts_s=(expires_at - now).total_seconds(),
        is_vouched_for=True,
    )


routes = [Route("/overlay/events", events, methods=["GET"])]
