// node:http over a path that loses every twentieth packet. Nothing of http knows: what it is given are sockets.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Agent, createServer, get } from 'node:http'
import { network } from 'elko/sim'

const net = network({ seed: 7 })
const client = net.host('10.0.0.1')
const server = net.host('10.0.0.2')
net.path(client, server, { rate: '20mbit', delay: '30ms', loss: '5%' })

// A server takes connections from wherever they come: `listen` of the other net, handed over as an event.
const body = randomBytes(200_000)
const web = createServer((_request, response) => response.end(body))
server.net.createServer((socket) => web.emit('connection', socket)).listen(80)

// A client asks its agent for connections. This one keeps them: the second request needs no handshake.
class ElkoAgent extends Agent {
  createConnection(options) {
    return client.net.connect(options)
  }
}
const agent = new ElkoAgent({ keepAlive: true })

const download = () =>
  new Promise((resolve, reject) => {
    const request = get({ host: '10.0.0.2', agent }, async (response) => {
      resolve({ reused: request.reusedSocket, chunks: await response.toArray() })
    })
    request.on('error', reject)
  })

await net.run(async () => {
  for (const reused of [false, true]) {
    const started = Date.now() // the network's time, not the machine's
    const answer = await download()
    assert.equal(answer.reused, reused)
    assert.equal(sha256(Buffer.concat(answer.chunks)), sha256(body))
    console.log(`200 kB in ${Date.now() - started} ms over ${reused ? 'the same' : 'a new'} connection`)
  }
  agent.destroy()
})
net.close()

function sha256(octets) {
  return createHash('sha256').update(octets).digest('hex')
}
