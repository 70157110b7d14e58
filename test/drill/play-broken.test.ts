/** The drill must catch a stack that is broken: here it is Elko with each packet that it sends bent in one way. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ElkoStage } from '../../src/drill/elko-stage.ts'
import { parseScript } from '../../src/drill/parse-script.ts'
import { play } from '../../src/drill/player.ts'
import { settingsOf } from '../../src/drill/settings.ts'
import type { Answer, Request } from '../../src/drill/stage.ts'
import type { Verdict } from '../../src/drill/verdict.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { TCP_CHECKSUM, tcpChecksum } from '../../src/wire/tcp.ts'
import { ACCEPTED } from './plays.ts'

const SCRIPT = `${ACCEPTED}
+0 < P. 1:1001(1000) ack 1 win 257
+0 > . 1:1(0) ack 1001
+0 read(4, ..., 1000) = 1000
+.01 write(4, ..., 500) = 500
+0 > P. 1:501(500) ack 1001
+.1 < . 1001:1001(0) ack 501 win 257
+0 close(4) = 0
+0 > F. 501:501(0) ack 1001
`

/** Plays with a stage whose answers are bent. */
function playBent(bend: (request: Request, answer: Answer) => Answer): Verdict {
  const { script } = parseScript(SCRIPT, 'bent.pkt')
  const settings = settingsOf(script, [], 'linux')
  const stage = new ElkoStage(settings)
  const { play: steps } = play(script, settings)
  let step = steps.next()
  while (step.done !== true) step = steps.next(bend(step.value, stage.answer(step.value)))
  return step.value
}

/** Bends each packet behind the handshake; the checksum is right again afterwards unless it says otherwise. */
function bentPackets(bend: (tcp: DataView, octets: Uint8Array) => void, checksum = true): Verdict {
  let packets = 0
  return playBent((_, answer) => {
    if (answer.kind !== 'sniffed' || answer.packet === null || packets++ === 0) return answer
    const octets = answer.packet.slice()
    const ip = new IpHeader()
    assert.equal(decodeIp(octets, 0, octets.length, ip), 'ok')
    const view = new DataView(octets.buffer, ip.payloadOffset)
    bend(view, octets)
    if (checksum) {
      view.setUint16(TCP_CHECKSUM, 0)
      view.setUint16(
        TCP_CHECKSUM,
        tcpChecksum(octets, ip, ip.payloadOffset, octets.length - ip.payloadOffset),
      )
    }
    return { ...answer, packet: octets }
  })
}

function fieldsOf(verdict: Verdict): string[] {
  assert.equal(verdict.kind, 'failed', JSON.stringify(verdict))
  return verdict.kind === 'failed' ? verdict.failure.differences.map(({ field }) => field) : []
}

test('an honest stage passes the script that the broken ones fail', () => {
  assert.equal(playBent((_, answer) => answer).kind, 'passed')
  assert.equal(bentPackets(() => undefined).kind, 'passed')
})

test('a stack that acknowledges one octet too many, or sends one number too far, is caught', () => {
  assert.deepEqual(fieldsOf(bentPackets((tcp) => tcp.setInt32(8, tcp.getInt32(8) + 1))), ['ack'])
  assert.deepEqual(fieldsOf(bentPackets((tcp) => tcp.setInt32(4, tcp.getInt32(4) + 1))), ['seq'])
})

test('a stack that sets a flag too many, or an urgent pointer, is caught', () => {
  assert.deepEqual(fieldsOf(bentPackets((tcp) => tcp.setUint8(13, tcp.getUint8(13) | 0x04))), ['flags'])
  assert.deepEqual(fieldsOf(bentPackets((tcp) => tcp.setUint8(13, tcp.getUint8(13) | 0x40))), ['flags'])
  assert.deepEqual(fieldsOf(bentPackets((tcp) => tcp.setUint8(12, tcp.getUint8(12) | 0x01))), ['flags'])
})

test('a stack that sends other octets than were written is caught', () => {
  const verdict = bentPackets((tcp) => {
    if (tcp.byteLength > 20) tcp.setUint8(tcp.byteLength - 1, 7)
  })
  assert.deepEqual(fieldsOf(verdict), ['text'])
})

test('a stack with a wrong checksum, of TCP or of IP, is caught', () => {
  for (const at of ['tcp', 'ip'] as const) {
    const verdict = bentPackets((tcp, octets) => {
      if (at === 'tcp') tcp.setUint16(TCP_CHECKSUM, tcp.getUint16(TCP_CHECKSUM) ^ 1)
      else octets[10]! ^= 1
    }, false)
    assert.ok(verdict.kind === 'failed')
    assert.equal(verdict.failure.what, `the packet is malformed: ${at}-checksum`)
  }
})

test('a stack that is 5 ms late is caught', () => {
  const late = playBent((_, answer) =>
    answer.kind === 'sniffed' ? { ...answer, at: answer.at + 5000 } : answer,
  )
  assert.deepEqual(fieldsOf(late), ['time'])
})

test('a stack that loses a packet, or sends one twice, is caught', () => {
  let lost = false
  const verdict = playBent((request, answer) => {
    if (request.kind !== 'sniff' || lost || answer.kind !== 'sniffed' || answer.packet!.length > 40)
      return answer
    lost = true
    return { ...answer, packet: null }
  })
  assert.ok(verdict.kind === 'failed' && /no packet was sent/.test(verdict.failure.what))
  let last: Answer | null = null
  const twice = playBent((request, answer) => {
    if (request.kind !== 'sniff') return answer
    const again = last
    last = answer
    return again ?? answer
  })
  assert.deepEqual(fieldsOf(twice).sort(), ['ack', 'flags', 'mss', 'seq', 'time', 'wscale'])
})

test('a stack whose calls lie is caught', () => {
  const lies = playBent((request, answer) => {
    if (request.kind !== 'call' || request.name !== 'read' || answer.kind !== 'called') return answer
    return { ...answer, outcome: { ...answer.outcome!, result: 999 } }
  })
  assert.deepEqual(fieldsOf(lies), ['result'])
})

test('a stage that breaks its contract is a mistake of the program, and no verdict', () => {
  assert.throws(() => playBent((_, answer) => ({ kind: 'done', now: answer.now })), /the stage answered done/)
})
