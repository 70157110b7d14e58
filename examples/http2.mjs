// HTTP/2 over TLS over a simulated network: many streams, one connection.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createSecureServer } from 'node:http2'
import { text } from 'node:stream/consumers'
import { connect as tlsConnect } from 'node:tls'
import { network } from 'elko/sim'
import { selfSigned } from './certificate.mjs'

const net = network({ seed: 17 })
const client = net.host('10.0.0.1')
const server = net.host('10.0.0.2')
net.path(client, server, { rate: '20mbit', delay: '20ms', loss: '1%' })

const { key, cert } = selfSigned(['server.example'])
const page = (path) => `${path}\n`.repeat(5_000)

// A TLS server (this one, https.Server, tls.Server) does its handshake over whatever it is told is a connection.
const web = createSecureServer({ key, cert })
web.on('stream', (stream, headers) => stream.end(page(headers[':path'])))
let connections = 0
server.net
  .createServer((socket) => {
    connections++
    web.emit('connection', socket)
  })
  .listen(443)

await net.run(async () => {
  const session = connect('https://server.example', {
    createConnection: ({ host: servername }) =>
      tlsConnect({
        socket: client.net.connect(443, '10.0.0.2'),
        servername,
        ca: cert,
        ALPNProtocols: ['h2'],
      }),
  })
  const paths = Array.from({ length: 50 }, (_, n) => `/page/${n}`)
  const pages = await Promise.all(paths.map((path) => text(session.request({ ':path': path }))))
  assert.deepEqual(pages, paths.map(page))
  assert.equal(session.alpnProtocol, 'h2')
  assert.equal(connections, 1)
  session.close()
  await once(session, 'close')
  console.log(`${pages.length} streams over ${connections} connection, each page whole`)
})
net.close()
