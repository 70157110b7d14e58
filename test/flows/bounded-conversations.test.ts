/** An analysis that holds few conversations says of each packet what one says that holds all, while the open ones fit. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Packet, TcpFields } from '../../src/dissect/packet.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { Random } from '../../src/sim/random.ts'
import { ACK, FIN, PSH, SYN } from '../../src/wire/segment.ts'

const OPEN = 40
const BOUND = 400
const CONNECTIONS = 5000

/** Who sends, flags, relative numbers and octets of each packet of a connection; the sixth comes again. */
const STEPS: readonly [fromA: boolean, flags: number, seq: number, ack: number, text: number][] = [
  [true, SYN, 0, 0, 0],
  [false, SYN | ACK, 0, 1, 0],
  [true, ACK, 1, 1, 0],
  [true, PSH | ACK, 1, 1, 10],
  [false, ACK, 1, 11, 0],
  [false, PSH | ACK, 1, 11, 20],
  [false, PSH | ACK, 1, 11, 20],
  [true, ACK, 11, 21, 0],
  [true, FIN | ACK, 11, 21, 0],
  [false, FIN | ACK, 21, 12, 0],
  [true, ACK, 12, 22, 0],
]

function fill(packet: Packet, tcp: TcpFields, connection: number, step: number): void {
  const [fromA, flags, seq, ack, text] = STEPS[step]!
  const isn = Math.imul(connection, 0x9e3779b1)
  const client = 0x0a00_0000 + (connection % 7)
  packet.version = 4
  packet.src3 = fromA ? client : 0x0a80_0001
  packet.dst3 = fromA ? 0x0a80_0001 : client
  const port = 1024 + (connection % 3000)
  tcp.sourcePort = fromA ? port : 80
  tcp.destinationPort = fromA ? 80 : port
  tcp.flags = flags
  tcp.seq = (isn + (fromA ? 0 : 77) + seq) | 0
  tcp.ack = flags === SYN ? 0 : (isn + (fromA ? 77 : 0) + ack) | 0
  tcp.headerLength = 20
  tcp.held = 20 + text
  tcp.window = 1000
  tcp.textLength = text
  tcp.textHeld = text
}

test('streams and flags of five thousand conversations, with words for 400', () => {
  const random = new Random('bounded conversations')
  const all = new SequenceAnalysis()
  const few = new SequenceAnalysis(BOUND)
  const packet = new Packet()
  const tcp = new TcpFields()
  const open: { connection: number; step: number }[] = []
  let started = 0
  while (started < CONNECTIONS || open.length > 0) {
    if (started < CONNECTIONS && open.length < OPEN) open.push({ connection: started++, step: 0 })
    const index = random.range(0, open.length - 1)
    const one = open[index]!
    fill(packet, tcp, one.connection, one.step++)
    packet.number++
    packet.nanoseconds += 20_000_000
    if (packet.nanoseconds >= 1e9) {
      packet.seconds++
      packet.nanoseconds -= 1e9
    }
    const { stream, flags, seq, ack, acksFrame, bytesInFlight } = all.analyze(packet, tcp)
    const other = few.analyze(packet, tcp)
    assert.deepEqual(
      [other.stream, other.flags, other.seq, other.ack, other.acksFrame, other.bytesInFlight],
      [stream, flags, seq, ack, acksFrame, bytesInFlight],
      `packet ${packet.number}, step ${one.step - 1} of connection ${one.connection}`,
    )
    if (one.step === STEPS.length) open.splice(index, 1)
  }
  assert.equal(few.conversations.count, CONNECTIONS)
})
