"""The root fields of engagement."""

from graph.engagement import hosting, points, polls, running, votes

QUERIES = [polls.poll, votes.own_vote, hosting.host_polls, points.leaderboard, points.own_standing]
MUTATIONS = [hosting.create_poll, hosting.update_poll, *running.MUTATIONS, votes.cast_vote]
SUBSCRIPTIONS = [votes.poll_tally, points.leaderboard_changes]
