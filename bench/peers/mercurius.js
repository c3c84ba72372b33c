// The same titles and home screen, over Mercurius with its just-in-time compiler and batch loaders, from the same database.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import pg from 'pg'

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 })
pg.types.setTypeParser(20, Number)

const schema = `
  enum TitleKind { MOVIE EPISODE CLIP }
  type Image { url: String! width: Int! height: Int }
  type Title {
    id: ID! kind: TitleKind! name: String! synopsis: String! language: String! releaseYear: Int maturityAge: Int!
    version: Int! durationSeconds: Float poster(width: Int! = 640): Image audioLanguages: [String!]!
    textLanguages: [String!]!
  }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type TitleConnection { nodes: [Title!]! pageInfo: PageInfo! }
  type HomeRow { id: ID! title: String! titles(first: Int! = 20): TitleConnection! }
  type HomeRowConnection { nodes: [HomeRow!]! }
  type Query { title(id: ID!): Title home(first: Int! = 8): HomeRowConnection! }
`

const VISIBLE = `
  SELECT t.id, t.kind, t.default_language, t.release_year AS "releaseYear", t.maturity_age AS "maturityAge"
  FROM titles t
  WHERE t.id = ANY($1::uuid[]) AND t.state = 'PUBLISHED' AND EXISTS (
    SELECT 1 FROM title_rights r WHERE r.title_id = t.id AND r.territory = '*'
      AND r.opens_at <= now() AND (r.closes_at IS NULL OR r.closes_at > now()))`
const TEXTS = 'SELECT title_id, language, name, synopsis FROM title_texts WHERE title_id = ANY($1::uuid[])'
const ASSETS = `
  SELECT DISTINCT ON (title_id) title_id, id, duration_s, poster_widths, width, height FROM assets
  WHERE title_id = ANY($1::uuid[]) AND state = 'READY' ORDER BY title_id, ready_at DESC`
const TRACKS = `
  SELECT a.title_id, k.kind, k.language FROM assets a
  JOIN packages p ON p.asset_id = a.id AND p.state = 'READY' JOIN package_tracks k ON k.package_id = p.id
  WHERE a.title_id = ANY($1::uuid[]) AND a.state = 'READY' AND k.kind <> 'VIDEO' ORDER BY k.position`
const POSTERS = `
  SELECT DISTINCT ON (w.title_id) w.title_id, f.name, f.width, f.height
  FROM artworks w JOIN artwork_renditions f ON f.artwork_id = w.id
  WHERE w.title_id = ANY($1::uuid[]) AND w.kind = 'POSTER' AND w.state = 'READY' AND f.format = 'JPEG'
    AND f.width >= 320 ORDER BY w.title_id, f.width`
const ROWS = `
  SELECT h.id, x.name AS title FROM home_rows h JOIN LATERAL (
    SELECT name FROM home_row_texts x WHERE x.row_id = h.id
    ORDER BY x.language = 'de' DESC, x.language = h.default_language DESC LIMIT 1
  ) x ON true WHERE h.is_shown ORDER BY h.position LIMIT $1`
const ROW_TITLES = `
  SELECT r.id AS row_id, p.* FROM unnest($1::uuid[]) AS r (id) CROSS JOIN LATERAL (
    SELECT m.position, t.id, t.kind, t.default_language, t.release_year AS "releaseYear",
           t.maturity_age AS "maturityAge", t.version
    FROM home_row_titles m JOIN titles t ON t.id = m.title_id AND t.state = 'PUBLISHED'
    WHERE m.row_id = r.id AND EXISTS (
      SELECT 1 FROM title_rights g WHERE g.title_id = t.id AND g.territory = '*'
        AND g.opens_at <= now() AND (g.closes_at IS NULL OR g.closes_at > now()))
    ORDER BY m.position LIMIT 21
  ) p`
const PUBLIC_URL = 'http://localhost'

async function rowsBy(sql, ids, key) {
  const { rows } = await pool.query({ name: sql, text: sql, values: [ids] })
  const found = new Map()
  for (const row of rows) {
    const list = found.get(row[key])
    if (list) list.push(row)
    else found.set(row[key], [row])
  }
  return found
}

function best(texts, title) {
  return texts.find((one) => one.language === 'de') ?? texts.find((one) => one.language === title.default_language) ?? texts[0]
}

async function textsOf(queries, name) {
  const found = await rowsBy(TEXTS, queries.map(({ obj }) => obj.id), 'title_id')
  return queries.map(({ obj }) => best(found.get(obj.id) ?? [], obj)?.[name])
}

async function assetsOf(queries, take) {
  const found = await rowsBy(ASSETS, queries.map(({ obj }) => obj.id), 'title_id')
  return queries.map(({ obj, params }) => {
    const asset = found.get(obj.id)?.[0]
    return asset ? take(asset, params) : null
  })
}

async function postersOf(queries) {
  const ids = queries.map(({ obj }) => obj.id)
  const [own, assets] = await Promise.all([rowsBy(POSTERS, ids, 'title_id'), rowsBy(ASSETS, ids, 'title_id')])
  return ids.map((id) => {
    const file = own.get(id)?.[0]
    if (file) return { url: `${PUBLIC_URL}/artwork/${file.name}`, width: file.width, height: file.height }
    const asset = assets.get(id)?.[0]
    return asset ? { url: `${PUBLIC_URL}/posters/${asset.id}/320.jpg`, width: 320, height: 180 } : null
  })
}

async function languagesOf(queries, kind) {
  const found = await rowsBy(TRACKS, queries.map(({ obj }) => obj.id), 'title_id')
  return queries.map(({ obj }) => [
    ...new Set((found.get(obj.id) ?? []).filter((track) => track.kind === kind).map((track) => track.language)),
  ])
}

const loaders = {
  HomeRow: {
    titles: async (queries) => {
      const found = await rowsBy(ROW_TITLES, queries.map(({ obj }) => obj.id), 'row_id')
      return queries.map(({ obj, params }) => {
        const rows = found.get(obj.id) ?? []
        const nodes = rows.slice(0, params.first)
        return { nodes, pageInfo: { hasNextPage: rows.length > nodes.length, endCursor: String(nodes.at(-1)?.position) } }
      })
    },
  },
  Title: {
    poster: postersOf,
    audioLanguages: (queries) => languagesOf(queries, 'AUDIO'),
    textLanguages: (queries) => languagesOf(queries, 'TEXT'),
    name: (queries) => textsOf(queries, 'name'),
    synopsis: (queries) => textsOf(queries, 'synopsis'),
    language: (queries) => textsOf(queries, 'language'),
    durationSeconds: (queries) => assetsOf(queries, (asset) => asset.duration_s),
  },
}

const resolvers = {
  Query: {
    title: async (_, { id }) => (await rowsBy(VISIBLE, [id], 'id')).get(id)?.[0] ?? null,
    home: async (_, { first }) => ({ nodes: (await pool.query({ name: ROWS, text: ROWS, values: [first] })).rows }),
  },
}

const app = Fastify()
app.register(mercurius, { schema, resolvers, loaders, jit: 1, cache: true })
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
