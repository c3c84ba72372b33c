// The same titles, over Mercurius with its just-in-time compiler and batch loaders, from the same database.
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
    durationSeconds: Float poster(width: Int! = 640): Image audioLanguages: [String!]!
  }
  type Query { title(id: ID!): Title }
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

const loaders = {
  Title: {
    name: (queries) => textsOf(queries, 'name'),
    synopsis: (queries) => textsOf(queries, 'synopsis'),
    language: (queries) => textsOf(queries, 'language'),
    durationSeconds: (queries) => assetsOf(queries, (asset) => asset.duration_s),
  },
}

const resolvers = {
  Query: {
    title: async (_, { id }) => (await rowsBy(VISIBLE, [id], 'id')).get(id)?.[0] ?? null,
  },
}

const app = Fastify()
app.register(mercurius, { schema, resolvers, loaders, jit: 1, cache: true })
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' })
