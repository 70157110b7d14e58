/** Why captured segments were sent, where form and time alone would say something untrue. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureRecord } from '../../src/capture/record.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { FlowRecorder } from '../../src/flows/flow-recorder.ts'
import { FlowTracker } from '../../src/flows/flow-tracker.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { LINKTYPE_RAW } from '../../src/wire/linktype.ts'
import { ACK, FIN, PSH, RST, SYN } from '../../src/wire/segment.ts'
import { type End, ipPacket } from './random-frames.ts'

const ENDS = {
  client: { address: [192, 0, 2, 1], port: 50000 },
  server: { address: [192, 0, 2, 2], port: 80 },
} as const satisfies Record<string, End>

interface Sent {
  readonly ms: number
  readonly from: keyof typeof ENDS
  readonly flags: number
  readonly seq: number
  readonly ack?: number
  readonly length?: number
  readonly window?: number
  /** IP's identification, where it is not that of the next packet. */
  readonly identification?: number
}

/** Why each was sent, as it is inferred. */
function reasonsOf(sent: readonly Sent[]): string[] {
  const flow = new FlowRecorder(100)
  const analysis = new SequenceAnalysis()
  const tracker = new FlowTracker(() => {})
  const dissector = new Dissector((packet, tcp) => {
    const said = analysis.analyze(packet, tcp)
    flow.packet(packet, tcp, said, tracker.packet(packet, tcp, said))
  })
  for (const [k, each] of sent.entries()) {
    const { ms, from, flags, seq, ack = 0, length = 0, window = 5000, identification = k + 1 } = each
    const to = ENDS[from === 'client' ? 'server' : 'client']
    const text = new Uint8Array(length)
    const bytes = ipPacket(
      { from: ENDS[from], to, seq, ack, flags, window, options: [], text },
      identification,
    )
    const record = new CaptureRecord()
    record.number = k + 1
    record.linkType = LINKTYPE_RAW
    record.bytes = bytes
    record.view = new DataView(bytes.buffer)
    record.length = record.originalLength = bytes.length
    record.seconds = Math.floor(ms / 1000)
    record.nanoseconds = Math.round((ms % 1000) * 1e6)
    dissector.dissect(record)
  }
  return flow.events.flatMap((event) => (event.kind === 'sent' ? [event.reason] : []))
}

/** A handshake of so many milliseconds, seen at the client. */
const handshake = (rtt: number): Sent[] => [
  { ms: 0, from: 'client', flags: SYN, seq: 0 },
  { ms: rtt, from: 'server', flags: SYN | ACK, seq: 100, ack: 1 },
  { ms: rtt + 0.1, from: 'client', flags: ACK, seq: 1, ack: 101 },
]
const OPENED = ['syn', 'syn-ack', 'handshake-ack']

test('an acknowledgment that only took the way there and back was not put off', () => {
  const request: Sent = { ms: 1000, from: 'client', flags: ACK | PSH, seq: 1, ack: 101, length: 10 }
  const answer = (ms: number): Sent => ({ ms, from: 'server', flags: ACK, seq: 101, ack: 11 })
  const told = (rtt: number, waited: number) =>
    reasonsOf([...handshake(rtt), request, answer(1000 + waited)]).at(-1)
  assert.equal(told(80, 82), 'quick-ack')
  assert.equal(told(80, 122), 'delayed-ack')
  assert.equal(told(2, 42), 'delayed-ack')
})

test('Linux asks of a closed window with a number before it: that is no keep-alive', () => {
  const told = (window: number) =>
    reasonsOf([
      ...handshake(20),
      { ms: 100, from: 'server', flags: ACK | PSH, seq: 101, ack: 1, length: 5000 },
      { ms: 100.1, from: 'client', flags: ACK, seq: 1, ack: 5101, window },
      { ms: 400, from: 'server', flags: ACK, seq: 5100, ack: 1 },
      { ms: 400.1, from: 'client', flags: ACK, seq: 1, ack: 5101, window },
    ]).slice(OPENED.length + 2)
  assert.deepEqual(told(0), ['zero-window-probe', 'unacceptable-ack'])
  assert.deepEqual(told(4000), ['keep-alive', 'unacceptable-ack'])
})

test('text of a SYN that the SYN,ACK did not take was no loss: it is sent again at once', () => {
  const opened = (taken: number): Sent[] => [
    { ms: 0, from: 'client', flags: SYN, seq: 0, length: 500 },
    { ms: 20, from: 'server', flags: SYN | ACK, seq: 100, ack: 1 + taken },
  ]
  const again: Sent = { ms: 20.1, from: 'client', flags: ACK | PSH, seq: 1, ack: 101, length: 500 }
  assert.equal(reasonsOf([...opened(0), again]).at(-1), 'fast-open-refused')
  const twice = reasonsOf([...opened(0), again, { ...again, ms: 400 }])
  assert.equal(twice.at(-1), 'retransmission-timeout')
  const more: Sent = { ms: 20.1, from: 'client', flags: ACK | PSH, seq: 501, ack: 101, length: 500 }
  assert.equal(reasonsOf([...opened(500), more]).at(-1), 'new-data')
})

