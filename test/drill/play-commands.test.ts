/** Commands of a script: nothing is run; what is known acts on Elko, and the rest is named. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pipelinesOf } from '../../src/drill/shell.ts'
import { sysctl } from '../../src/drill/sysctls.ts'
import { DEFAULT_CONFIG } from '../../src/tcp/config.ts'
import { ACCEPTED, fails, passes, unsupported, verdictOf } from './plays.ts'

test('a text falls into commands, words and pipelines, as a shell has them', () => {
  const words = (text: string) => pipelinesOf(text).map(({ commands }) => commands)
  assert.deepEqual(words('../common/defaults.sh\nsysctl -q a.b="1 2" c=3 # why\n'), [
    [['../common/defaults.sh']],
    [['sysctl', '-q', 'a.b=1 2', 'c=3']],
  ])
  assert.deepEqual(words('set a=1 \\\n  b=2 && x; y || z'), [
    [['set', 'a=1', 'b=2']],
    [['x']],
    [['y']],
    [['z']],
  ])
  assert.deepEqual(words('a \'b c\' | grep -c "X Y" > /dev/null 2>&1'), [
    [
      ['a', 'b c'],
      ['grep', '-c', 'X Y'],
    ],
  ])
  assert.equal(pipelinesOf('echo 3 > /sys/x')[0]!.output, '/sys/x')
  assert.deepEqual(words('a "1 $((2 * 3*4))" $((5*5))'), [[['a', '1 24', '25']]])
  assert.deepEqual(words(''), [])
})

test('switches of Linux and FreeBSD by their names with dots, slashes or below /proc', () => {
  assert.deepEqual(sysctl('net.ipv4.tcp_timestamps', '0'), { config: { timestamps: false } })
  assert.deepEqual(sysctl('/proc/sys/net/ipv4/tcp_timestamps', '1'), { config: { timestamps: true } })
  assert.deepEqual(sysctl('net/ipv4/tcp_fin_timeout', '30'), { config: { finWait2Ms: 30_000 } })
  assert.deepEqual(sysctl('net.inet.tcp.rfc1323', '3'), {
    config: { windowScaling: false, timestamps: true },
  })
  assert.deepEqual(sysctl('net.ipv4.tcp_rmem', '4096 131072 6291456'), {
    receiveBuffer: { min: 4096, initial: 131_072, max: 6_291_456 },
    config: { windowShift: 7 },
  })
  assert.deepEqual(sysctl('kern.ipc.maxsockbuf', '2097152'), {
    receiveBuffer: { max: 2_097_152 },
    sendBuffer: { max: 2_097_152 },
    config: { windowShift: 6 },
  })
  assert.equal(sysctl('net.ipv4.tcp_timestamps', 'maybe'), null)
  assert.equal(sysctl('net.ipv4.tcp_rmem', '4096 131072'), null)
  assert.equal(sysctl('net.ipv4.ip_forward', '1'), null)
  for (const name of ['constructor', '__proto__', 'toString']) assert.equal(sysctl(name, '1'), null)
})

test('every tunable that a switch sets is one', () => {
  const names = ['tcp_timestamps', 'tcp_window_scaling', 'tcp_reordering', 'tcp_keepalive_time'].map(
    (name) => `net.ipv4.${name}`,
  )
  const bsd = ['keepintvl', 'delacktime', 'rexmit_initial', 'msl', 'mssdflt', 'tolerate_missing_ts']
  for (const name of [...names, ...bsd.map((one) => `net.inet.tcp.${one}`)]) {
    const [field] = Object.keys(sysctl(name, '1')!.config!)
    assert.ok(field! in DEFAULT_CONFIG, name)
  }
})

const SYN_ACK = '<mss 1460,nop,wscale 8>'

test('switches that are set before the first socket hold from the first segment on', () => {
  const plain = ACCEPTED.replace(SYN_ACK, '<mss 1460>')
  fails(plain, '> S.', ['wscale'])
  passes(`\`sysctl -q net.ipv4.tcp_window_scaling=0\`\n${plain}`)
  passes(
    `\`../common/defaults.sh\n../common/set_sysctls.py /proc/sys/net/ipv4/tcp_window_scaling=0\`\n${plain}`,
  )
  passes(`\n0 \`sysctl -w net.ipv4.tcp_window_scaling=0\`\n${plain.replace('  0 socket', ' +0 socket')}`)
})

test('a switch that means nothing is noted, a value that cannot be too', () => {
  const { verdict } = passes(
    `\`sysctl -q net.ipv4.tcp_wonder=1 net.ipv4.tcp_keepalive_probes=0\`\n${ACCEPTED}`,
  )
  const [first, second] = verdict.notes
  assert.equal(first!.text, 'net.ipv4.tcp_wonder means nothing to Elko')
  assert.match(second!.text, /keepAliveProbes must be 1 to 1000/)
  assert.equal(first!.place.line, 1)
})

test('a command that nobody knows is unsupported; nothing is ever run', () => {
  const { verdict } = unsupported(`\`touch /tmp/elko-drill-was-here\`\n${ACCEPTED}`, /the command touch/)
  assert.ok(verdict.kind === 'unsupported' && verdict.place.line === 1)
  unsupported(`${ACCEPTED}+0 \`grep -c 0A /proc/net/tcp\`\n`, /the command grep/)
})

test('what a switch asks for and Elko does not have excuses a script that fails, and no other', () => {
  const lacking = '`sysctl -q net.ipv4.tcp_ecn=1`\n'
  passes(`${lacking}${ACCEPTED}`)
  const wrong = `${ACCEPTED}+0 write(4, ..., 10) = 11\n`
  unsupported(`${lacking}${wrong}`, /^explicit congestion notification$/)
  assert.equal(verdictOf(wrong).verdict.kind, 'failed')
})

test('sockstat counts connections by state', () => {
  const text = (count: number) => `
0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 listen(3, 1) = 0
+0 \`sockstat -4 -P tcp -p 8080 -s | grep -c SYN_RCVD | grep 0\`
+0 < S 0:0(0) win 32767 <mss 1460,sackOK,eol,eol>
+0 > S. 0:0(0) ack 1 <mss 1460,sackOK,eol,eol>
+0 \`sockstat -4 -P tcp -p 8080 -s | grep -c SYN_RCVD | grep ${count}\`
`
  passes(text(1))
  assert.match(fails(text(2), 'grep 2', []).what, /2 connections in SYN-RECEIVED are expected, found 1/)
})

test("what is asked of the kernel's own counters is noted", () => {
  const { verdict } = passes(`${ACCEPTED}+0 \`nstat | grep Tcp | grep -q 3\`\n`)
  assert.deepEqual(
    verdict.notes.map(({ text }) => text),
    ["the kernel's own counters are not compared"],
  )
})

test('sleep lets time pass, dd makes a file', () => {
  fails(`${ACCEPTED}+0 \`sleep 1\`\n0.5 ioctl(4, SIOCINQ, [0]) = 0\n`, '0.5 ioctl', ['time'])
  passes(`\`/bin/dd bs=1 count=5 if=/dev/zero of=/tmp/x status=none\`\n${ACCEPTED}
+0 open("/tmp/x", O_RDONLY) = 5
+0 sendfile(4, 5, [0], 5) = 5
+0 > P. 1:6(5) ack 1
`)
})

test('the cleanup command comes after a failure too, and its own failure is none', () => {
  const { verdict } = passes(`${ACCEPTED}\n\`/tmp/sysctl_restore_\${PPID}.sh\`\n`)
  assert.deepEqual(verdict.notes, [])
})
