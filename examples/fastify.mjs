// A fastify application on a simulated host, with a validated route and a streamed answer.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { network } from 'elko/sim'
import fastify from 'fastify'

const net = network({ seed: 5 })
const client = net.host('10.0.0.1')
const host = net.host('10.0.0.2')
net.path(client, host, { rate: '10mbit', delay: '20ms', loss: '2%' })

const app = fastify()
app.get(
  '/numbers',
  { schema: { querystring: { type: 'object', required: ['to'], properties: { to: { type: 'integer' } } } } },
  ({ query }, reply) => {
    reply.type('text/plain')
    return Readable.from(lines(query.to))
  },
)

// `app.listen` would open a socket of the kernel. `ready` loads all that `listen` would; then `app.server`, an http.Server
// that never listens, is given its connections. (fastify's serverFactory is for those who want a server of another kind.)
await app.ready()
host.net.createServer((socket) => app.server.emit('connection', socket)).listen(80)

await net.run(async () => {
  const refused = await fetchText('/numbers?to=many')
  assert.equal(refused.status, 400)
  assert.match(refused.text, /to must be integer/)
  const answer = await fetchText('/numbers?to=50000')
  assert.equal(answer.text, [...lines(50_000)].join(''))
  console.log(`50,000 lines, ${answer.text.length} octets, chunked, whole and in order`)
})
await app.close()
net.close()

function* lines(to) {
  for (let n = 1; n <= to; n++) yield `${n}\n`
}

function fetchText(path) {
  return new Promise((resolve, reject) => {
    request(
      { host: '10.0.0.2', path, createConnection: (to) => client.net.connect(to) },
      async (response) => {
        resolve({ status: response.statusCode, text: String(Buffer.concat(await response.toArray())) })
      },
    )
      .on('error', reject)
      .end()
  })
}
