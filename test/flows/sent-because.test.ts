/** Why captured segments were sent, where form and time alone would say something untrue. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureRecord } from '../../src/capture/record.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { FlowRecorder } from '../../src/flows/flow-recorder.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { LINKTYPE_RAW } from '../../src/wire/linktype.ts'
import { ACK, PSH, SYN } from '../../src/wire/segment.ts'
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
}

/** Why each was sent, as it is inferred. */
function reasonsOf(sent: readonly Sent[]): string[] {
  const flow = new FlowRecorder(100)
  const analysis = new SequenceAnalysis()
  const dissector = new Dissector((packet, tcp) => flow.packet(packet, tcp, analysis.analyze(packet, tcp)))
  for (const [k, { ms, from, flags, seq, ack = 0, length = 0, window = 5000 }] of sent.entries()) {
    const to = ENDS[from === 'client' ? 'server' : 'client']
    const text = new Uint8Array(length)
    const bytes = ipPacket({ from: ENDS[from], to, seq, ack, flags, window, options: [], text }, k + 1)
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
