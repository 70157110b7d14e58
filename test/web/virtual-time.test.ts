/** The same sockets on the hosts of a test network: hours pass in a moment, faults come by the timetable. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { network } from '../../src/testnet/index.ts'
import { readText, writeAll } from './pair.ts'

const limit = { timeout: 240_000 }

test('an echo over a lossy path, an idle hour, and the same octets', limit, async () => {
  await using net = network({ seed: 7 })
  const [a, b] = [net.host('10.0.0.1'), net.host('10.0.0.2')]
  net.path(a, b, { delay: '30ms', loss: '2%' })
  const text = 'virtual '.repeat(20_000)
  const [heard, passedMs] = await net.run(async () => {
    const listener = b.web.listen({ port: 7 })
    void listener.next().then(({ value }) => value!.readable.pipeTo(value!.writable))
    const socket = a.web.connect('10.0.0.2:7')
    await socket.opened
    const started = Date.now()
    await new Promise((resolve) => setTimeout(resolve, 3_600_000))
    const [, answer] = await Promise.all([writeAll(socket, text), readText(socket)])
    await socket.closed
    return [answer, Date.now() - started] as const
  })
  assert.equal(heard, text)
  assert.ok(passedMs > 3_600_000)
})

test('a host that is cut off: a write that waits fails when its time is over', limit, async () => {
  await using net = network({ seed: 7 })
  const [a, b] = [net.host('10.0.0.1'), net.host('10.0.0.2')]
  net.path(a, b, { delay: '30ms' })
  const error = await net.run(async () => {
    b.web.listen({ port: 7 })
    const socket = a.web.connect('10.0.0.2:7')
    await socket.opened
    net.partition([a], [b])
    const writer = socket.writable.getWriter()
    return writer.write(new Uint8Array(5_000_000)).catch((reason: unknown) => reason)
  })
  assert.equal((error as { code: string }).code, 'ETIMEDOUT')
})
