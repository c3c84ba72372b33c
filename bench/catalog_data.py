"""A catalog of any size, made inside the database: published titles that play, described in two languages."""

import asyncpg

LANGUAGES = ("en", "de")

_FILL = """
    INSERT INTO accounts (id, email, display_name, territory, roles, created_at)
    VALUES ('00000000-0000-7000-8000-000000000001', 'bench@example.com', 'Bench', 'DE', '{EDITOR}', now())
    ON CONFLICT DO NOTHING;

    CREATE TEMPORARY TABLE made AS
    SELECT n, uuidv7() AS title_id, uuidv7() AS asset_id, uuidv7() AS upload_id, uuidv7() AS package_id
    FROM generate_series(1, %(count)s) AS n;

    INSERT INTO titles (id, kind, state, default_language, release_year, maturity_age, version, created_by, created_at,
                        published_at)
    SELECT title_id, 'MOVIE', 'PUBLISHED', 'en', 1950 + n %% 75, (ARRAY[0, 6, 12, 16])[1 + n %% 4], 1,
           '00000000-0000-7000-8000-000000000001', now() - interval '1 day', now() - interval '1 day'
    FROM made;

    INSERT INTO title_texts (title_id, language, name, synopsis)
    SELECT title_id, language, 'Title ' || n || ' in ' || language,
           repeat('A short text about what happens in it. ', 4)
    FROM made, unnest('{en,de}'::text[]) AS language;

    INSERT INTO title_rights (id, title_id, territory, opens_at, closes_at)
    SELECT uuidv7(), title_id, '*', now() - interval '1 day', NULL FROM made;

    INSERT INTO uploads (id, account_id, state, size_bytes, offset_bytes, file_name, media_type, metadata, is_partial,
                         object_key, created_at)
    SELECT upload_id, '00000000-0000-7000-8000-000000000001', 'COMPLETE', 1000, 1000, 'f.mp4', 'video/mp4', '', false,
           'uploads/' || upload_id, now()
    FROM made;

    INSERT INTO assets (id, account_id, title_id, upload_id, state, priority, schemes, plan, duration_s, width, height,
                        hdr, steps_total, steps_done, packaging_fraction, poster_widths, has_thumbnails, created_at,
                        ready_at)
    SELECT asset_id, '00000000-0000-7000-8000-000000000001', title_id, upload_id, 'READY', 0, '{cenc}', '{}',
           5400 + n %% 1800, 1920, 1080, false, 1, 1, 1, '{320,640,1280}', true, now(), now()
    FROM made;

    INSERT INTO packages (id, asset_id, scheme, state, object_prefix, duration_s, segment_s, size_bytes, created_at)
    SELECT package_id, asset_id, 'cenc', 'READY', 'packages/' || package_id || '/', 5400, 4, 1000, now() FROM made;

    INSERT INTO package_tracks (package_id, position, representation, kind, track_class, kid, language, label)
    SELECT package_id, t.position, t.representation, t.kind, t.track_class,
           CASE WHEN t.track_class IS NULL THEN NULL ELSE uuidv7() END, t.language, t.label
    FROM made, (VALUES (0, 'v360', 'VIDEO', 'SD', NULL, '360p'), (1, 'v1080', 'VIDEO', 'HD', NULL, '1080p'),
                       (2, 'a-en', 'AUDIO', 'AUDIO', 'en', 'English'), (3, 'a-de', 'AUDIO', 'AUDIO', 'de', 'Deutsch'),
                       (4, 't-fr', 'TEXT', NULL, 'fr', 'Français'))
         AS t (position, representation, kind, track_class, language, label);
    DROP TABLE made;
"""


async def fill_catalog(url: str, count: int) -> None:
    """Add this many titles."""
    connection = await asyncpg.connect(url, command_timeout=600)
    try:
        await connection.execute(_FILL % {"count": count})
        for table in ("titles", "title_texts", "title_rights", "assets", "packages", "package_tracks"):
            await connection.execute(f"VACUUM ANALYZE {table}")
    finally:
        await connection.close()


async def some_titles(url: str, count: int) -> list[str]:
    """Return ids of titles, the same ones for every contender."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT id FROM titles ORDER BY id LIMIT $1", count)
    finally:
        await connection.close()
    return [str(row["id"]) for row in rows]
