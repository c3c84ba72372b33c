"""What is watched, counted into tables that rows read."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# How far back a start still counts, and after which time it counts half.
TRENDING_WITHIN = timedelta(days=7)
TRENDING_HALF_LIFE = timedelta(days=2)
# A start of this instant counts so much, so that whole numbers tell old ones apart.
START_WEIGHT = 1_000
TRENDS_PER_TERRITORY = 500
# Profiles that say what belongs together, and how much of each: a pair costs its square.
NEIGHBOUR_PROFILES = 50_000
NEIGHBOUR_TITLES = 30
NEIGHBOURS_PER_TITLE = 20
NEIGHBOURS_WITHIN = timedelta(days=90)

_TRENDS = text(
    """
    WITH starts AS (
        SELECT a.territory, s.title_id,
            power(0.5, extract(epoch FROM :now - s.started_at) / :half_life_s) AS weight
        FROM playback_sessions s JOIN accounts a ON a.id = s.account_id
        WHERE s.started_at > :since AND s.started_at <= :now
    ), scores AS (
        SELECT coalesce(territory, '*') AS territory, title_id,
            greatest(round(sum(weight) * :start_weight), 1)::integer AS score
        FROM starts GROUP BY GROUPING SETS ((territory, title_id), (title_id))
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY territory ORDER BY score DESC, title_id) AS rank FROM scores
    )
    INSERT INTO title_trends (territory, title_id, score)
    SELECT territory, title_id, score FROM ranked WHERE rank <= :kept
    """
)
_NEIGHBOURS = text(
    """
    WITH lately AS (
        SELECT profile_id, max(updated_at) AS at FROM resume_points
        WHERE updated_at > :since GROUP BY profile_id ORDER BY at DESC LIMIT :profiles
    ), watched AS (
        SELECT l.profile_id, w.title_id FROM lately l CROSS JOIN LATERAL (
            SELECT title_id FROM resume_points r
            WHERE r.profile_id = l.profile_id ORDER BY r.updated_at DESC LIMIT :titles
        ) w
    ), pairs AS (
        SELECT one.title_id, other.title_id AS neighbour_id, count(*)::integer AS score
        FROM watched one JOIN watched other USING (profile_id)
        WHERE one.title_id <> other.title_id GROUP BY one.title_id, other.title_id
    ), ranked AS (
        SELECT *, row_number() OVER (PARTITION BY title_id ORDER BY score DESC, neighbour_id) AS rank FROM pairs
    )
    INSERT INTO title_neighbours (title_id, neighbour_id, score)
    SELECT title_id, neighbour_id, score FROM ranked WHERE rank <= :kept
    """
)


async def count_trends(connection: AsyncConnection, *, now: datetime) -> None:
    """Replace the trends of every territory, and of the world, by those of this instant."""
    await connection.execute(text("DELETE FROM title_trends"))
    await connection.execute(
        _TRENDS,
        {
            "now": now,
            "since": now - TRENDING_WITHIN,
            "half_life_s": TRENDING_HALF_LIFE.total_seconds(),
            "start_weight": START_WEIGHT,
            "kept": TRENDS_PER_TERRITORY,
        },
    )


async def count_neighbours(connection: AsyncConnection, *, now: datetime) -> None:
    """Replace what is watched by the same people by what holds at this instant."""
    await connection.execute(text("DELETE FROM title_neighbours"))
    await connection.execute(
        _NEIGHBOURS,
        {
            "since": now - NEIGHBOURS_WITHIN,
            "profiles": NEIGHBOUR_PROFILES,
            "titles": NEIGHBOUR_TITLES,
            "kept": NEIGHBOURS_PER_TITLE,
        },
    )
