/** Two stacks on a perfect wire with random small workloads: all octets arrive, all connections end, nothing is left. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configure } from '../../src/tcp/config.ts'
import fc from '../property.ts'
import { address } from './host-harness.ts'
import { type Side, Wire } from './wire-harness.ts'
import { type Ending, type EndPlan, type Plan, Workload } from './workload-harness.ts'

const end = fc.record<EndPlan>({
  octets: fc.oneof(fc.constantFrom(0, 1, 536, 1460, 1461, 65_535, 65_536), fc.nat(40_000)),
  ending: fc.constantFrom<Ending>('close', 'close', 'wait for the other', 'release', 'abort'),
})

const workload = fc.record({
  plans: fc.array(
    fc.record({
      client: end,
      server: end,
      from: fc.constantFrom<Side>('a', 'b'),
      version: fc.constantFrom(4 as const, 6 as const),
      startMs: fc.nat(50),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  config: fc.record({
    nagle: fc.boolean(),
    timestamps: fc.boolean(),
    windowScaling: fc.boolean(),
    sendBufferBytes: fc.constantFrom(1000, 30_000, 1 << 20),
    receiveBufferBytes: fc.constantFrom(1000, 30_000, 1 << 20),
    delayedAckMs: fc.constantFrom(0, 40),
    mssLimit: fc.constantFrom(0, 100),
  }),
  delayUs: fc.constantFrom(0, 1, 1000, 30_000),
})

/** Two ends that both wait for the other to close would do so for ever. */
function ends({ client, server }: Plan): boolean {
  return client.ending !== 'wait for the other' || server.ending !== 'wait for the other'
}

/** Whether all octets must arrive: neither end cut the connection short, and each stayed to read. */
function isGentle({ client, server }: Plan): boolean {
  return [client, server].every(({ ending }) => ending === 'close' || ending === 'wait for the other')
}

test('all octets arrive, all connections end, tables and queues are empty (property)', () => {
  let connections = 0
  const property = fc.property(workload, ({ plans, config, delayUs }) => {
    const applications: Workload = new Workload((side) => (side === 'a' ? wire.a : wire.b))
    const wire: Wire = new Wire(applications, { config: configure(config) }, delayUs)
    const listeners = [wire.a.listen({ port: 80 }), wire.b.listen({ port: 80 })]
    const gentle: boolean[] = []
    for (const plan of [...plans].sort((x, y) => x.startMs - y.startMs)) {
      if (!ends(plan)) continue
      wire.run(1_000_000_000 + plan.startMs * 1000)
      const host = plan.version === 4 ? '10.0.0.' : 'fd00::'
      const { stack, to } =
        plan.from === 'a' ? { stack: wire.a, to: `${host}2` } : { stack: wire.b, to: `${host}1` }
      applications.begin(stack.connect({ remoteAddress: address(to), remotePort: 80 }), plan.from, plan)
      gentle.push(isGentle(plan))
      wire.check()
    }
    wire.run()
    for (const [i, [client, server]] of applications.ends.entries()) {
      connections++
      assert.equal(client.wrong + server.wrong, 0, 'octets at the wrong place')
      if (!gentle[i]) continue
      assert.deepEqual([server.heard, client.heard], [client.plan.octets, server.plan.octets])
      assert.deepEqual([client.closeReason, server.closeReason], ['closed-normally', 'closed-normally'])
    }
    wire.a.closeListener(listeners[0]!)
    wire.b.closeListener(listeners[1]!)
    wire.settle()
    wire.assertEmpty()
  })
  fc.assert(property, { numRuns: 300 })
  assert.ok(connections > 1000)
})
