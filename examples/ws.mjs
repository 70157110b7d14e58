// WebSockets with `ws`, both sides, over a path that loses packets and puts some out of order.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { network } from 'elko/sim'
import WebSocket, { WebSocketServer } from 'ws'

const net = network({ seed: 21 })
const client = net.host('10.0.0.1')
const server = net.host('10.0.0.2')
net.path(client, server, { rate: '10mbit', delay: '30ms', loss: '2%', reorder: '2%' })

// The server's HTTP server never listens by itself: it is given its connections.
const web = createServer()
const sockets = new WebSocketServer({ server: web })
sockets.on('connection', (socket) =>
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
)
server.net.createServer((socket) => web.emit('connection', socket)).listen(80)

await net.run(async () => {
  // The client hands `createConnection` on to http.request.
  const socket = new WebSocket('ws://10.0.0.2/', { createConnection: (to) => client.net.connect(to) })
  await once(socket, 'open')
  const echoes = []
  socket.on('message', (data) => echoes.push(String(data)))
  const messages = Array.from({ length: 500 }, (_, n) => `message ${n} ${'x'.repeat(n)}`)
  for (const message of messages) socket.send(message)
  while (echoes.length < messages.length) await once(socket, 'message')
  assert.deepEqual(echoes, messages)
  socket.close(1000, 'enough')
  const [code, reason] = await once(socket, 'close')
  assert.deepEqual([code, String(reason)], [1000, 'enough'])
  console.log(`${echoes.length} messages came back in order; closed with ${code} "${reason}"`)
})
net.close()
