/** Bad input: a host under attack neither throws nor leaks, and its live connections finish byte for byte. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DROP_REASONS } from '../../src/trace/reasons.ts'
import { VERDICTS } from '../../src/wire/verdict.ts'
import { Arena } from './arena-harness.ts'
import { NOTHING_HELD } from './host-harness.ts'

const BATCH = 250

/** What the decoders refused is counted under their verdict, packet for packet. */
function assertCounted(arena: Arena): void {
  const { byReason } = arena.host.counters
  let counted = arena.verdicts.get('ok') ?? 0
  for (const verdict of VERDICTS) {
    if (verdict === 'ok') continue
    assert.equal(byReason[verdict], arena.verdicts.get(verdict) ?? 0, verdict)
    counted += byReason[verdict]
  }
  assert.equal(counted, arena.injected)
}

function survive(arena: Arena, packets: number): void {
  for (let batch = 1; arena.injected < packets; batch++) {
    arena.attack(BATCH)
    if (batch % 4 === 0) arena.feed()
    arena.run(batch % 100 === 0 ? 3_000_000 : batch % 10 === 0 ? 300_000 : 2000)
    if (batch % 40 === 0) arena.check()
  }
  arena.check()
  arena.finish()
  assert.deepEqual(arena.host.occupancy, NOTHING_HELD)
  assert.deepEqual(arena.peer.occupancy, NOTHING_HELD)
  assertCounted(arena)
}

for (const [liveTimestamps, packets] of [
  [true, 700_000],
  [false, 300_000],
] as const) {
  test(`${packets} hostile packets, live connections with${liveTimestamps ? '' : 'out'} timestamps`, (t) => {
    const arena = new Arena(liveTimestamps ? 1 : 2, { liveTimestamps })
    survive(arena, packets)
    const { made } = arena.mutator
    const heard = arena.live.flat().reduce((sum, end) => sum + end.heard, 0)
    t.diagnostic(
      `${JSON.stringify(made)}, ${arena.toLive} to live sockets, ${arena.doomed} connections of the attacker`,
    )
    t.diagnostic(`${heard} octets of live text, drops ${JSON.stringify(arena.host.counters.byReason)}`)
    // The attack must have been one: it got past the decoders, and tried nearly everything that can be refused.
    assert.ok((arena.verdicts.get('ok') ?? 0) > packets / 2)
    assert.ok(arena.doomed > packets / 200 && arena.toLive > packets / 50)
    const { byReason } = arena.host.counters
    const never = Object.keys(DROP_REASONS).filter(
      (reason) => byReason[reason as keyof typeof byReason] === 0,
    )
    assert.ok(never.length < 8, `never refused: ${never.join(', ')}`)
    assert.ok(heard > packets * 5)
  })
}
