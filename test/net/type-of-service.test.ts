/** setTypeOfService and getTypeOfService, as Node 24 has them: of a socket without a connection, and on the wire. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { noLink } from '../../src/link/no-link.ts'
import { createNet } from '../../src/net/create-net.ts'
import { localHost } from '../../src/net/default-host.ts'

test('the octet is kept until there is a connection; from then on its upper six bits go with each segment', async () => {
  const host = localHost(noLink())
  const net = createNet(host)
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = new net.Socket()
  assert.equal(client.getTypeOfService(), 0)
  assert.equal(client.setTypeOfService(0xff), client)
  assert.equal(client.getTypeOfService(), 0xff)
  client.connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(client, 'connect')])
  assert.equal(client.getTypeOfService(), 0xfc)
  client.setTypeOfService(0x2b)
  assert.equal(client.getTypeOfService(), 0x28)
  client.write('x')
  await once(accepted, 'data')
  const received = host.stack.connections().map(({ tcb }) => tcb.receivedTos)
  client.destroy()
  assert.equal(client.getTypeOfService(), 0x2b)
  server.close()
  assert.deepEqual(received.sort(), [0, 0x28])
})

test('anything but an integer from 0 to 255 is refused', () => {
  const socket = new (createNet(localHost(noLink())).Socket)()
  const refused: [value: unknown, code: string, message: RegExp][] = [
    [NaN, 'ERR_INVALID_ARG_TYPE', /"tos" argument must be of type number\. Received type number \(NaN\)/],
    ['x', 'ERR_INVALID_ARG_TYPE', /must be of type number\. Received type string \('x'\)/],
    [1.5, 'ERR_OUT_OF_RANGE', /It must be an integer\. Received 1\.5/],
    [256, 'ERR_OUT_OF_RANGE', /It must be >= 0 && <= 255\. Received 256/],
    [-1, 'ERR_OUT_OF_RANGE', /It must be >= 0 && <= 255\. Received -1/],
  ]
  for (const [value, code, message] of refused) {
    assert.throws(() => socket.setTypeOfService(value as number), { code, message })
  }
})
