/** No path leads there, says ICMP: connect(2) of a kernel fails at once, and so does a socket here, with the same error. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type nodeNet from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { getSystemErrorMap } from 'node:util'
import { ElkoDiagnosis } from '../../src/analyze/index.ts'
import { LinkHost } from '../../src/link/host.ts'
import type { Link } from '../../src/link/link.ts'
import type { DiagnosedError } from '../../src/net/attach-diagnosis.ts'
import { createNet } from '../../src/net/create-net.ts'
import { createWeb, SocketError } from '../../src/web/index.ts'
import { BareLink } from '../link/bare-link.ts'
import { until } from '../link/turn.ts'
import { ERRORS, icmpError } from '../stack/icmp-harness.ts'
import type { AnyNet } from './nets.ts'

/** A link to a router that has no path to anybody, or lets nobody through, and says so. */
class Router extends BareLink implements Link {
  packets = 0
  readonly #kind: Kind | null

  constructor(kind: Kind | null) {
    super()
    this.#kind = kind
  }

  send(frame: Uint8Array, length: number): boolean {
    this.packets++
    const packet = frame.slice(0, length)
    const error = this.#kind === null ? null : ERRORS[packet[0]! >>> 4 === 4 ? 4 : 6][this.#kind]
    if (error === null) return true
    setImmediate(() => {
      const answer = icmpError(packet, error)
      this.onPacket?.(answer, 0, answer.length)
      this.onBatchEnd?.()
    })
    return true
  }

  ref(): void {}
  unref(): void {}
  close(): void {}
}

/** The table of Linux 6.18, found with `nft reject` and `ip route add unreachable` in the path. */
const CODES = {
  network: 'ENETUNREACH',
  host: 'EHOSTUNREACH',
  port: 'ECONNREFUSED',
  timeExceeded: 'EHOSTUNREACH',
} as const
type Kind = keyof typeof CODES

function hostBehind(t: TestContext, kind: Kind | null): { host: LinkHost; link: Router } {
  const link = new Router(kind)
  const host = new LinkHost(link, { addresses: ['10.0.0.1/24', 'fd00::1/64'] })
  t.after(() => host.close())
  return { host, link }
}

const errnoOf = (code: string): number => [...getSystemErrorMap()].find(([, [name]]) => name === code)![0]

for (const [version, address] of [
  [4, '192.0.2.1'],
  [6, '2001:db8::1'],
] as const) {
  describe(`IPv${version}`, () => {
    for (const [kind, code] of Object.entries(CODES) as [Kind, string][]) {
      test(`${kind}: connect ${code}, after one SYN`, async (t) => {
        const { host, link } = hostBehind(t, kind)
        const net = createNet(host) as unknown as AnyNet
        const socket: nodeNet.Socket = net.connect(80, address)
        const [error] = (await once(socket, 'error')) as [DiagnosedError]
        assert.equal(error.message, `connect ${code} ${address}:80`)
        assert.deepEqual({ ...error }, { errno: errnoOf(code), code, syscall: 'connect', address, port: 80 })
        assert.ok(error.cause instanceof ElkoDiagnosis)
        assert.equal(error.cause.who, kind === 'port' ? 'middlebox' : 'path')
        assert.equal(link.packets, 1)
        assert.equal(host.stack.size, 0)
      })
    }

    test('elko/web fails at once, too; a config of its own decides for itself', {
      timeout: 120_000,
    }, async (t) => {
      const { host, link } = hostBehind(t, 'host')
      const { connect } = createWeb(host)
      const to = { hostname: address, port: 80 }
      await assert.rejects(
        connect(to).opened,
        (error) => error instanceof SocketError && error.code === 'EHOSTUNREACH',
      )
      assert.equal(link.packets, 1)
      const patient = connect(to, { config: host.stack.config })
      const [connection] = host.stack.connections()
      await until(() => connection!.softError !== null)
      assert.equal(connection!.stateName, 'SYN-SENT')
      await Promise.all([assert.rejects(patient.opened), patient.closed.catch(() => {}), host.close()])
    })
  })
}

test('the next address of a name is tried at once, without waiting for the attempt before', async (t) => {
  const { host, link } = hostBehind(t, 'network')
  const net = createNet(host) as unknown as AnyNet
  const socket = net.connect({
    host: 'both.test',
    port: 80,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 100_000,
    lookup: (_name, _options, callback) =>
      (callback as unknown as (error: null, addresses: object[]) => void)(null, [
        { address: '2001:db8::1', family: 6 },
        { address: '192.0.2.1', family: 4 },
      ]),
  })
  const [error] = (await once(socket, 'error')) as [AggregateError]
  assert.deepEqual(
    error.errors.map(({ message }) => message),
    ['connect ENETUNREACH 2001:db8::1:80', 'connect ENETUNREACH 192.0.2.1:80'],
  )
  assert.equal(link.packets, 2)
})

test('a host without an address that leads there fails before it sends', async (t) => {
  const link = new Router(null)
  const host = new LinkHost(link, { addresses: ['10.0.0.1/24'] })
  t.after(() => host.close())
  const net = createNet(host) as unknown as AnyNet
  const [error] = (await once(net.connect(80, '2001:db8::1'), 'error')) as [Error]
  assert.equal(error.message, 'connect ENETUNREACH 2001:db8::1:80 - Local (:::0)')
  assert.equal(link.packets, 0)
})
