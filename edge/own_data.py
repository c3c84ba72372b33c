"""The door of exports of one's own data.

    GET /account/exports/{token}

The link works for the account that it is of, signed in, until the export expires. To everybody else there is nothing.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.accounts.exporting import export_behind, object_key
from domain.kernel.refusals import Refusal
from domain.runtime import Runtime
from edge.identity import viewer_of
from edge.problem_responses import problem_response


async def _export(request: Request) -> Response:
    runtime: Runtime = request.app.state.runtime
    try:
        viewer = await viewer_of(request)
        async with runtime.work() as work:
            export, keyring = await export_behind(
                work, viewer=viewer, keyring=runtime.keyring, token=request.path_params["token"]
            )
        sealed = await runtime.objects.get(object_key(export))
    except Refusal as refusal:
        return problem_response(refusal)
    headers = {
        "Content-Disposition": 'attachment; filename="marquee-data.json"',
        "Cache-Control": "private, no-store",
    }
    return Response(keyring.unseal(sealed, context=export.id.bytes), headers=headers, media_type="application/json")


routes = [Route("/account/exports/{token}", _export, methods=["GET"])]