test('a segment with neither ACK nor SYN nor RST is no acknowledgment and closes nothing', () => {
  const told = (flags: number) =>
    reasonsOf([...handshake(20), { ms: 50, from: 'client', flags, seq: 1 }]).at(-1)
  assert.equal(told(0), 'without-ack')
  assert.equal(told(FIN), 'without-ack')
  assert.equal(told(FIN | ACK), 'fin')
})

test('behind its reset, and with the number that it was asked with, an end has no connection', () => {
  const request: Sent = { ms: 100, from: 'client', flags: ACK | PSH, seq: 1, ack: 101, length: 10 }
  const reset = (ms: number, seq: number): Sent => ({ ms, from: 'server', flags: RST, seq, window: 0 })
  const twice = reasonsOf([...handshake(20), request, reset(101, 101), reset(102, 101)])
  assert.deepEqual(twice.slice(-2), ['reset-no-connection', 'reset-no-connection'])
  const answer: Sent = { ms: 101, from: 'server', flags: ACK | PSH, seq: 101, ack: 1, length: 10 }
  const late = (seq: number) => reasonsOf([...handshake(20), request, answer, reset(102, seq)]).at(-1)
  assert.equal(late(101), 'reset-no-connection')
  assert.equal(late(111), 'reset-abort')
})

test('an answer to what came again acknowledges nothing beyond a gap', () => {
  const request: Sent = { ms: 100, from: 'client', flags: ACK | PSH, seq: 1, ack: 101, length: 10 }
  const answer: Sent = { ms: 120, from: 'server', flags: ACK, seq: 101, ack: 11 }
  const again = (first: Sent, second: Sent): string[] =>
    reasonsOf([...handshake(20), request, answer, { ...first, ms: 400 }, { ...second, ms: 420 }]).slice(-2)
  assert.deepEqual(again(request, answer), ['retransmission-timeout', 'unacceptable-ack'])
  // A gap: the octets from 11 to 20 have not come.
  const beyond: Sent = { ...request, seq: 21 }
  assert.deepEqual(again(beyond, answer), ['new-data', 'out-of-order-ack'])
})

test('duplicate acknowledgments, not a timer, made the sender send again; sooner than any timer nothing tells', () => {
  const data = (ms: number, seq: number): Sent => ({
    ms,
    from: 'client',
    flags: ACK,
    seq,
    ack: 101,
    length: 10,
  })
  const same = (ms: number): Sent => ({ ms, from: 'server', flags: ACK, seq: 101, ack: 1 })
  const flight = [1, 11, 21, 31].map((seq, k) => data(100 + k / 10, seq))
  const heard = [120, 120.1, 120.2, 120.3].map(same)
  assert.equal(reasonsOf([...handshake(20), ...flight, ...heard, data(121, 1)]).at(-1), 'fast-retransmit')
  const fin: Sent = { ms: 100, from: 'client', flags: FIN | ACK, seq: 1, ack: 101 }
  assert.equal(reasonsOf([fin, { ...fin, ms: 100.1 }]).at(-1), 'sent-again')
  assert.equal(reasonsOf([fin, { ...fin, ms: 300 }]).at(-1), 'retransmission-timeout')
})

test('a FIN that goes again with the acknowledgment of the other one acknowledges it', () => {
  const fin = (ms: number, from: Sent['from'], ack: number): Sent => {
    return { ms, from, flags: FIN | ACK, seq: from === 'client' ? 1 : 101, ack }
  }
  const crossed = [fin(100, 'client', 101), fin(110, 'server', 1), fin(110.1, 'client', 102)]
  assert.deepEqual(reasonsOf([...handshake(20), ...crossed]).slice(-3), ['fin', 'fin', 'fin-ack'])
})

test('the same identification makes a copy of what comes soon and says the same, of nothing else', () => {
  const syn = (ms: number): Sent => ({ ms, from: 'client', flags: SYN, seq: 0, identification: 7 })
  assert.deepEqual(reasonsOf([syn(0), syn(50)]), ['syn', 'syn'])
  assert.deepEqual(reasonsOf([syn(0), syn(2000)]), ['syn', 'retransmission-timeout'])
  const fin: Sent = { ms: 100, from: 'client', flags: FIN | ACK, seq: 1, ack: 101, identification: 8 }
  const told = (ack: number) => reasonsOf([...handshake(20), fin, { ...fin, ms: 110, ack }]).at(-1)
  assert.equal(told(101), 'fin')
  assert.equal(told(99), 'retransmission-timeout')
})
