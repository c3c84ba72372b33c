"""The root fields of engagement."""

from graph.engagement import (
    announcing,
    chat,
    chat_events,
    chatting,
    hosting,
    moments,
    points,
    polls,
    question_events,
    questions,
    reacting,
    run_sheets,
    running,
    votes,
)

QUERIES = [
    polls.poll,
    votes.own_vote,
    hosting.host_polls,
    hosting.poll_votes,
    hosting.poll_votes,
    points.leaderboard,
    points.own_standing,
    *chat.QUERIES,
    *questions.QUERIES,
    moments.moments,
    moments.moments_on_demand,
    *run_sheets.QUERIES,
]
MUTATIONS = [
    hosting.create_poll,
    hosting.update_poll,
    *running.MUTATIONS,
    votes.cast_vote,
    *chatting.MUTATIONS,
    *questions.MUTATIONS,
    *reacting.MUTATIONS,
    announcing.announce_moment,
    announcing.revoke_moment,
    *run_sheets.MUTATIONS,
]
SUBSCRIPTIONS = [
    votes.poll_tally,
    points.leaderboard_changes,
    *chat_events.SUBSCRIPTIONS,
    *question_events.SUBSCRIPTIONS,
]
