/** Each invariant, broken by hand: it is found, named, and not found a step before. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NEVER } from '../../src/tcp/clock.ts'
import { brokenInvariant } from '../../src/tcp/invariants.ts'
import type { Tcb } from '../../src/tcp/tcb.ts'
import { Endpoint, established } from './endpoint.ts'
import { reach } from './states.ts'

/** Text sent and not acknowledged. */
function sending(octets = 10): Tcb {
  const ep = established()
  ep.send(octets)
  return ep.tcb
}

/** Text waits behind a closed window, and the persist timer runs. */
function waiting(): Tcb {
  const ep = established()
  ep.inject({ win: 0 }).send(5)
  assert.equal(ep.takeSent().length, 0)
  return ep.tcb
}

const closed = () => new Endpoint().tcb
const idle = () => established().tcb

/** What is broken: a connection in order, the change that breaks nothing yet (or null), and the one that does. */
const BREAKS: [
  sentence: string,
  sound: () => Tcb,
  still: ((tcb: Tcb) => void) | null,
  broken: (tcb: Tcb) => void,
][] = [
  [
    'a timer runs without a TCB',
    closed,
    null,
    (tcb) => {
      tcb.timers.user = 5
    },
  ],
  [
    'a timer runs without a TCB',
    () => new Endpoint().listen().tcb,
    null,
    (tcb) => {
      tcb.timers.finalWait = 5
    },
  ],
  [
    'octets wait to be sent without a TCB',
    closed,
    null,
    (tcb) => void tcb.sendBuffer.write(new Uint8Array(1), 0, 1),
  ],
  [
    'CLOSED without a reason',
    closed,
    (tcb) => {
      tcb.drops = 1
      tcb.closeReason = 'reset-by-peer'
    },
    (tcb) => {
      tcb.closeReason = null
    },
  ],
  [
    'SND.UNA is beyond SND.NXT',
    idle,
    null,
    (tcb) => {
      tcb.snd.una = (tcb.snd.nxt + 1) | 0
    },
  ],
  [
    'ESTABLISHED before our SYN was acknowledged',
    idle,
    null,
    (tcb) => {
      tcb.synAcknowledged = false
    },
  ],
  [
    'SND.NXT is beyond all that was queued',
    sending,
    null,
    (tcb) => {
      tcb.snd.nxt = (tcb.snd.end + 1) | 0
    },
  ],
  [
    'SND.NXT is beyond all that was queued',
    () => {
      const tcb = sending()
      tcb.closeRequested = true
      tcb.snd.nxt = (tcb.snd.end + 1) | 0
      return tcb
    },
    null,
    (tcb) => {
      tcb.snd.nxt = (tcb.snd.end + 2) | 0
    },
  ],
  [
    'the send buffer is over its bound',
    sending,
    (tcb) => {
      tcb.config = { ...tcb.config, sendBufferBytes: 10 }
    },
    (tcb) => {
      tcb.config = { ...tcb.config, sendBufferBytes: 9 }
    },
  ],
  [
    'the send buffer does not start at SND.UNA',
    sending,
    null,
    (tcb) => {
      tcb.snd.una = (tcb.snd.una + 1) | 0
    },
  ],
  [
    'octets before SND.END are not in the buffer',
    idle,
    null,
    (tcb) => {
      tcb.snd.end = (tcb.snd.end + 1) | 0
    },
  ],
  [
    'the lost range lies outside what is outstanding',
    sending,
    (tcb) => tcb.lost.takeAll(tcb.snd.una, tcb.snd.nxt),
    (tcb) => {
      tcb.lost.next = (tcb.snd.una - 1) | 0
    },
  ],
  [
    'the lost range lies outside what is outstanding',
    sending,
    (tcb) => {
      tcb.lost.takeAll(tcb.snd.nxt, tcb.snd.una)
      tcb.lost.active = false
    },
    (tcb) => {
      tcb.lost.active = true
    },
  ],
  [
    'the lost range ends beyond SND.NXT',
    sending,
    (tcb) => {
      tcb.lost.takeAll(tcb.snd.una, tcb.snd.nxt + 1)
      tcb.lost.active = false
    },
    (tcb) => {
      tcb.lost.active = true
    },
  ],
  [
    'cwnd is nothing',
    idle,
    (tcb) => {
      tcb.congestion.cwnd = 1
    },
    (tcb) => {
      tcb.congestion.cwnd = 0
    },
  ],
  [
    'MAX.SND.WND is below SND.WND',
    idle,
    (tcb) => {
      tcb.snd.max = tcb.snd.wnd
    },
    (tcb) => {
      tcb.snd.max = tcb.snd.wnd - 1
    },
  ],
  [
    'the MSS is nothing',
    idle,
    (tcb) => {
      tcb.mss = 1
    },
    (tcb) => {
      tcb.mss = 0
    },
  ],
  [
    'RCV.NXT is beyond the window offered',
    idle,
    (tcb) => {
      tcb.rcv.adv = tcb.rcv.nxt
    },
    (tcb) => {
      tcb.rcv.adv = (tcb.rcv.nxt - 1) | 0
    },
  ],
  [
    'more window is offered than the receive buffer holds',
    () => established().inject({ text: 10 }).advance(500).tcb,
    (tcb) => {
      tcb.rcv.adv = (tcb.rcv.nxt + tcb.receiveBuffer.capacity - 10) | 0
    },
    (tcb) => {
      tcb.rcv.adv = (tcb.rcv.nxt + tcb.receiveBuffer.capacity - 9) | 0
    },
  ],
  [
    'acknowledged beyond RCV.NXT',
    idle,
    (tcb) => {
      tcb.rcv.acked = tcb.rcv.nxt
    },
    (tcb) => {
      tcb.rcv.acked = (tcb.rcv.nxt + 1) | 0
    },
  ],
  [
    'RCV.NXT is beyond the FIN',
    () => reach('CLOSE-WAIT').ep.tcb,
    null,
    (tcb) => {
      tcb.rcv.fin = (tcb.rcv.fin - 1) | 0
    },
  ],
  [
    'a gap behind the FIN',
    () => reach('TIME-WAIT').ep.tcb,
    null,
    (tcb) => void tcb.receiveBuffer.insert(3, new Uint8Array(2), 0, 2),
  ],
  [
    'outstanding octets have no timer',
    sending,
    (tcb) => {
      tcb.timers.retransmission = NEVER
      tcb.owed.ack = 'delayed-ack'
    },
    (tcb) => {
      tcb.owed.ack = null
    },
  ],
  [
    'waiting octets have no timer',
    waiting,
    (tcb) => {
      tcb.timers.override = tcb.timers.retransmission
      tcb.timers.retransmission = NEVER
    },
    (tcb) => {
      tcb.timers.override = NEVER
    },
  ],
  [
    'waiting octets have no timer',
    () => established().inject({ win: 0 }).close().tcb,
    null,
    (tcb) => {
      tcb.timers.retransmission = NEVER
    },
  ],
  [
    'text will never be acknowledged',
    () => established().inject({ text: 10 }).tcb,
    (tcb) => {
      tcb.timers.delayedAck = NEVER
      tcb.owed.ack = 'delayed-ack'
    },
    (tcb) => {
      tcb.owed.ack = null
    },
  ],
  [
    'TIME-WAIT has no timer',
    () => reach('TIME-WAIT').ep.tcb,
    null,
    (tcb) => {
      tcb.timers.finalWait = NEVER
    },
  ],
  [
    'a FIN was passed over',
    idle,
    (tcb) => {
      tcb.rcv.fin = tcb.rcv.nxt
      tcb.rcv.finSeen = true
    },
    (tcb) => {
      tcb.rcv.fin = (tcb.rcv.nxt - 1) | 0
    },
  ],
]

for (const [i, [sentence, sound, still, broken]] of BREAKS.entries()) {
  test(`an invariant that does not hold is found (${i + 1}): ${sentence}`, () => {
    const tcb = sound()
    assert.equal(brokenInvariant(tcb), null)
    still?.(tcb)
    assert.equal(brokenInvariant(tcb), null, 'nothing is broken yet')
    broken(tcb)
    assert.equal(brokenInvariant(tcb), sentence)
  })
}

test('in LISTEN segments may be dropped without a reason to close; in SYN-SENT no window is promised yet', () => {
  const listening = new Endpoint().listen().tcb
  listening.drops = 1
  assert.equal(brokenInvariant(listening), null)
  const opening = new Endpoint().connect().tcb
  opening.rcv.adv = (opening.rcv.nxt - 1) | 0
  assert.equal(brokenInvariant(opening), null)
})
