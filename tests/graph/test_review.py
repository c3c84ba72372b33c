"""Revisions, scheduling and the audit log, through the whole application."""

from datetime import timedelta
from typing import Any

import pytest

from domain.catalog.review import run_due_change
from graph.global_ids import Kind, global_id
from tests.graph.asking import change
from tests.graph_scene import GraphScene, Person

REVISION = "revision { id state version author reviewer comment changes { field language before after } title { id } }"
PROBLEMS = """... on StaleVersion { expected actual } ... on RevisionStateRefused { state }
  ... on RevisionConflicts { fields }"""
CREATE = change("createRevision", "RevisionCreated", REVISION, "... on StaleVersion { actual }")
EDIT = change("editRevision", "RevisionEdited", REVISION, "... on StaleVersion { expected actual }")
SUBMIT = change("submitRevision", "RevisionSubmitted", REVISION, "... on StaleVersion { expected actual }")
APPROVE = change("approveRevision", "RevisionApproved", REVISION, "... on RevisionStateRefused { state }")
REJECT = change("rejectRevision", "RevisionRejected", REVISION)
PUBLISH = change("publishRevision", "RevisionPublished", REVISION + " title { name state }", PROBLEMS)
DISCARD = change("discardRevision", "RevisionDiscarded", REVISION)
SCHEDULE = change("scheduleTitle", "TitleScheduled", "scheduledChange { id action at state author }")
CANCEL = change("cancelScheduledChange", "ScheduledChangeCancelled", "scheduledChange { state }")
NAME = "query($id: ID!) { title(id: $id) { name version } }"
GERMAN = {"texts": [{"language": "de", "name": "Spielfilm", "synopsis": "Gut."}], "releaseYear": 2001}


async def write(scene: GraphScene, author: Person, title_id: str, draft: dict[str, Any] = GERMAN) -> dict[str, Any]:
    version = (await scene.data(NAME, {"id": title_id}, by=author))["title"]["version"]
    values = {"titleId": title_id, "expectedVersion": version, "draft": draft}
    revision: dict[str, Any] = (await scene.data(CREATE, {"input": values}, by=author))["createRevision"]["revision"]
    return revision


async def step(scene: GraphScene, operation: str, by: Person, revision: dict[str, Any], **more: Any) -> dict[str, Any]:
    values = {"revisionId": revision["id"], "expectedVersion": revision["version"], **more}
    (answer,) = (await scene.data(operation, {"input": values}, by=by)).values()
    found: dict[str, Any] = answer
    return found


async def approved(scene: GraphScene, author: Person, reviewer: Person, title_id: str) -> dict[str, Any]:
    revision = await write(scene, author, title_id)
    submitted = await step(scene, SUBMIT, author, revision)
    answer = await step(scene, APPROVE, reviewer, submitted["revision"], comment="Good.")
    done: dict[str, Any] = answer["revision"]
    return done


async def test_a_revision_is_written_reviewed_and_published(scene: GraphScene) -> None:
    author, reviewer, film = await scene.editor(), await scene.editor(), await scene.playable()
    id = global_id(Kind.TITLE, film.title_id)
    revision = await approved(scene, author, reviewer, id)
    assert revision == {
        "id": revision["id"], "state": "APPROVED", "version": 3, "author": "Ada", "reviewer": "Ada",
        "comment": "Good.", "title": {"id": id},
        "changes": [
            {"field": "NAME", "language": "de", "before": None, "after": "Spielfilm"},
            {"field": "RELEASE_YEAR", "language": None, "before": revision["changes"][1]["before"], "after": "2001"},
            {"field": "SYNOPSIS", "language": "de", "before": None, "after": "Gut."},
        ],
    }  # fmt: skip
    german = {"accept-language": "de"}
    assert (await scene.ask(NAME, {"id": id}, headers=german))["data"]["title"]["name"] == "Film"
    published = await step(scene, PUBLISH, author, revision)
    assert published["revision"]["state"] == "PUBLISHED"
    assert (await scene.ask(NAME, {"id": id}, headers=german))["data"]["title"]["name"] == "Spielfilm"
    again = await step(scene, PUBLISH, author, published["revision"])
    assert (again["code"], again["state"]) == ("REVISION_STATE_REFUSED", "PUBLISHED")


async def test_a_reviewer_is_another_and_a_rejection_says_why(scene: GraphScene) -> None:
    author, reviewer, film = await scene.editor(), await scene.editor(), await scene.playable()
    revision = await write(scene, author, global_id(Kind.TITLE, film.title_id))
    submitted = (await step(scene, SUBMIT, author, revision))["revision"]
    assert (await step(scene, APPROVE, author, submitted))["code"] == "OWN_REVISION"
    assert (await step(scene, REJECT, reviewer, submitted, comment=""))["code"] == "INVALID_INPUT"
    rejected = (await step(scene, REJECT, reviewer, submitted, comment="A typo."))["revision"]
    assert (rejected["state"], rejected["comment"]) == ("REJECTED", "A typo.")
    stale = await step(scene, EDIT, author, revision, draft=GERMAN)
    assert (stale["code"], stale["expected"], stale["actual"]) == ("STALE_VERSION", 1, 3)
    edited = (await step(scene, EDIT, author, rejected, draft={"maturityAge": 16}))["revision"]
    assert edited["changes"] == [{"field": "MATURITY_AGE", "language": None, "before": "0", "after": "16"}]
    assert (await step(scene, DISCARD, author, edited))["revision"]["state"] == "DISCARDED"


