/** TLS over sockets, read slowly: what was sent before the end arrives before the end. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import tls, { type ConnectionOptions } from 'node:tls'
import { CERTIFICATE, KEY } from './certificate.ts'
import { listening, onBoth } from './nets.ts'

const PAGE = Buffer.alloc(100_000, 'page ')

for (const allowHalfOpen of [false, true]) {
  onBoth(
    `a slow reader of TLS has all of a connection that is closed, allowHalfOpen ${allowHalfOpen}`,
    async (net) => {
      const secureContext = tls.createSecureContext({ key: KEY, cert: CERTIFICATE })
      const server = net.createServer({ allowHalfOpen }, (socket) => {
        const secured = new tls.TLSSocket(socket, { isServer: true, secureContext })
        secured.once('secure', () => secured.end(PAGE))
      })
      const { port } = await listening(server)
      const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen })
      const options = { socket, ca: CERTIFICATE, servername: 'localhost', allowHalfOpen }
      const secured = tls.connect(options as ConnectionOptions)
      await once(secured, 'secureConnect')
      if (allowHalfOpen) secured.end()
      const chunks: Buffer[] = []
      secured.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        secured.pause()
        void sleep(10).then(() => secured.resume())
      })
      await once(secured, 'end')
      assert.deepEqual(Buffer.concat(chunks), PAGE)
      const [hadError] = secured.closed ? [false] : await once(secured, 'close')
      assert.equal(hadError, false)
      server.close()
    },
  )
}
