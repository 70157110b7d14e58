/** Why a connection ended: the word, who did it, what was seen of it, where to look next (analyze/). */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { type Diagnosis, diagnose, diagnosisText, ElkoDiagnosis } from '../../src/analyze/index.ts'
import { CLOSE_REASONS, type CloseReason } from '../../src/trace/reasons.ts'
import { IcmpMessage } from '../../src/wire/icmp.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { type Endpoint, established } from '../tcp/endpoint.ts'
import { reach } from '../tcp/states.ts'
import { CASES, icmp, unanswered } from './cases.ts'

function diagnosed(ep: Endpoint): Diagnosis {
  const diagnosis = diagnose(ep.connection)
  assert.ok(diagnosis !== null)
  return diagnosis
}

for (const { name, reason, who, errno, state, happens, seen, hint } of CASES) {
  test(`${reason}: ${name}`, () => {
    const diagnosis = diagnosed(happens())
    assert.deepEqual(
      { reason: diagnosis.reason, who: diagnosis.who, errno: diagnosis.errno, state: diagnosis.state },
      { reason, who, errno, state },
    )
    assert.equal(diagnosis.ended, true)
    const text = diagnosis.observations.join('\n')
    for (const each of seen)
      assert.ok(
        diagnosis.observations.some((fact) => each.test(fact)),
        `${each} in:\n${text}`,
      )
    assert.match(diagnosis.hint, hint)
    assert.ok(diagnosis.sentence.length > 0 && !diagnosis.sentence.includes('RFC'))
    assert.deepEqual(JSON.parse(JSON.stringify(diagnosis)), diagnosis, 'plain data')
  })
}

test('every reason of trace/reasons.ts has its case here, but those that are no trouble, and one that is in doubt only', () => {
  const covered = new Set(CASES.map(({ reason }) => reason))
  const missing = (Object.keys(CLOSE_REASONS) as CloseReason[]).filter((reason) => !covered.has(reason))
  assert.deepEqual(missing.sort(), ['closed-normally', 'time-wait-reused', 'unanswered'])
})

test('a connection without trouble has no diagnosis: alive, and ended as it should', () => {
  assert.equal(diagnose(established().connection), null)
  const { ep } = reach('LAST-ACK')
  assert.equal(diagnose(ep.inject({}).connection), null)
})

test('what may mend is diagnosed while it lasts: R1, an ICMP error', () => {
  const ep = unanswered()
  const waiting = diagnosed(ep)
  assert.deepEqual(
    [waiting.reason, waiting.ended, waiting.errno, waiting.state],
    ['unanswered', false, 'ETIMEDOUT', 'ESTABLISHED'],
  )
  assert.equal(waiting.evidence.closeReason, null)
  const told = diagnosed(icmp(ep, 'host-unreachable', 9, 3, 1))
  assert.deepEqual([told.reason, told.ended, told.errno], ['host-unreachable', false, 'EHOSTUNREACH'])
  assert.deepEqual(told.evidence.icmp, {
    version: 4,
    type: 3,
    code: 1,
    source: '10.0.0.9',
    fromPeer: false,
    agoUs: 0,
  })
  assert.equal(diagnose(ep.inject({}).connection), null, 'the acknowledgment came after all')
})

test('an ICMP error that was mended explains nothing later', () => {
  const ep = established()
  ep.send('x')
  icmp(ep, 'host-unreachable', 9, 3, 1).inject({})
  const { reason, evidence } = diagnosed(ep.inject({ flags: 'RA', win: 500 }))
  assert.equal(reason, 'reset-by-peer')
  assert.equal(evidence.icmp, null)
})

test('IPv6: sockets in brackets, ICMPv6 by its name', () => {
  const ep = reach('SYN-SENT', { version: 6 }).ep
  const ip = new IpHeader()
  ip.version = 6
  ip.src0 = 0x20010db8
  ip.src3 = 9
  const message = new IcmpMessage()
  message.version = 6
  message.type = 3
  ep.connection.handleIcmp('time-exceeded', ep.iss, 0, 60, ip, message)
  const { local, remote, observations, hint } = diagnosed(ep.advance(1000_000))
  assert.equal(local, '[2001:db8::1]:49152')
  assert.equal(remote, '[2001:db8::2]:80')
  assert.match(observations[0]!, /^received ICMPv6 type 3 code 0 from 2001:db8::9 \(/)
  assert.match(hint, /routing loop/)
})

test('ElkoDiagnosis is an Error that reads well as a cause, and is plain data to JSON', () => {
  const ep = established().inject({ text: 1, ttl: 57 }).inject({ flags: 'RA', win: 502, ttl: 63 })
  const diagnosis = diagnosed(ep)
  const cause = new ElkoDiagnosis(diagnosis)
  assert.ok(cause instanceof Error)
  assert.equal(cause.message, 'reset-by-peer: the other side sent a reset')
  assert.deepEqual(JSON.parse(JSON.stringify(cause)), diagnosis)
  for (const [name, value] of Object.entries(diagnosis)) {
    assert.equal(cause[name as keyof Diagnosis], value, name)
  }
  assert.equal(String(cause), diagnosisText(diagnosis))
  assert.equal(
    inspect(cause),
    `ElkoDiagnosis: reset-by-peer: the other side sent a reset
    10.0.0.1:49152 > 10.0.0.2:80, in ESTABLISHED; by: something between the two
  - received <SEQ=2><ACK=1><CTL=RST,ACK>, window 502, TTL 63
  - the segments before it came with TTL 57: another sender made it, or it took another way
  - it came 0 µs after this side's last segment
  - 1 octet that had arrived not read
  - 1 octet received, 0 octets sent in all, retransmissions included
  hint: ${diagnosis.hint}`,
  )
  const error = Object.assign(new Error('read ECONNRESET', { cause }), { code: 'ECONNRESET' })
  const shown = inspect(error)
  assert.match(shown, /\[cause\]: ElkoDiagnosis: reset-by-peer: the other side sent a reset\n {6}10\.0\.0\.1/)
  assert.ok(!/at .*elko-diagnosis/.test(shown), 'no stack of its own')
})
