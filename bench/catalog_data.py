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


_FILL_HOME = """
    INSERT INTO home_rows (id, rule, position, default_language, is_shown, version, created_by, created_at)
    SELECT uuidv7(), 'EDITORIAL', n, 'en', true, 1, '00000000-0000-7000-8000-000000000001', now()
    FROM generate_series(1, %(rows)s) AS n;

    INSERT INTO home_row_texts (row_id, language, name)
    SELECT id, language, 'Row ' || position || ' in ' || language
    FROM home_rows, unnest('{en,de}'::text[]) AS language;

    INSERT INTO home_row_titles (row_id, position, title_id)
    SELECT r.id, t.n, t.id
    FROM home_rows r
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM titles) t
      ON t.n BETWEEN (r.position - 1) * 40 + 1 AND r.position * 40;

    INSERT INTO artworks (id, title_id, kind, language, upload_id, state, width, height, dominant_color, blur_hash,
                          created_by, created_at)
    SELECT uuidv7(), h.title_id, 'POSTER', NULL, a.upload_id, 'READY', 1280, 1920, '#203040',
           'LEHV6nWB2yk8pyo0adR*.7kCMdnj', a.account_id, now()
    FROM home_row_titles h JOIN assets a ON a.title_id = h.title_id WHERE h.position %% 2 = 0;

    INSERT INTO artwork_renditions (artwork_id, format, width, height, size_bytes, name)
    SELECT id, format, w, w * 3 / 2, w * 100, encode(sha256((id || format || w)::bytea), 'hex') || '.' || lower(format)
    FROM artworks, unnest('{JPEG,WEBP,AVIF}'::text[]) AS format, unnest('{160,320,640,1280}'::int[]) AS w;
"""


async def fill_home(url: str, rows: int) -> None:
    """Put forty titles into each of so many rows of the home screen; every other title has a poster of its own."""
    connection = await asyncpg.connect(url, command_timeout=600)
    try:
        await connection.execute(_FILL_HOME % {"rows": rows})
        for table in ("home_rows", "home_row_texts", "home_row_titles", "artworks", "artwork_renditions"):
            await connection.execute(f"VACUUM ANALYZE {table}")
    finally:
        await connection.close()
