"""Uploads and assets, through the whole application."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.media.asset import AssetState
from domain.media.source import UnplayableReason
from graph.global_ids import Kind, global_id
from graph.media import AssetRejectionReason
from tests.graph.asking import change
from tests.graph_scene import GraphScene, Person
from workers.probing import SUBTITLES_UNREADABLE

UPLOAD = "upload { id state url fileName mediaType sizeBytes offsetBytes createdAt expiresAt }"
CREATE_UPLOAD = change(
    "createUpload",
    "UploadCreated",
    UPLOAD,
    "... on InvalidInput { field } ... on UploadTooLarge { maxSizeBytes } ... on TooManyUploads { openMax }",
)
TERMINATE = change("terminateUpload", "UploadTerminated", "upload { state }", "... on UploadEnded { state }")
ASSET = """asset {
  id state rejection { reason detail } durationSeconds width height hdr readyAt tracks { label }
  title { id } progress { assetId state fraction chunksDone chunksTotal speed remainingSeconds message }
}"""
CREATE_ASSET = change(
    "createAsset",
    "AssetCreated",
    ASSET,
    "... on UploadNotComplete { uploadId state } ... on AssetInProgress { assetId } ... on InvalidInput { field }",
)
CANCEL = change("cancelAsset", "AssetCancelled", "asset { id state }", "... on AssetSettled { state }")
RETRY = change("retryAsset", "AssetRetried", "asset { id state }", "... on AssetNotFailed { state }")
UPLOADS = "{ uploads(first: 10) { nodes { id state } edges { cursor } pageInfo { hasNextPage } } }"


async def begin(scene: GraphScene, editor: Person) -> dict[str, Any]:
    """Begin an asset of a new upload for a new title, and return the input."""
    return {
        "uploadId": global_id(Kind.UPLOAD, await scene.upload(editor)),
        "titleId": global_id(Kind.TITLE, await scene.draft(editor)),
        "idempotencyKey": uuid4().hex,
    }


async def test_an_upload_is_announced_listed_and_ended(scene: GraphScene) -> None:
    editor = await scene.editor()
    values = {"fileName": "../film.mp4", "mediaType": "video/mp4", "sizeBytes": 5_000_000_000}
    upload = (await scene.data(CREATE_UPLOAD, {"input": values}, by=editor))["createUpload"]["upload"]
    node = await scene.data(
        "query($id: ID!) { node(id: $id) { ... on Upload { url } } }", {"id": upload["id"]}, by=editor
    )
    assert upload.pop("url") == node["node"]["url"]
    assert upload.pop("createdAt") < upload.pop("expiresAt")
    id = upload.pop("id")
    assert upload == {
        "state": "CREATED",
        "fileName": "film.mp4",
        "mediaType": "video/mp4",
        "sizeBytes": 5_000_000_000.0,
        "offsetBytes": 0.0,
    }
    listed = (await scene.data(UPLOADS, by=editor))["uploads"]
    assert listed["nodes"] == [{"id": id, "state": "CREATED"}]
    ended = await scene.data(TERMINATE, {"input": {"uploadId": id}}, by=editor)
    assert ended["terminateUpload"] == {"__typename": "UploadTerminated", "upload": {"state": "TERMINATED"}}
    again = (await scene.data(TERMINATE, {"input": {"uploadId": id}}, by=editor))["terminateUpload"]
    assert (again["code"], again["state"]) == ("UPLOAD_ENDED", "TERMINATED")


async def test_an_upload_is_sent_to_its_address(scene: GraphScene) -> None:
    editor = await scene.editor()
    values = {"fileName": "a.srt", "mediaType": "text/plain", "sizeBytes": 5}
    upload = (await scene.data(CREATE_UPLOAD, {"input": values}, by=editor))["createUpload"]["upload"]
    address = upload["url"].replace(scene.runtime.settings.public_url, scene.url)
    tus = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    sent = await scene.client.patch(address, content=b"hello", headers={**tus, **editor.headers})
    assert sent.status_code == 204
    listed = (await scene.data("{ uploads { nodes { state offsetBytes expiresAt } } }", by=editor))["uploads"]
    (whole,) = listed["nodes"]
    assert (whole["state"], whole["offsetBytes"]) == ("COMPLETE", 5.0)
    unused_for = datetime.fromisoformat(whole["expiresAt"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < unused_for <= timedelta(days=7)


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"sizeBytes": 0}, "INVALID_INPUT", "sizeBytes"),
        ({"sizeBytes": -1}, "INVALID_INPUT", "sizeBytes"),
        ({"sizeBytes": 1.5}, "INVALID_INPUT", "sizeBytes"),
        ({"sizeBytes": 1e300}, "UPLOAD_TOO_LARGE", None),
        ({"mediaType": "text/html"}, "INVALID_INPUT", "mediaType"),
        ({"mediaType": "nonsense"}, "INVALID_INPUT", "mediaType"),
    ],
)
async def test_an_upload_nobody_may_send_is_refused(
    scene: GraphScene, values: dict[str, Any], code: str, field: str | None
) -> None:
    editor, before = await scene.editor(), await scene.count("uploads")
    complete = {"fileName": "film.mp4", "mediaType": "video/mp4", "sizeBytes": 10, **values}
    refused = (await scene.data(CREATE_UPLOAD, {"input": complete}, by=editor))["createUpload"]
    assert (refused["code"], refused.get("field")) == (code, field)
    assert await scene.count("uploads") == before


async def test_uploads_are_listed_for_editors_only(scene: GraphScene) -> None:
    for by, code in ((None, "SIGN_IN_REQUIRED"), (await scene.person(), "FORBIDDEN")):
        answer = await scene.ask(UPLOADS, by=by)
        assert (answer["data"], answer["errors"][0]["extensions"]["code"]) == (None, code)


async def test_a_complete_upload_becomes_an_asset_once(scene: GraphScene) -> None:
    editor = await scene.editor()
    values = await begin(scene, editor)
    values["subtitles"] = [{"uploadId": global_id(Kind.UPLOAD, await scene.upload(editor)), "language": "fr"}]
    values["audio"] = [{"uploadId": global_id(Kind.UPLOAD, await scene.upload(editor)), "language": "de"}]
    before = await scene.count("assets")
    asset = (await scene.data(CREATE_ASSET, {"input": values}, by=editor))["createAsset"]["asset"]
    repeated = (await scene.data(CREATE_ASSET, {"input": values}, by=editor))["createAsset"]["asset"]
    assert repeated == asset
    assert await scene.count("assets") == before + 1
    assert asset["title"] == {"id": values["titleId"]}
    assert asset["progress"] == {
        "assetId": asset["id"],
        "state": "PROBING",
        "fraction": 0.0,
        "chunksDone": 0,
        "chunksTotal": 0,
        "speed": None,
        "remainingSeconds": None,
        "message": "Looking at the source",
    }
    changed = (await scene.data(CREATE_ASSET, {"input": {**values, "priority": 5}}, by=editor))["createAsset"]
    assert changed["code"] == "IDEMPOTENCY_KEY_REUSED"
    twin = {**values, "idempotencyKey": uuid4().hex}
    refused = (await scene.data(CREATE_ASSET, {"input": twin}, by=editor))["createAsset"]
    assert (refused["code"], refused["assetId"]) == ("ASSET_IN_PROGRESS", asset["id"])


async def test_an_unfinished_upload_becomes_no_asset(scene: GraphScene) -> None:
    editor = await scene.editor()
    announced = {"fileName": "a.mp4", "mediaType": "video/mp4", "sizeBytes": 9}
    upload = (await scene.data(CREATE_UPLOAD, {"input": announced}, by=editor))["createUpload"]["upload"]
    values = {**await begin(scene, editor), "uploadId": upload["id"]}
    refused = (await scene.data(CREATE_ASSET, {"input": values}, by=editor))["createAsset"]
    assert (refused["code"], refused["uploadId"], refused["state"]) == ("UPLOAD_NOT_COMPLETE", upload["id"], "CREATED")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"priority": 11}, "priority"),
        ({"idempotencyKey": "short"}, "idempotencyKey"),
        ({"idempotencyKey": "x" * 129}, "idempotencyKey"),
        ({"subtitles": [{"uploadId": "U", "language": "?"}]}, None),
    ],
)
async def test_an_asset_of_bad_values_is_refused(scene: GraphScene, values: dict[str, Any], field: str | None) -> None:
    editor = await scene.editor()
    before = await scene.count("assets")
    complete = {**await begin(scene, editor), **values}
    refused = (await scene.data(CREATE_ASSET, {"input": complete}, by=editor))["createAsset"]
    assert refused["code"] == ("NOT_FOUND" if field is None else "INVALID_INPUT")
    assert refused.get("field") == field
    assert await scene.count("assets") == before


async def test_an_asset_is_called_off_and_only_a_failed_one_is_tried_again(scene: GraphScene) -> None:
    editor = await scene.editor()
    made = (await scene.data(CREATE_ASSET, {"input": await begin(scene, editor)}, by=editor))["createAsset"]["asset"]
    asked = {"input": {"assetId": made["id"]}}
    early = (await scene.data(RETRY, asked, by=editor))["retryAsset"]
    assert (early["code"], early["state"]) == ("ASSET_NOT_FAILED", "PROBING")
    cancelled = (await scene.data(CANCEL, asked, by=editor))["cancelAsset"]
    assert cancelled["asset"] == {"id": made["id"], "state": "CANCELLED"}
    late = (await scene.data(CANCEL, asked, by=editor))["cancelAsset"]
    assert (late["code"], late["state"]) == ("ASSET_SETTLED", "CANCELLED")


async def test_a_failed_asset_is_tried_again(scene: GraphScene) -> None:
    from graph.global_ids import parse_global_id

    editor = await scene.editor()
    made = (await scene.data(CREATE_ASSET, {"input": await begin(scene, editor)}, by=editor))["createAsset"]["asset"]
    parsed = parse_global_id(made["id"])
    assert parsed is not None
    await scene.set_asset(parsed[1], AssetState.FAILED, failure="the encoder broke")
    retried = (await scene.data(RETRY, {"input": {"assetId": made["id"]}}, by=editor))["retryAsset"]
    assert retried["asset"] == {"id": made["id"], "state": "PROBING"}


async def test_a_rejected_asset_says_why(scene: GraphScene) -> None:
    from graph.global_ids import parse_global_id

    editor = await scene.editor()
    made = (await scene.data(CREATE_ASSET, {"input": await begin(scene, editor)}, by=editor))["createAsset"]["asset"]
    parsed = parse_global_id(made["id"])
    assert parsed is not None
    await scene.set_asset(
        parsed[1], AssetState.REJECTED, rejection_reason="TOO_LARGE_PICTURE", rejection_detail="16384 × 16384"
    )
    shown = await scene.data(
        "query($id: ID!) { asset(id: $id) { state rejection { reason detail } } }", {"id": made["id"]}, by=editor
    )
    assert shown["asset"] == {
        "state": "REJECTED",
        "rejection": {"reason": "PICTURE_TOO_LARGE", "detail": "16384 × 16384"},
    }


def test_every_reason_of_the_engine_has_a_name_in_the_graph() -> None:
    assert {reason.value for reason in AssetRejectionReason} == {*UnplayableReason, SUBTITLES_UNREADABLE}
