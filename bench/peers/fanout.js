// graphql-ws on Node: every subscriber's operation is executed for each event.
// POST /publish?count=N publishes N events. PAYLOAD is the answer that all servers give.
import { createServer } from 'node:http'
import { GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

const stream = JSON.parse(process.env.PAYLOAD).data.streamEvents.stream
const followers = new Set()

async function * follow () {
  let waiting = 0
  let wake = () => {}
  const told = () => {
    waiting += 1
    wake()
  }
  followers.add(told)
  try {
    while (true) {
      while (waiting > 0) {
        waiting -= 1
        yield { streamEvents: { stream } }
      }
      await new Promise((resolve) => { wake = resolve })
    }
  } finally {
    followers.delete(told)
  }
}

const text = { type: new GraphQLNonNull(GraphQLString) }
const Stream = new GraphQLObjectType({
  name: 'Stream',
  fields: { id: text, name: text, state: text, titleId: text, version: { type: new GraphQLNonNull(GraphQLInt) } }
})
const Event = new GraphQLObjectType({ name: 'Event', fields: { stream: { type: new GraphQLNonNull(Stream) } } })
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { nothing: { type: GraphQLInt } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { streamEvents: { type: new GraphQLNonNull(Event), subscribe: follow } }
  })
})

const server = createServer(async (request, response) => {
  const count = Number(new URL(request.url, 'http://localhost').searchParams.get('count'))
  for (let number = 0; number < count; number += 1) {
    for (const told of followers) told()
    await new Promise((resolve) => setImmediate(resolve))
  }
  response.end()
})
useServer({ schema }, new WebSocketServer({ server, path: '/graphql', perMessageDeflate: false }))
server.listen(Number(process.env.PORT), '127.0.0.1')
