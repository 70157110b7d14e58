/** Errors of Elko's sockets are node:net's, field by field, and carry Elko's diagnosis beside them. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import nodeNet, { type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { ElkoDiagnosis } from '../../src/analyze/index.ts'
import type { DiagnosedError } from '../../src/net/attach-diagnosis.ts'
import elkoNet from '../../src/net/index.ts'
import { CallError } from '../../src/tcp/call-error.ts'
import { CLOSE_REASONS } from '../../src/trace/reasons.ts'
import { type AnyNet, SITUATIONS } from './error-situations.ts'
import { unusedPort } from './nets.ts'

/** All that code can see of an error by enumerating, logging or copying it. */
function shapeOf(error: unknown): unknown {
  assert.ok(error instanceof Error)
  const own = Object.entries(error)
  return {
    class: error.constructor.name,
    prototype: Object.prototype.toString.call(error),
    name: error.name,
    message: error.message,
    text: String(error),
    own: own.map(([name, value]) => [name, value]),
    ...(error instanceof AggregateError && { errors: error.errors.map(shapeOf) }),
    ...(error.name === 'AbortError' && { cause: error.cause }),
  }
}

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

describe('an error is what node:net makes of the same situation, and says why beside it', () => {
  let port = 0
  before(async () => {
    port = await unusedPort()
  })

  for (const { name, reason, happens, needsIpv6 } of SITUATIONS) {
    const skip = needsIpv6 === true && !hasIpv6 ? 'the kernel to compare with has no ::1' : false
    test(name, { skip }, async () => {
      const expected = await happens(nodeNet, port)
      const error = (await happens(elkoNet as unknown as AnyNet, port)) as DiagnosedError
      assert.deepEqual(shapeOf(error), shapeOf(expected))
      if (reason === null) {
        assert.ok(!(error.cause instanceof ElkoDiagnosis))
        assert.ok(!('reason' in error))
        return
      }
      assert.equal(error.reason, reason)
      if (!(reason in CLOSE_REASONS)) {
        assert.ok(error.cause instanceof CallError)
        assert.equal(error.cause.reason, reason)
        assert.match(error.cause.message, /host 'localhost'/)
        return
      }
      assert.ok(error.cause instanceof ElkoDiagnosis)
      assert.equal(error.cause.reason, reason)
      assert.equal(error.cause.evidence.segment !== null, true, 'a segment did it')
      assert.ok(error.cause.hint.length > 0)
      assert.ok(inspect(error).includes(`[cause]: ElkoDiagnosis: ${reason}`), inspect(error))
    })
  }
})

test('errors of read and write name both ends, hidden from enumeration', async () => {
  const server = elkoNet.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = elkoNet.connect(port, '127.0.0.1')
  const both = await Promise.all([once(server, 'connection'), once(client, 'connect')])
  const [[accepted]] = both as unknown as [[nodeNet.Socket]]
  const localPort = client.localPort
  accepted.resetAndDestroy()
  const [error] = (await once(client, 'error')) as [DiagnosedError]
  assert.deepEqual(
    [error.localAddress, error.localPort, error.remoteAddress, error.remotePort],
    ['127.0.0.1', localPort, '127.0.0.1', port],
  )
  assert.deepEqual(Object.keys(error), ['errno', 'code', 'syscall'])
  server.close()
})

test('each of several failed attempts has its own cause', async () => {
  const port = await unusedPort()
  const socket = elkoNet.connect({
    host: 'both.test',
    port,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 60_000,
    lookup: (_name, _options, callback) =>
      process.nextTick(callback as (...args: unknown[]) => void, null, [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]),
  })
  const [error] = (await once(socket, 'error')) as [AggregateError]
  const causes = (error.errors as DiagnosedError[]).map(({ cause }) => (cause as ElkoDiagnosis).remote)
  assert.deepEqual(causes, [`[::1]:${port}`, `127.0.0.1:${port}`])
})

test('what a host cannot reach: node:net would ask a kernel, here the error says what this host has', async () => {
  const socket = elkoNet.connect(80, '192.0.2.1')
  const [error] = (await once(socket, 'error')) as [DiagnosedError]
  assert.equal(error.message, 'connect ENETUNREACH 192.0.2.1:80 - Local (0.0.0.0:0)')
  assert.equal(error.reason, 'address-not-available')
  assert.match(
    String(error.cause),
    /host 'localhost' has 127\.0\.0\.1\/8, ::1\/128, and none of them reaches/,
  )
})
