/**
 * Every row of TRANSITIONS has a scenario that takes it, and does what the row says. A row without a scenario, a
 * scenario without a row and a row that its scenario does not take all fail.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptsNewIncarnation } from '../../src/tcp/acceptance.ts'
import { enterClosed } from '../../src/tcp/closing.ts'
import { ESTABLISHED, enterState, LISTEN, TRANSITIONS } from '../../src/tcp/state.ts'
import type { StateName, Transition } from '../../src/trace/states.ts'
import { Segment } from '../../src/wire/segment.ts'
import type { Endpoint } from './endpoint.ts'
import { type ReachOptions, reach, type Standing } from './states.ts'

interface Scenario {
  readonly options?: ReachOptions
  readonly play: (ep: Endpoint, at: Standing) => unknown
  /** Why the connection is gone, where it is and the cause alone does not say. */
  readonly reason?: string
}

const LONG_MS = 700_000

function play(run: Scenario['play'], options: ReachOptions = {}): Scenario {
  return { play: run, options }
}

const rst: Scenario = {
  play: (ep, { next }) => ep.inject({ flags: 'R', seq: next }),
  reason: 'reset-by-peer',
}
const close = play((ep) => ep.close())
const abort: Scenario = { play: (ep) => ep.abort(), reason: 'aborted-by-user' }
const fin = play((ep, { next, una }) => ep.inject({ flags: 'FA', seq: next, ack: una }))
const ackOfAll = play((ep, { next, nxt }) => ep.inject({ seq: next, ack: nxt }))
const icmp: Scenario = {
  options: { active: true },
  play: (ep) => icmpHard(ep),
  reason: 'port-unreachable',
}
/** Nobody answers any more. */
const silence: Scenario = { play: (ep) => ep.advance(LONG_MS), reason: 'retransmission-limit' }
const silenceAfterSend: Scenario = {
  play: (ep) => {
    ep.send('unheard')
    ep.advance(LONG_MS)
  },
  reason: 'retransmission-limit',
}
const silenceOpening: Scenario = { play: (ep) => ep.advance(LONG_MS), reason: 'connect-timeout' }

const SCENARIOS: Record<string, Scenario> = {
  'CLOSED LISTEN passive-open': play((ep) => ep.listen()),
  'CLOSED SYN-SENT active-open': play((ep) => ep.connect()),
  'LISTEN SYN-SENT active-open': play((ep) => {
    ep.tcb.path.remotePort = 80
    ep.connect()
  }),
  'LISTEN SYN-SENT send': play((ep) => {
    ep.tcb.path.remotePort = 80
    ep.tcb.remoteSpecified = true
    ep.send('first')
  }),
  'LISTEN SYN-RECEIVED syn': play((ep) => ep.inject({ flags: 'S', seq: 0 })),
  'LISTEN CLOSED close': { ...close, reason: 'closed-by-user' },
  'LISTEN CLOSED abort': abort,
  'SYN-SENT ESTABLISHED syn-ack': play((ep) => ep.inject({ flags: 'SA', seq: 0, ack: 1 })),
  'SYN-SENT SYN-RECEIVED syn': play((ep) => ep.inject({ flags: 'S', seq: 0 })),
  'SYN-SENT CLOSED close': { ...close, reason: 'closed-by-user' },
  'SYN-SENT CLOSED abort': abort,
  'SYN-SENT CLOSED refused': {
    play: (ep) => ep.inject({ flags: 'RA', seq: 0, ack: 1 }),
    reason: 'connection-refused',
  },
  'SYN-SENT CLOSED icmp': icmp,
  'SYN-SENT CLOSED give-up': silenceOpening,
  'SYN-RECEIVED ESTABLISHED ack-of-syn': ackOfAll,
  'SYN-RECEIVED FIN-WAIT-1 close': close,
  'SYN-RECEIVED LISTEN rst': { play: rst.play },
  'SYN-RECEIVED LISTEN syn-in-window': play((ep, { next }) => ep.inject({ flags: 'S', seq: next + 9 })),
  'SYN-RECEIVED CLOSED refused': { options: { active: true }, play: rst.play, reason: 'connection-refused' },
  'SYN-RECEIVED CLOSED icmp': icmp,
  'SYN-RECEIVED CLOSED give-up': silenceOpening,
  'SYN-RECEIVED CLOSED abort': abort,
  'ESTABLISHED FIN-WAIT-1 close': close,
  'ESTABLISHED CLOSE-WAIT fin': fin,
  'ESTABLISHED CLOSED rst': rst,
  'ESTABLISHED CLOSED give-up': silenceAfterSend,
  'ESTABLISHED CLOSED abort': abort,
  'FIN-WAIT-1 FIN-WAIT-2 ack-of-fin': ackOfAll,
  'FIN-WAIT-1 CLOSING fin': fin,
  'FIN-WAIT-1 CLOSED rst': rst,
  'FIN-WAIT-1 CLOSED give-up': silence,
  'FIN-WAIT-1 CLOSED abort': abort,
  'FIN-WAIT-2 TIME-WAIT fin': fin,
  'FIN-WAIT-2 CLOSED fin-wait-2-timeout': {
    play: (ep) => ep.release().advance(LONG_MS),
    reason: 'fin-wait-2-timeout',
  },
  'FIN-WAIT-2 CLOSED rst': rst,
  'FIN-WAIT-2 CLOSED give-up': {
    options: { keepAlive: true, keepAliveIdleMs: 1000, keepAliveIntervalMs: 1000 },
    play: (ep) => ep.advance(LONG_MS),
    reason: 'keep-alive-timeout',
  },
  'FIN-WAIT-2 CLOSED abort': abort,
  'CLOSE-WAIT LAST-ACK close': close,
  'CLOSE-WAIT CLOSED rst': rst,
  'CLOSE-WAIT CLOSED give-up': silenceAfterSend,
  'CLOSE-WAIT CLOSED abort': abort,
  'CLOSING TIME-WAIT ack-of-fin': ackOfAll,
  'CLOSING CLOSED rst': rst,
  'CLOSING CLOSED give-up': silence,
  'CLOSING CLOSED abort': abort,
  'LAST-ACK CLOSED ack-of-fin': { ...ackOfAll, reason: 'closed-normally' },
  'LAST-ACK CLOSED rst': rst,
  'LAST-ACK CLOSED give-up': silence,
  'LAST-ACK CLOSED abort': abort,
  'TIME-WAIT CLOSED time-wait-timeout': {
    play: (ep) => ep.advance(2 * ep.tcb.config.mslMs),
    reason: 'closed-normally',
  },
  'TIME-WAIT CLOSED reuse': { play: giveWay, reason: 'time-wait-reused' },
  'TIME-WAIT CLOSED abort': abort,
}

