/** What a script needs that Elko does not have: it excuses a failure, and is never asked for where the script passes. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drill } from '../../src/drill/drill.ts'
import { icmpNumbers, icmpWords } from '../../src/drill/icmp-names.ts'
import { ACCEPTED, passes, unsupported, verdictOf } from './plays.ts'

const WRONG = '+0 write(4, ..., 10) = 11\n'

test('a script that fails after SACK blocks needs selective acknowledgment; one that passes does not', () => {
  const reported = `${ACCEPTED}
+0 write(4, ..., 5000) = 5000
+0 > P. 1:5001(5000) ack 1
+0 < . 1:1(0) ack 1 win 257 <nop,nop,sack 1001:2001>
`
  passes(reported)
  const { verdict } = unsupported(`${reported}${WRONG}`, /^selective acknowledgment$/)
  assert.ok(verdict.kind === 'unsupported')
  assert.match(verdict.failure!.what, /write\(\) gave something else \(needed in line 12\)/)
})

test('what stands behind the failure excuses nothing', () => {
  const { verdict } = verdictOf(`${ACCEPTED}${WRONG}+0 < . 1:1(0) ack 1 win 257 <nop,nop,sack 1001:2001>\n`)
  assert.equal(verdict.kind, 'failed')
})

test('Fast Open, ECN, AccECN, MD5 and zero copy are known by their options, flags and symbols', () => {
  const lines: readonly [string, RegExp][] = [
    ['+0 < . 1:1(0) ack 1 win 257 <FO 0102030405060708,nop,nop>', /Fast Open/],
    ['+0 < E. 1:1(0) ack 1 win 257', /congestion notification/],
    ['+0 < [ce] . 1:1(0) ack 1 win 257', /congestion notification/],
    ['+0 < . 1:1(0) ack 1 win 257 <nop,nop,md5 00112233445566778899aabbccddeeff>', /MD5/],
  ]
  for (const [line, reason] of lines) unsupported(`${ACCEPTED}${line}\n${WRONG}`, reason)
  unsupported(`${ACCEPTED}+0 send(4, ..., 100, MSG_ZEROCOPY) = 101\n`, /./)
})

test('a comment over the event that fails says what it waits for', () => {
  const text = (comment: string) => `${ACCEPTED}
+0 write(4, ..., 1000) = 1000
+0 > P. 1:1001(1000) ack 1
// ${comment}
// (in two lines)
+.01 > P. 1:1001(1000) ack 1
`
  unsupported(text('The TLP comes'), /tail loss probes/)
  unsupported(text('RACK marks it lost'), /loss detection by time/)
  assert.equal(verdictOf(text('It comes again')).verdict.kind, 'failed')
})

test("a congestion window that is judged where CUBIC is named is CUBIC's", () => {
  const text = `${ACCEPTED}+0 %{ assert tcpi_snd_cwnd == 99 }%\n`
  assert.equal(verdictOf(text).verdict.kind, 'failed')
  unsupported(`// Growth of CUBIC\n${text}`.replace('\n\n', '\n'), /^CUBIC/)
  assert.equal(drill(text, 'tests/cubic/growth.pkt').verdict.kind, 'unsupported')
})

test('a host that paces is told from its queue', () => {
  unsupported(`\`tc qdisc replace dev tun0 root fq\`\n${ACCEPTED}${WRONG}`, /^pacing$/)
  assert.equal(
    verdictOf(`\`tc qdisc replace dev tun0 root pfifo\`\n${ACCEPTED}${WRONG}`).verdict.kind,
    'failed',
  )
})

test('options of the script that Elko cannot carry out are unsupported, unknown ones and wrong values are none', () => {
  unsupported(`--wire_server_ip=1.2.3.4\n${ACCEPTED}`, /other end of a wire/)
  unsupported(`--udp_encapsulation=tcp\n${ACCEPTED}`, /TCP in UDP/)
  for (const option of [
    '--frobnicate=1',
    '--mtu=big',
    '--tolerance_percent=200',
    '--ip_version=ipv5',
    '--non_fatal=all',
  ]) {
    const { verdict } = verdictOf(`${option}\n${ACCEPTED}`)
    assert.equal(verdict.kind, 'invalid', option)
    assert.ok(verdict.kind === 'invalid' && verdict.place.line === 1)
  }
})

test('types and codes of ICMP have words and numbers in both versions', () => {
  assert.deepEqual(icmpNumbers(4, 'unreachable', 'frag_needed'), { type: 3, code: 4 })
  assert.deepEqual(icmpNumbers(6, 'unreachable', 'port_unreachable'), { type: 1, code: 4 })
  assert.deepEqual(icmpNumbers(6, 'packet_too_big', null), { type: 2, code: 0 })
  assert.deepEqual(icmpNumbers(4, 'type_40', 'code_7'), { type: 40, code: 7 })
  assert.deepEqual(icmpNumbers(4, 'parameter_problem', 'code_2'), { type: 12, code: 2 })
  assert.equal(icmpNumbers(6, 'source_quench', null), null)
  assert.equal(icmpNumbers(4, 'unreachable', 'nonsense'), null)
  assert.equal(icmpNumbers(4, 'type_256', null), null)
  for (const version of [4, 6] as const) {
    for (const [type, code] of [
      [3, 1],
      [1, 4],
      [8, 0],
      [128, 0],
      [99, 3],
    ] as const) {
      const words = icmpWords(version, type, code)
      assert.deepEqual(icmpNumbers(version, words.type, words.code), { type, code })
    }
  }
})

test('a type that an IP version does not have is unsupported', () => {
  const quench = ACCEPTED.concat('+0 < icmp source_quench [1:1(0)]\n')
  passes(quench)
  unsupported(quench.replace('mss 1460', 'mss 1440'), /ICMP for IPv6: source_quench/, {
    settings: [{ name: 'ip_version', value: 'ipv6' }],
  })
})

test('tunnels are unsupported, in and out', () => {
  unsupported(`${ACCEPTED}+0 < ipv4 1.1.1.1 > 2.2.2.2: . 1:1(0) ack 1 win 257\n`, /tunnels/)
  unsupported(`${ACCEPTED}+0 > ipv4 1.1.1.1 > 2.2.2.2: . 1:1(0) ack 1\n`, /tunnels/)
})
