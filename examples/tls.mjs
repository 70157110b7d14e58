// TLS over a simulated network: the client wraps its socket with tls.connect, the server with a TLSSocket.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { connect, createSecureContext, TLSSocket } from 'node:tls'
import { network } from 'elko/sim'
import { selfSigned } from './certificate.mjs'

const net = network({ seed: 2 })
const client = net.host('10.0.0.1')
const server = net.host('10.0.0.2')
net.path(client, server, { rate: '10mbit', delay: '50ms', loss: '3%' })

const { key, cert } = selfSigned(['server.example'])
const secureContext = createSecureContext({ key, cert })
const page = 'what only the two of them read\n'.repeat(10_000)

server.net
  .createServer((socket) => {
    const secure = new TLSSocket(socket, { isServer: true, secureContext })
    secure.once('secure', () => secure.end(page)) // TLSSocket says 'secure' where tls.Server says 'secureConnection'
  })
  .listen(443)

await net.run(async () => {
  const socket = client.net.connect(443, '10.0.0.2')
  const secure = connect({ socket, servername: 'server.example', ca: cert })
  await once(secure, 'secureConnect')
  assert.equal(secure.authorized, true)
  const protocol = secure.getProtocol()
  assert.equal(await text(secure), page)
  console.log(`${protocol}: ${page.length} octets of text in ${socket.bytesRead} octets of TCP`)

  // Another name than the certificate's is refused by the client, as it would be anywhere.
  const wrong = connect({
    socket: client.net.connect(443, '10.0.0.2'),
    servername: 'other.example',
    ca: cert,
  })
  const [error] = await once(wrong, 'error')
  assert.equal(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID')
  console.log(`other.example: ${error.code}`)
})
net.close()
