/** Brings a connection into any of the eleven states, by the RFC's shortest way and with known numbers. */

import assert from 'node:assert/strict'
import type { StateName } from '../../src/trace/states.ts'
import { Endpoint, type EndpointOptions, established } from './endpoint.ts'

/** Octets of text that the peer had delivered before, so that there is something to the left of the window. */
export const DELIVERED = 20
/** The receive buffer, and the right edge of the window in every state: too little was read to move it (SHLD-14). */
export const WINDOW = 1000
export const EDGE = 1 + WINDOW

export const ALL_STATES: readonly StateName[] = [
  'CLOSED',
  'LISTEN',
  'SYN-SENT',
  'SYN-RECEIVED',
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'CLOSING',
  'LAST-ACK',
  'TIME-WAIT',
]

/** Where a connection that `reach` brought to a state stands. Numbers are relative. */
export interface Standing {
  readonly ep: Endpoint
  /** RCV.NXT; where there is none yet, the number after the SYN to come. */
  readonly next: number
  /** SND.UNA and SND.NXT. */
  readonly una: number
  readonly nxt: number
}

export interface ReachOptions extends EndpointOptions {
  /** SYN-RECEIVED by a simultaneous open, synchronized states by an active OPEN; default: passive, except SYN-SENT. */
  readonly active?: boolean
}

export function reach(state: StateName, options: ReachOptions = {}): Standing {
  const { active, ...rest } = { receiveBufferBytes: WINDOW, ...options }
  const ep = opened(state, rest, active === true)
  const synchronized = ALL_STATES.indexOf(state) >= 4
  if (synchronized) closeTowards(state, ep)
  assert.equal(ep.state, state)
  ep.expectNothing()
  ep.takeEvents()
  const { iss, tcb } = ep
  const next = synchronized ? 1 + DELIVERED + (PEER_CLOSED.has(state) ? 1 : 0) : 1
  if (state === 'CLOSED' || state === 'LISTEN') return { ep, next, una: 0, nxt: 0 }
  return { ep, next, una: (tcb.snd.una - iss) | 0, nxt: (tcb.snd.nxt - iss) | 0 }
}

const PEER_CLOSED: ReadonlySet<StateName> = new Set(['CLOSE-WAIT', 'CLOSING', 'LAST-ACK', 'TIME-WAIT'])

function opened(state: StateName, options: EndpointOptions, active: boolean): Endpoint {
  if (state === 'CLOSED') return new Endpoint(options)
  if (state === 'LISTEN') return new Endpoint(options).listen()
  if (state === 'SYN-SENT' || (state === 'SYN-RECEIVED' && active)) {
    const ep = new Endpoint(options).connect()
    ep.expect({ flags: 'S', seq: 0 })
    if (state === 'SYN-SENT') return ep
    ep.inject({ flags: 'S', seq: 0, mss: 1460 }).expect({ flags: 'SA', seq: 0, ack: 1 })
    return ep
  }
  if (state === 'SYN-RECEIVED') {
    const ep = new Endpoint(options).listen().inject({ flags: 'S', seq: 0, mss: 1460 })
    ep.expect({ flags: 'SA', seq: 0, ack: 1 })
    return ep
  }
  const ep = established({ ...options, passive: !active })
  ep.inject({ seq: 1, ack: 1, text: DELIVERED })
    .advance(500)
    .expect({ flags: 'A', ack: 1 + DELIVERED })
  assert.equal(ep.receive().length, DELIVERED)
  return ep
}

/** From ESTABLISHED on. */
function closeTowards(state: StateName, ep: Endpoint): void {
  const fin = 1 + DELIVERED
  if (state === 'ESTABLISHED') return
  if (state === 'CLOSE-WAIT' || state === 'LAST-ACK') {
    ep.inject({ flags: 'FA', seq: fin, ack: 1 }).expect({ flags: 'A', seq: 1, ack: fin + 1 })
    if (state === 'LAST-ACK') ep.close().expect({ flags: 'FA', seq: 1, ack: fin + 1 })
    return
  }
  ep.close().expect({ flags: 'FA', seq: 1, ack: fin })
  if (state === 'FIN-WAIT-1') return
  if (state === 'CLOSING') {
    ep.inject({ flags: 'FA', seq: fin, ack: 1 }).expect({ flags: 'A', seq: 2, ack: fin + 1 })
    return
  }
  ep.inject({ seq: fin, ack: 2 })
  if (state === 'TIME-WAIT') {
    ep.inject({ flags: 'FA', seq: fin, ack: 2 }).expect({ flags: 'A', seq: 2, ack: fin + 1 })
  }
}
