/** Applications for two stacks on a wire: each connection has a plan for both of its ends, and what it heard is checked. */

import assert from 'node:assert/strict'
import type { HostedConnection } from '../../src/stack/hosted-connection.ts'
import type { Listener } from '../../src/stack/listener.ts'
import { CONNECTED, GONE, PEER_CLOSED, READABLE, WRITABLE } from '../../src/tcp/signals.ts'
import { CLOSED } from '../../src/tcp/state.ts'
import type { CloseReason } from '../../src/trace/reasons.ts'
import type { Application, Side } from './wire-harness.ts'

/** What an end does after it has sent its octets. */
export type Ending = 'close' | 'release' | 'abort' | 'wait for the other'

export interface EndPlan {
  /** Octets to send. */
  readonly octets: number
  readonly ending: Ending
}

export interface Plan {
  /** The end that opens, and the end that accepts. */
  readonly client: EndPlan
  readonly server: EndPlan
}

export class End {
  readonly plan: EndPlan
  readonly seed: number
  sent = 0
  heard = 0
  ended = false
  closeReason: CloseReason | null = null
  /** Octets that were not those expected at their place. */
  wrong = 0

  constructor(plan: EndPlan, seed: number) {
    this.plan = plan
    this.seed = seed
  }
}

const SCRATCH = new Uint8Array(16_384)

/** The octet at a place in the stream of one direction. */
function octetOf(seed: number, place: number): number {
  return (Math.imul(place + seed, 0x9e3779b1) >>> 24) & 255
}

export class Workload implements Application {
  /** [client, server] of each connection. */
  readonly ends: [End, End][] = []
  readonly #stackOf: (side: Side) => { accept(listener: Listener): HostedConnection | null }
  /** The server's end, by the port of the client. */
  readonly #expected = new Map<string, End>()

  constructor(stackOf: (side: Side) => { accept(listener: Listener): HostedConnection | null }) {
    this.#stackOf = stackOf
  }

  /** A client connection was opened: this is what its two ends will do. */
  begin(connection: HostedConnection, side: Side, plan: Plan): void {
    const number = this.ends.length
    const ends: [End, End] = [new End(plan.client, 2 * number), new End(plan.server, 2 * number + 1)]
    this.ends.push(ends)
    connection.owner = ends[0]
    this.#expected.set(`${side} ${connection.tcb.path.localPort}`, ends[1])
  }

  onListener(listener: Listener, side: Side): void {
    const other = side === 'a' ? 'b' : 'a'
    for (;;) {
      const connection = this.#stackOf(side).accept(listener)
      if (connection === null) return
      const end = this.#expected.get(`${other} ${connection.tcb.path.remotePort}`)
      assert.ok(end !== undefined, 'a connection that nobody opened')
      connection.owner = end
    }
  }

  onConnection(connection: HostedConnection, events: number): void {
    const end = connection.owner as End
    assert.ok(end instanceof End)
    if ((events & (READABLE | PEER_CLOSED | GONE)) !== 0) this.#read(connection, end)
    if ((events & (CONNECTED | WRITABLE)) !== 0) this.#write(connection, end)
    if ((events & PEER_CLOSED) !== 0 && end.plan.ending === 'wait for the other')
      this.#end(connection, end, 'close')
    if ((events & GONE) !== 0) {
      assert.equal(connection.state, CLOSED)
      assert.equal(end.closeReason, null, 'an end that ends twice')
      end.closeReason = connection.closeReason
    }
  }

  #read(connection: HostedConnection, end: End): void {
    const peer = end.seed ^ 1
    for (let n = connection.receive(SCRATCH); n > 0; n = connection.receive(SCRATCH)) {
      for (let i = 0; i < n; i++) if (SCRATCH[i] !== octetOf(peer, end.heard + i)) end.wrong++
      end.heard += n
    }
  }

  #write(connection: HostedConnection, end: End): void {
    while (end.sent < end.plan.octets && !end.ended && connection.state !== CLOSED) {
      const n = Math.min(SCRATCH.length, end.plan.octets - end.sent)
      for (let i = 0; i < n; i++) SCRATCH[i] = octetOf(end.seed, end.sent + i)
      const taken = connection.send(SCRATCH, 0, n)
      end.sent += taken
      if (taken < n) return
    }
    if (end.plan.ending !== 'wait for the other') this.#end(connection, end, end.plan.ending)
    else if (connection.tcb.rcv.finSeen && connection.atEndOfStream) this.#end(connection, end, 'close')
  }

  #end(connection: HostedConnection, end: End, how: 'close' | 'release' | 'abort'): void {
    if (end.ended || end.sent < end.plan.octets || connection.state === CLOSED) return
    end.ended = true
    connection[how]()
  }
}
