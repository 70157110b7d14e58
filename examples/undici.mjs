// undici's fetch over a simulated network: a dispatcher's `connect` says where connections come from.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { network } from 'elko/sim'
import { Agent, fetch } from 'undici'

const net = network({ seed: 3 })
const client = net.host('10.0.0.1')
const server = net.host('10.0.0.2')
net.path(client, server, { rate: '10mbit', delay: '25ms', loss: '2%' })

const web = createServer((request, response) => request.pipe(response))
server.net.createServer((socket) => web.emit('connection', socket)).listen(80)

const dispatcher = new Agent({
  // In place of options for undici's own connector, a connector: it calls back once, with a connected socket or an error.
  // For https it would be tls.connect({ socket, servername }) around the same socket: see tls.mjs.
  connect({ hostname, port }, callback) {
    const socket = client.net.connect({ host: hostname, port: port || 80, noDelay: true })
    socket.once('connect', () => callback(null, socket.off('error', callback)))
    socket.once('error', callback)
  },
})

await net.run(async () => {
  const texts = Array.from({ length: 10 }, (_, n) => `${n},`.repeat(20_000))
  const echoes = await Promise.all(
    texts.map(async (text) => {
      const response = await fetch('http://10.0.0.2/echo', { method: 'POST', body: text, dispatcher })
      return response.text()
    }),
  )
  assert.deepEqual(echoes, texts)
  console.log(
    `${texts.length} bodies of ${texts[0].length} octets at the same time, each echoed to its own caller`,
  )

  // Errors are those of node:net, whatever wraps them.
  const failed = await fetch('http://10.0.0.2:81/', { dispatcher }).catch((error) => error)
  assert.equal(failed.cause.message, 'connect ECONNREFUSED 10.0.0.2:81')
  console.log(`port 81: ${failed.cause.message}`)
})
await dispatcher.close()
net.close()
