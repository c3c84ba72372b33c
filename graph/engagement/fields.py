"""The root fields of engagement."""

from graph.engagement import (
    chat,
    chat_events,
    chatting,
    hosting,
    points,
    polls,
    question_events,
    questions,
    reacting,
    running,
    votes,
)

QUERIES = [
    polls.poll,
    votes.own_vote,
    hosting.host_polls,
    points.leaderboard,
    points.own_standing,
    *chat.QUERIES,
    *questions.QUERIES,
]
MUTATIONS = [
    hosting.create_poll,
    hosting.update_poll,
    *running.MUTATIONS,
    votes.cast_vote,
    *chatting.MUTATIONS,
    *questions.MUTATIONS,
    *reacting.MUTATIONS,
]
SUBSCRIPTIONS = [
    votes.poll_tally,
    points.leaderboard_changes,
    *chat_events.SUBSCRIPTIONS,
    *question_events.SUBSCRIPTIONS,
]