async def test_viewers_see_neither_revisions_nor_plans_nor_the_log(scene: GraphScene) -> None:
    author, film, viewer = await scene.editor(), await scene.playable(), await scene.person()
    id = global_id(Kind.TITLE, film.title_id)
    revision = await write(scene, author, id)
    query = """query($id: ID!, $node: ID!) {
      title(id: $id) { revisions { id } scheduledChanges { id } } node(id: $node) { id } }"""
    variables = {"id": id, "node": revision["id"]}
    assert await scene.data(query, variables, by=viewer) == {
        "title": {"revisions": [], "scheduledChanges": []},
        "node": None,
    }
    assert (await scene.data(query, variables, by=author))["title"]["revisions"] == [{"id": revision["id"]}]
    for field in ("revisions(first: 1) { nodes { id } }", "auditLog(first: 1) { nodes { at } }"):
        answer = await scene.ask(f"{{ {field} }}", by=viewer)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    refused = await scene.data(SUBMIT, {"input": {"revisionId": revision["id"], "expectedVersion": 1}}, by=viewer)
    assert refused["submitRevision"]["code"] == "FORBIDDEN"


async def test_the_queue_of_reviews_is_listed_by_state(fresh_scene: GraphScene) -> None:
    scene = fresh_scene
    author = await scene.editor()
    id = global_id(Kind.TITLE, await scene.draft(author))
    waiting = (await step(scene, SUBMIT, author, await write(scene, author, id)))["revision"]
    await write(scene, author, id, {"maturityAge": 18})
    query = "query($state: RevisionState) { revisions(state: $state, first: 5) { nodes { id state } } }"
    listed = await scene.data(query, {"state": "IN_REVIEW"}, by=author)
    assert listed["revisions"]["nodes"] == [{"id": waiting["id"], "state": "IN_REVIEW"}]
    assert len((await scene.data(query, {}, by=author))["revisions"]["nodes"]) == 2


async def test_publications_and_take_downs_are_scheduled_seen_and_called_off(scene: GraphScene) -> None:
    editor, film = await scene.editor(), await scene.playable()
    id = global_id(Kind.TITLE, film.title_id)
    now = scene.clock()

    async def schedule(action: str, **ahead: float) -> dict[str, Any]:
        at = (now + timedelta(**ahead)).isoformat()
        answer = await scene.data(SCHEDULE, {"input": {"titleId": id, "action": action, "at": at}}, by=editor)
        found: dict[str, Any] = answer["scheduleTitle"]
        return found

    assert (await schedule("WITHDRAW", hours=-1))["code"] == "INVALID_INPUT"
    assert (await schedule("PUBLISH_REVISION", hours=1))["code"] == "INVALID_INPUT"
    withdrawal = (await schedule("WITHDRAW", hours=1))["scheduledChange"]
    assert (withdrawal["action"], withdrawal["state"], withdrawal["author"]) == ("WITHDRAW", "PENDING", "Ada")
    publication = (await schedule("PUBLISH", hours=2))["scheduledChange"]
    called_off = await scene.data(CANCEL, {"input": {"scheduledChangeId": publication["id"]}}, by=editor)
    assert called_off["cancelScheduledChange"]["scheduledChange"] == {"state": "CANCELLED"}
    scene.clock.advance(3601)
    async with scene.runtime.work() as work:
        assert await run_due_change(work) is not None
    scene.clock.advance(-3601)
    assert (await scene.data(NAME, {"id": id}))["title"] is None
    query = "query($id: ID!) { title(id: $id) { scheduledChanges { action state failure revision { id } } } }"
    assert (await scene.data(query, {"id": id}, by=editor))["title"]["scheduledChanges"] == [
        {"action": "PUBLISH", "state": "CANCELLED", "failure": None, "revision": None},
        {"action": "WITHDRAW", "state": "DONE", "failure": None, "revision": None},
    ]


async def test_the_audit_log_tells_who_changed_what(scene: GraphScene) -> None:
    editor = await scene.editor()
    id = global_id(Kind.TITLE, await scene.draft(editor))
    values = {"titleId": id, "language": "en", "name": "Movie", "synopsis": "", "expectedVersion": 1}
    await scene.data(change("describeTitle", "TitleDescribed", "title { id }"), {"input": values}, by=editor)
    query = """query($id: ID!) { auditLog(titleId: $id, first: 2) { nodes {
      editor action subject operation titleId changes { field before after }
    } } }"""
    assert (await scene.data(query, {"id": id}, by=editor))["auditLog"]["nodes"] == [
        {
            "editor": "Ada", "action": "describeTitle", "subject": "titleTexts", "operation": "CHANGED", "titleId": id,
            "changes": [{"field": "name", "before": "Test", "after": "Movie"}],
        },
        {
            "editor": "Ada", "action": "describeTitle", "subject": "titles", "operation": "CHANGED", "titleId": id,
            "changes": [{"field": "version", "before": "1", "after": "2"}],
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    "draft",
    [{}, {"texts": [{"language": "xx-!", "name": "x"}]}, {"maturityAge": 99}, {"texts": [{"language": "en"}]}],
)
async def test_a_draft_that_cannot_be_is_refused(scene: GraphScene, draft: dict[str, Any]) -> None:
    editor = await scene.editor()
    id = global_id(Kind.TITLE, await scene.draft(editor))
    values = {"titleId": id, "expectedVersion": 1, "draft": draft}
    answer = (await scene.data(CREATE, {"input": values}, by=editor))["createRevision"]
    assert answer["code"] in ("INVALID_INPUT", "NOTHING_CHANGED")
    assert (await scene.data("query($id: ID!) { title(id: $id) { revisions { id } } }", {"id": id}, by=editor)) == {
        "title": {"revisions": []}
    }