function icmpHard(ep: Endpoint): void {
  ep.connection.handleIcmp('port-unreachable', ep.iss, 0, 60)
  ep.advance(0)
}

/** What the stack does with a SYN of a new incarnation. */
function giveWay(ep: Endpoint, { next }: Standing): void {
  const seg = new Segment()
  seg.flags = 2
  seg.seq = (ep.irs + next + 1) | 0
  assert.ok(acceptsNewIncarnation(ep.tcb, seg))
  enterClosed(ep.tcb, 'reuse', 'time-wait-reused')
}

/** What the row says is sent. Give-ups send nothing or a reset, by their reason. */
function flagsSaid(row: Transition): string | null {
  if (row.cause === 'give-up') return null
  const said = /snd ([A-Z]+(?:,ACK)?)/.exec(row.action)?.[1]
  if (said === undefined) return ''
  return { SYN: 'S', 'SYN,ACK': 'SA', ACK: 'A', FIN: 'FA', RST: 'R' }[said] ?? said
}

for (const version of [4, 6] as const) {
  for (const row of TRANSITIONS) {
    const name = `${row.from} ${row.to} ${row.cause}`
    test(`RFC 9293 3.3.2: ${row.from} to ${row.to} by ${row.cause}, IPv${version}`, () => {
      const scenario = SCENARIOS[name]
      assert.ok(scenario !== undefined, `no scenario takes ${name}`)
      const at = reach(row.from, { ...scenario.options, version })
      const before = at.ep.transitions.length
      scenario.play(at.ep, at)
      assert.deepEqual(at.ep.transitions.slice(before), [name])
      assert.equal(at.ep.state, row.to)
      const said = flagsSaid(row)
      if (said !== null) {
        assert.equal(at.ep.takeSent().at(-1)?.flags ?? '', said, `the row says: ${row.action}`)
      }
      if (row.to === 'CLOSED') assert.equal(at.ep.connection.closeReason, scenario.reason)
    })
  }
}

test('each scenario belongs to a row, and no row stands twice', () => {
  const rows = TRANSITIONS.map((row) => `${row.from} ${row.to} ${row.cause}`)
  assert.equal(new Set(rows).size, rows.length)
  assert.deepEqual(Object.keys(SCENARIOS).sort(), rows.sort())
})

test('an arrow that the table does not have is refused as a defect of ours', () => {
  const { ep } = reach('LISTEN')
  assert.throws(() => enterState(ep.tcb, ESTABLISHED, 'syn'), /no transition from LISTEN to ESTABLISHED/)
  assert.throws(() => enterState(ep.tcb, LISTEN, 'passive-open'), /no transition/)
  assert.equal(ep.state, 'LISTEN')
})

test('figure 5 of RFC 9293: every arrow of it stands in the table', () => {
  const FIGURE_5: readonly (readonly [StateName, StateName])[] = [
    ['CLOSED', 'LISTEN'],
    ['CLOSED', 'SYN-SENT'],
    ['LISTEN', 'CLOSED'],
    ['LISTEN', 'SYN-SENT'],
    ['LISTEN', 'SYN-RECEIVED'],
    ['SYN-SENT', 'CLOSED'],
    ['SYN-SENT', 'SYN-RECEIVED'],
    ['SYN-SENT', 'ESTABLISHED'],
    ['SYN-RECEIVED', 'LISTEN'],
    ['SYN-RECEIVED', 'FIN-WAIT-1'],
    ['SYN-RECEIVED', 'ESTABLISHED'],
    ['ESTABLISHED', 'FIN-WAIT-1'],
    ['ESTABLISHED', 'CLOSE-WAIT'],
    ['FIN-WAIT-1', 'FIN-WAIT-2'],
    ['FIN-WAIT-1', 'CLOSING'],
    ['CLOSE-WAIT', 'LAST-ACK'],
    ['FIN-WAIT-2', 'TIME-WAIT'],
    ['CLOSING', 'TIME-WAIT'],
    ['LAST-ACK', 'CLOSED'],
    ['TIME-WAIT', 'CLOSED'],
  ]
  for (const [from, to] of FIGURE_5) {
    assert.ok(
      TRANSITIONS.some((row) => row.from === from && row.to === to),
      `${from} to ${to}`,
    )
  }
})
