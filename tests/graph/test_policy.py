"""Who may do and see what: every field of the schema, asked by somebody of every role, against a table that is kept.

    yes   it is answered        no   it is refused        -   it is answered with nothing

After a change of the schema or of a policy, `POLICY_TABLE=write` writes the table anew; then read what has changed.
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type, is_object_type, is_required_argument

from tests.graph.policy_scene import ACTORS, PolicyScene, make_policy_scene
from tests.graph.test_sse import stream
from tests.graph.test_strangers import MUTATIONS, SCHEMA, filled, operation
from tests.graph_scene import GraphScene

TABLE = Path(__file__).parent / "policy_table.csv"
REFUSED = {"SIGN_IN_REQUIRED", "FORBIDDEN"}
# How each field of the query is asked for: by what things.
ROOTS = {
    "title": ('title(id: "{title}")', 'title(id: "{draft}")'),
    "asset": ('asset(id: "{asset}")', 'asset(id: "{ownAsset}")'),
    "node": ('node(id: "{homeRow}")',),
    "person": ('person(id: "x")',),
    "tag": ('tag(slug: "nature")',),
    "collection": ('collection(slug: "computed-worlds")',),
    "search": ('search(text: "film")',),
    "suggestions": ('suggestions(text: "film")',),
    "explainPlayback": ('explainPlayback(input: {{titleId: "{title}"}})',),
    "titleImport": ('titleImport(id: "x")',),
    "liveStream": ('liveStream(id: "{stream}")',),
    "liveStreamOf": ('liveStreamOf(titleId: "{show}")',),
    "webhookEndpoints": ('webhookEndpoints(titleId: "{show}")',),
    "webhookDeliveries": ('webhookDeliveries(webhookEndpointId: "{webhookEndpoint}")',),
    "chatHistory": ('chatHistory(streamId: "{stream}")',),
    "chatModeration": ('chatModeration(streamId: "{stream}")',),
    "questions": ('questions(streamId: "{stream}")', 'questions(streamId: "{stream}", states: [PENDING])'),
    "ownQuestions": ('ownQuestions(streamId: "{stream}")',),
    "streamsOfTitle": ('streamsOfTitle(titleId: "{show}")',),
    "poll": ('poll(id: "{poll}")',),
    "ownVote": ('ownVote(pollId: "{poll}")',),
    "pollVotes": ('pollVotes(pollId: "{poll}")',),
    "hostPolls": ('hostPolls(streamId: "{stream}")',),
    "leaderboard": ('leaderboard(streamId: "{stream}")',),
    "runOfShow": ('runOfShow(streamId: "{stream}")',),
    "moments": ('moments(streamId: "{stream}")',),
    "momentsOnDemand": ('momentsOnDemand(recording: {{streamId: "{stream}"}}, fromSeconds: 0, toSeconds: 9000)',),
    "ownStanding": ('ownStanding(streamId: "{stream}")',),
}
# What each subscription is asked for: an editor's own, so that nobody else may follow it but administrators.
SUBSCRIBED = {
    "transcodeProgress": 'assetId: "{ownAsset}"', "importProgress": 'titleImportId: "{ownImport}"',
    "streamEvents": 'streamId: "{stream}"', "pollTally": 'pollId: "{poll}"',
    "leaderboardChanges": 'streamId: "{stream}"', "chat": 'streamId: "{stream}"',
    "topQuestions": 'streamId: "{stream}"',
}  # fmt: skip
DEPTH_MAX, WAYS_MAX = 4, 4
# Types that a query leads to and of which nothing is made here: what workers, authenticators and players make, and
# what stands below things that are asked for themselves. Grow this list only with a reason.
UNSEEN = {
    "Artwork", "AssetRejection", "Chapter", "Export", "Extra", "ImportProblem", "ImportProblemEdge", "ListingsImport",
    "ListingsImportEdge", "ListingsProblem", "Passkey", "ResumePoint", "Revision", "RevisionChange", "RevisionEdge",
    "ScheduleSlot", "ScheduledChange", "SearchFacetValue", "SearchSuggestion", "SlotText", "WebhookAttempt",
    "WebhookDelivery", "WebhookDeliveryEdge",
}  # fmt: skip
# What `node` is asked for: the types that nothing else leads to.
NODES = {"HomeRow"}
# An operation may hold forty aliases.
FIELDS_AT_ONCE = 30

pytestmark = pytest.mark.compiled_only


def asked(name: str, field: GraphQLField, ids: dict[str, str]) -> list[str]:
    if name in ROOTS:
        return [text.format(**ids) for text in ROOTS[name]]
    assert not any(is_required_argument(one) for one in field.args.values()), f"say in ROOTS how to ask for {name}"
    return [name]


def places(ids: dict[str, str]) -> Iterator[tuple[GraphQLObjectType, list[str]]]:
    """Every object type that a query reaches, by the shortest ways to it."""
    assert SCHEMA.query_type is not None
    found: dict[str, list[list[str]]] = {}
    waiting: list[tuple[GraphQLObjectType, list[str]]] = []
    for name, field in SCHEMA.query_type.fields.items():
        for text in asked(name, field, ids):
            waiting += [(type_, [text]) for type_ in possible(field) if name != "node" or type_.name in NODES]
    while waiting:
        type_, path = waiting.pop(0)
        ways = found.setdefault(type_.name, [])
        if len(ways) >= WAYS_MAX or len(path) > DEPTH_MAX:
            continue
        ways.append(path)
        yield type_, path
        for name, field in type_.fields.items():
            if any(is_required_argument(one) for one in field.args.values()):
                continue
            waiting += [(below, [*path, f"... on {type_.name} {{ {name}"]) for below in possible(field)]


def possible(field: GraphQLField) -> list[GraphQLObjectType]:
    named = get_named_type(field.type)
    if is_leaf_type(named):
        return []
    return [named] if is_object_type(named) else list(SCHEMA.get_possible_types(named))


def questions(type_: GraphQLObjectType, path: list[str]) -> Iterator[str]:
    fields = []
    for name, field in type_.fields.items():
        if any(is_required_argument(one) for one in field.args.values()):
            continue
        below = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
        fields.append(f"{type_.name}_{name}: {name}{below}")
    opened = "{ " + " { ".join(path) + " { ... on " + type_.name + " { "
    for begun in range(0, len(fields), FIELDS_AT_ONCE):
        asked = " ".join(fields[begun : begun + FIELDS_AT_ONCE])
        yield opened + asked + " }" * (opened.count("{") - opened.count("}"))


def seen(data: Any, prefix: str) -> Iterator[tuple[str, bool]]:
    """The fields of one type anywhere in an answer, and whether there is something in them."""
    if isinstance(data, list):
        for item in data:
            yield from seen(item, prefix)
    elif isinstance(data, dict):
        for name, value in data.items():
            if name.startswith(prefix):
                yield name.removeprefix(prefix), value is not None and value != []
            else:
                yield from seen(value, prefix)


async def fields_for(people: PolicyScene, actor: str) -> dict[str, str]:
    shown: dict[str, str] = {}
    for type_, path in places(people.ids):
        for text in questions(type_, path):
            answer = await people.scene.ask(text, by=people.people[actor])
            assert "data" in answer, answer
            for name, there in seen(answer["data"], f"{type_.name}_"):
                if there:
                    shown[f"{type_.name}.{name}"] = "yes"
                else:
                    shown.setdefault(f"{type_.name}.{name}", "-")
    return shown


async def roots_for(people: PolicyScene, actor: str) -> dict[str, str]:
    assert SCHEMA.query_type is not None
    answers = {}
    for name, field in SCHEMA.query_type.fields.items():
        codes = [await code_of(people, actor, field, text) for text in asked(name, field, people.ids)]
        answers[f"Query.{name}"] = "no" if REFUSED.intersection(codes) else "yes"
    return answers


async def code_of(people: PolicyScene, actor: str, field: GraphQLField, text: str) -> str | None:
    """What a field of the query is refused with, by an error or by a problem as its value."""
    may_refuse = any(face.name == "Problem" for one in possible(field) for face in one.interfaces)
    below = "{ __typename ... on Problem { code } }" if may_refuse else "{ __typename }"
    answer = await people.scene.ask(f"{{ it: {text} {below} }}", by=people.people[actor])
    for error in answer.get("errors", ()):
        return str(error["extensions"]["code"])
    value = answer["data"]["it"]
    return value.get("code") if isinstance(value, dict) else None


async def subscriptions_for(people: PolicyScene, actor: str) -> dict[str, str]:
    assert SCHEMA.subscription_type is not None
    answers = {}
    for name in SCHEMA.subscription_type.fields:
        query = f"subscription {{ {name}({SUBSCRIBED[name].format(**people.ids)}) {{ __typename }} }}"
        async with stream(people.scene, query, {}, by=people.people[actor]) as events:
            _, first = await anext(events)
        answers[f"Subscription.{name}"] = "no" if "errors" in first else "yes"
    return answers


async def mutations_for(people: PolicyScene, actor: str) -> dict[str, str]:
    answers = {}
    for name in sorted(MUTATIONS):
        answer = await people.scene.data(operation(name), {"input": filled(name)}, by=people.people[actor])
        answers[f"Mutation.{name}"] = "no" if answer[name].get("code") in REFUSED else "yes"
    return answers


async def test_everybody_may_do_and_see_what_the_table_says(fresh_scene: GraphScene) -> None:
    people, columns = await make_policy_scene(fresh_scene), {}
    for actor in ACTORS:
        columns[actor] = {
            **await roots_for(people, actor),
            **await fields_for(people, actor),
            **await subscriptions_for(people, actor),
            **await mutations_for(people, actor),
        }
    names = sorted({name for column in columns.values() for name in column})
    # Problems are what a field is refused with; that is asked of the fields themselves.
    problems = {type_.name for type_ in SCHEMA.get_possible_types(SCHEMA.type_map["Problem"])}
    led_to = {type_.name for type_, _ in places(people.ids)} - problems
    assert led_to - {name.partition(".")[0] for name in names} == UNSEEN
    rows = [[name, *(columns[actor].get(name, "") for actor in ACTORS)] for name in names]
    if os.environ.get("POLICY_TABLE") == "write":
        with TABLE.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([["field", *ACTORS], *rows])
    with TABLE.open(newline="") as file:
        assert list(csv.reader(file)) == [["field", *ACTORS], *rows]
