/** TLS over the test network: with keys of its own, as certificates need a program to make them. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import tls from 'node:tls'
import { ending, world } from './world.ts'

const psk = Buffer.alloc(32, 'elko')
const common = { ciphers: 'PSK+HIGH', maxVersion: 'TLSv1.2' } as const

function secured(socket: Socket): tls.TLSSocket {
  const options = { ...common, isServer: true, pskCallback: () => psk }
  return new tls.TLSSocket(socket, options as tls.TLSSocketOptions)
}

function client(socket: Socket): tls.TLSSocket {
  return tls.connect({
    ...common,
    socket,
    pskCallback: () => ({ psk, identity: 'test' }),
    checkServerIdentity: () => undefined,
  })
}

test('timeouts of TLS sockets follow virtual time, and begin anew when something happens', async () => {
  const { net, a, b } = world({ delay: '10ms', loss: '3%' })
  b.net.createServer((socket) => secured(socket).on('data', () => {})).listen(443)
  await net.run(async () => {
    const socket = client(a.net.connect(443, '10.0.0.2'))
    await once(socket, 'secureConnect')
    const began = net.now
    let timeouts = 0
    socket.setTimeout(30_000, () => timeouts++)
    setTimeout(() => socket.write('x'), 20_000)
    setTimeout(() => assert.equal(timeouts, 0), 45_000)
    await once(socket, 'timeout')
    assert.ok(net.now - began >= 50_000 && net.now - began < 52_000, `${net.now - began} ms`)
    assert.throws(() => socket.setTimeout(-1), { code: 'ERR_OUT_OF_RANGE' })
    socket.setTimeout(0)
    await new Promise((resolve) => setTimeout(resolve, 3_600_000))
    assert.equal(timeouts, 1)
    socket.destroy()
    assert.equal(await ending(socket), 'closed')
  })
  assert.equal(Object.hasOwn(tls.TLSSocket.prototype, 'setTimeout'), false)
})
