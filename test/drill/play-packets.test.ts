/** Packets of a script: what of an expected one is compared, and how numbers of a script become live ones. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOTE_ECHO, NOTE_ORDER } from '../../src/drill/compare-options.ts'
import { ACCEPTED, CONNECTED, fails, passes, verdictOf } from './plays.ts'

const WRITE = `${ACCEPTED}+0 write(4, ..., 1000) = 1000\n`

test('every field of a TCP header counts', () => {
  passes(`${WRITE}+0 > P. 1:1001(1000) ack 1 win 1054\n`)
  const expected: readonly [string, string[]][] = [
    ['. 1:1001(1000) ack 1', ['flags']],
    ['P.U 1:1001(1000) ack 1 urg 5', ['flags', 'urg']],
    ['PE. 1:1001(1000) ack 1', ['flags']],
    ['P. 2:1002(1000) ack 1', ['seq']],
    ['P. 1:1000(999) ack 1', ['length']],
    ['P. 1:1001(1000) ack 2', ['ack']],
    ['P. 1:1001(1000) ack 1 win 1053', ['win']],
    ['P. 1:1001(1000) ack 1 <nop,nop,TS val 1 ecr 1>', ['TS']],
    ['P. 1:1001(1000) ack 1 <mss 5>', ['mss']],
  ]
  for (const [packet, fields] of expected) {
    if (packet.includes('E')) assert.equal(verdictOf(`${WRITE}+0 > ${packet}\n`).verdict.kind, 'unsupported')
    else fails(`${WRITE}+0 > ${packet}\n`, `> ${packet}`, fields)
  }
})

test('options count by kind and value; their order and padding are noted, and count under --strict_options', () => {
  // Line 1 of ACCEPTED is empty.
  const answer = (options: string, first = '') =>
    `${first}\`./defaults.sh\`${ACCEPTED.replace('<mss 1460,nop,wscale 8>', options)}`
  assert.deepEqual(passes(answer('<mss 1460,nop,wscale 8>')).verdict.notes, [])
  const { verdict } = passes(answer('<mss 1460,wscale 8,nop>'))
  assert.deepEqual(
    verdict.notes.map(({ text, place }) => [text, place.line]),
    [[NOTE_ORDER, 6]],
  )
  fails(answer('<mss 1460,wscale 8,nop>', '--strict_options\n'), '> S.', ['options'])
  fails(answer('<mss 1461,nop,wscale 8>'), '> S.', ['mss'])
  fails(answer('<mss 1460,nop,wscale 7>'), '> S.', ['wscale'])
  fails(answer('<mss 1460,nop,wscale 8,TS val 100 ecr 0,nop,nop>'), '> S.', ['TS'])
  fails(answer('<mss 1460>'), '> S.', ['wscale'])
  passes(answer('<...>'))
})

test('where a script names no buffer sizes, Elko offers the window scale that it expects, with a note', () => {
  const text = ACCEPTED.replace('wscale 8', 'wscale 6')
  const { verdict } = passes(text)
  assert.match(verdict.notes[0]!.text, /names no buffer sizes: Elko offers its window scale 6/)
  assert.deepEqual(passes(ACCEPTED).verdict.notes, [])
  fails(`\`sysctl -q net.ipv4.tcp_rmem="4096 540000 15728640"\`${text}`, '> S.', ['wscale'])
})

test('what the host answers to an echo request is no part of the connection', () => {
  passes(
    `${ACCEPTED}+0 < icmp echo_request id 7 [raw (16)]\n+0 write(4, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n`,
  )
  passes(`${ACCEPTED}+0 < icmp echo_request id 7 [raw (16)]\n+0 > icmp echo_reply id 7 [raw (16)]\n`)
  fails(
    `${ACCEPTED}+0 < icmp echo_request id 7 [raw (16)]\n+0 > icmp echo_reply id 8 [raw (16)]\n`,
    'echo_reply',
    ['id'],
  )
})

test('whether a SYN permits selective acknowledgment is not compared, and noted: Elko has none', () => {
  const permitting = ACCEPTED.replace('<mss 1460,', '<mss 1460,nop,nop,sackOK,')
  const { verdict } = passes(permitting)
  assert.match(verdict.notes[0]!.text, /no selective acknowledgment yet/)
})

test('several segments make up one of the script, its PSH taken from the last; under --strict_segments none do', () => {
  const text = (first = '') =>
    `${first}${ACCEPTED}+0 write(4, ..., 5000) = 5000\n+0 > P. 1:5001(5000) ack 1\n`
  passes(text())
  fails(text('--strict_segments\n'), '> P. 1:5001', ['flags', 'length'])
  // As nplab has it, whose scripts name every packet.
  const bsd = text().replaceAll('wscale 8', 'wscale 6')
  fails(bsd, '> P. 1:5001', ['flags', 'length'], { platform: 'freebsd' })
  fails(`${ACCEPTED}+0 write(4, ..., 5000) = 5000\n+0 > P. 1:4501(4500) ack 1\n`, '> P. 1:4501', ['length'])
  const part = fails(
    `${ACCEPTED}+0 write(4, ..., 500) = 500\n+0 > P. 1:5001(5000) ack 1\n`,
    '> P. 1:5001',
    [],
  )
  assert.equal(
    part.what,
    'several packets do not make up this segment: the next segment starts at 1, not at 501',
  )
})

test('segments that follow on nothing make up nothing', () => {
  // Between the two halves stands a retransmission of the first.
  const text = `${ACCEPTED}
+0 write(4, ..., 1000) = 1000
+0 > . 1:3001(3000) ack 1
`
  const { what } = fails(text, '> . 1:3001', [])
  assert.match(what, /do not make up this segment/)
})

test("numbers of a SYN are the script's own, all others count from it", () => {
  passes(`
  0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
 +0 bind(3, ..., ...) = 0
 +0 listen(3, 1) = 0
 +0 < S 4294967290:4294967290(0) win 32792 <mss 1000>
 +0 > S. 777:777(0) ack 4294967291 <mss 1460>
+.1 < . 1:1(0) ack 1 win 257
 +0 accept(3, ..., ...) = 4
 +0 < P. 1:21(20) ack 1 win 257
 +0 > . 1:1(0) ack 21
`)
})

test('a SYN of the other side that crosses ours counts as well', () => {
  passes(`
\`sysctl -q net.ipv4.tcp_timestamps=0\`
  0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
 +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
 +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
 +0 > S 100:100(0) <...>
+.1 < S 500:500(0) win 1000 <mss 1000>
 +0 > S. 100:100(0) ack 501 <...>
+.1 < . 1:1(0) ack 1 win 1000
 +0 < P. 1:11(10) ack 1 win 1000
 +0 > . 1:1(0) ack 11
`)
})

const STAMPED = `
  0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
 +0 bind(3, ..., ...) = 0
 +0 listen(3, 1) = 0
 +0 < S 0:0(0) win 32792 <mss 1000,sackOK,TS val 700 ecr 0>
 +0 > S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 100 ecr 700>
+.1 < . 1:1(0) ack 1 win 257 <nop,nop,TS val 701 ecr 100>
 +0 accept(3, ..., ...) = 4
`

test('a time stamp echoes what the script had this side send; an echo of nothing is refused', () => {
  passes(`${STAMPED}+0 < P. 1:2(1) ack 1 win 257 <nop,nop,TS val 702 ecr 100>\n`)
  const lost = `${STAMPED}+0 < P. 1:2(1) ack 1 win 257 <nop,nop,TS val 702 ecr 105>\n`
  assert.match(fails(lost, 'ecr 105', []).what, /which no segment of the script has sent/)
  passes(`--tcp_ts_ecr_scaled\n${lost}`)
})

test('time stamp values count only where the script says how long a tick is', () => {
  const text = (val: number) => `${STAMPED}
+.2 write(4, ..., 10) = 10
 +0 > P. 1:11(10) ack 1 <nop,nop,TS val ${val} ecr 701>
`
  passes(text(400))
  passes(text(100))
  passes(`--tcp_ts_tick_usecs=1000\n${text(400)}`)
  fails(`--tcp_ts_tick_usecs=1000\n${text(100)}`, 'val 100 ecr 701', ['TS val'])
})

test("an echo that differs from the script's is noted, and counts under --strict_options", () => {
  const text = `${STAMPED}
 +0 write(4, ..., 10) = 10
 +0 > P. 1:11(10) ack 1 <nop,nop,TS val 200 ecr 55>
`
  assert.ok(passes(text).verdict.notes.some((note) => note.text === NOTE_ECHO))
  fails(`--strict_options\n${text}`, 'ecr 55', ['TS ecr'])
})

test('TTL, TOS and ECN count where they are given', () => {
  passes(`${WRITE}+0 > [noecn] P. 1:1001(1000) ack 1\n`)
  passes(`${WRITE}+0 > [ttl 64] P. 1:1001(1000) ack 1\n`)
  passes(`${WRITE}+0 > [tos 0x0] P. 1:1001(1000) ack 1\n`)
  fails(`${WRITE}+0 > [ttl 63] P. 1:1001(1000) ack 1\n`, 'ttl 63', ['ttl'])
  fails(`${WRITE}+0 > [tos 0x4] P. 1:1001(1000) ack 1\n`, 'tos 0x4', ['tos'])
  const marked = verdictOf(`${WRITE}+0 > [ect0] P. 1:1001(1000) ack 1\n`).verdict
  assert.equal(marked.kind, 'unsupported')
})

test('IPv6, and IPv6 sockets that speak IPv4', () => {
  const version = (name: string) => ({ settings: [{ name: 'ip_version', value: name }] })
  const six = ACCEPTED.replace('mss 1460', 'mss 1440')
  const { packets } = passes(six, version('ipv6'))
  assert.ok(packets.every(({ octets }) => octets[0]! >>> 4 === 6))
  fails(six, '> S.', ['mss'])
  const mapped = passes(ACCEPTED, version('ipv4-mapped-ipv6'))
  assert.ok(mapped.packets.every(({ octets }) => octets[0]! >>> 4 === 4))
})

test('addresses and ports are those of the settings', () => {
  const { packets } = passes(`--local_ip=10.1.2.3\n--remote_ip=10.9.8.7\n--bind_port=99\n${ACCEPTED}`)
  const [syn] = packets
  assert.deepEqual([...syn!.octets.subarray(12, 20)], [10, 9, 8, 7, 10, 1, 2, 3])
  assert.deepEqual([...syn!.octets.subarray(22, 24)], [0, 99])
})

test('a script that is played in the other IP version leaves its own addresses behind', () => {
  const own = `--local_ip=10.1.2.3\n--remote_ip=10.9.8.7\n${ACCEPTED.replace('mss 1460', 'mss 1440')}`
  const { addresses } = passes(own, { settings: [{ name: 'ip_version', value: 'ipv6' }] })
  assert.deepEqual(addresses, { local: 'fd3d:fa7b:d17d::1', remote: '2001:db8::1' })
})

test('explicit ports choose among several connections', () => {
  passes(`
  0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
 +0 bind(3, ..., ...) = 0
 +0 listen(3, 2) = 0
 +0 < 5001 > 8080 S 0:0(0) win 1000 <mss 1000>
 +0 > 8080 > 5001 S. 0:0(0) ack 1 <mss 1460>
 +0 < 5001 > 8080 . 1:1(0) ack 1 win 1000
 +0 accept(3, ..., ...) = 4
 +0 close(3) = 0
 +0 write(4, ..., 10) = 10
 +0 > 8080 > 5001 P. 1:11(10) ack 1
`)
})

test('a segment for nobody is answered by the stack itself', () => {
  const text = (answer: string) => `
  0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
 +0 bind(3, ..., ...) = 0
 +0 < S 5:5(0) win 1000
 +0 > ${answer}
`
  passes(text('R. 0:0(0) ack 6 win 0'))
  fails(text('R. 0:0(0) ack 7 win 0'), '> R.', ['ack'])
})

test('ICMP errors quote what was sent, with live numbers', () => {
  const text = (code: string, error: string) => `${CONNECTED.split('\n').slice(0, 6).join('\n')}
+.1 < icmp unreachable ${code} [0:0(0)]
 +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [${error}], [4]) = 0
`
  passes(text('port_unreachable', 'ECONNREFUSED'))
  fails(text('port_unreachable', 'ETIMEDOUT'), 'getsockopt', ['argument 4'])
  passes(`${ACCEPTED}
+0 write(4, ..., 1000) = 1000
+0 > P. 1:1001(1000) ack 1
+0 < icmp unreachable frag_needed mtu 600 [1:1001(1000)]
+0 > . 1:561(560) ack 1
+0 > P. 561:1001(440) ack 1
`)
})

test('an error that quotes another number is not for the connection', () => {
  passes(`${CONNECTED.split('\n').slice(0, 6).join('\n')}
+.1 < icmp unreachable port_unreachable [5000:5000(0)]
 +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
`)
})

test('what is sent without being expected is found by the next packet that is', () => {
  const text = `${WRITE}
+0 write(4, ..., 500) = 500
+0 < . 1:1(0) ack 1001 win 257
+0 > P. 1001:1501(500) ack 1
`
  fails(text, '> P. 1001:1501', ['seq', 'length'])
})

test('octets that a script writes as text are sent as they are', () => {
  passes(`${ACCEPTED}+0 write(4, "hello", 5) = 5\n+0 > P. 1:6(5) ack 1\n`)
})
