import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { HELP, run } from '../../src/cli/connect.ts'
import { type Namespace, requirements, withNamespace } from '../kernel/netns.ts'
import { untilListening } from '../kernel/peer.ts'
import { runElko, startElko, summaryIn } from './tun-cli.ts'

const skip = { skip: requirements('socat', 'ss', 'nft'), timeout: 300_000 }

test('every line of the help fits into 80 columns', () => {
  for (const line of HELP.split('\n')) assert.ok(line.length <= 80, line)
})

for (const [args, message] of [
  [[], /expected a HOST and a PORT/],
  [['10.7.0.1'], /expected a PORT behind "10.7.0.1"/],
  [['10.7.0.1', '70000'], /PORT: expected a whole number from 1 to 65535, not "70000"/],
  [['10.7.0.1', '80', 'x'], /unexpected "x"/],
  [['10.7.0.1', '80', '--echo', '--exec', 'cat'], /exclude each other/],
  [['10.7.0.1', '80', '--delay', '30'], /--delay: expected a duration such as 30ms/],
] as const) {
  test(`elko connect ${args.join(' ')}: refused with what was expected`, async () => {
    await assert.rejects(run([...args]), (error: Error) => {
      assert.equal(error.name, 'UsageError')
      assert.match(error.message, message)
      return true
    })
  })
}

for (const [kernel, listen] of [
  ['10.7.0.1', 'TCP4-LISTEN:9000'],
  ['fd07::1', 'TCP6-LISTEN:9000'],
] as const) {
  test(`standard input to ${kernel}, its answer to standard output, half-closed in between`, skip, () =>
    withNamespace(async (ns) => {
      // The device, and with it the kernel's address, comes and goes with Elko: socat listens on all addresses.
      ns.spawn('socat', ['-t120', listen, 'SYSTEM:cat; echo the end'])
      await untilListening(ns, 9000)
      const text = 'a line\n'.repeat(10_000)
      const { code, stdout, stderr } = await runElko(ns, ['connect', kernel, '9000', '--json'], text)
      assert.equal(code, 0, stderr)
      assert.equal(String(stdout), `${text}the end\n`)
      const { bytesRead, bytesWritten } = summaryIn<{ bytesRead: number; bytesWritten: number }>(stderr)
      assert.equal(bytesWritten, 70_000)
      assert.equal(bytesRead, 70_008)
    }),
  )
}

test('refused: code 1, and the reason in words', skip, () =>
  withNamespace(async (ns) => {
    const { code, stderr } = await runElko(ns, ['connect', '10.7.0.1', '81'])
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^elko connect: 10\.7\.0\.1:81: ECONNREFUSED: the other host answered the SYN with a/,
    )
    assert.match(stderr, /^ {4}10\.7\.0\.2:\d+ > 10\.7\.0\.1:81, in SYN-SENT; by: the other side$/m)
    assert.match(stderr, /^ {2}- received <SEQ=0><ACK=1><CTL=RST,ACK>, window 0, TTL 64$/m)
    assert.match(stderr, /^ {2}hint: /m)
  }),
)

test('nobody answers: code 1, and what was tried', skip, () =>
  withNamespace(async (ns) => {
    // R2 is long beside the RTO: a machine that stands still for seconds still sends the SYN again before it gives up.
    const times = ['--config', 'rtoInitialMs=100', '--config', 'r2SynMs=12000']
    const { code, stderr } = await runElko(ns, ['connect', '10.7.0.99', '81', ...times, '--json'])
    assert.equal(code, 1)
    assert.match(stderr, /ETIMEDOUT: no answer to the SYN within R2/)
    assert.match(stderr, /- what was sent .* before is unacknowledged, retransmitted (once|\d times)/)
    assert.match(stderr, /- nothing was ever heard from the other side/)
    const { connections } = summaryIn<{ connections: { reason: string }[] }>(stderr)
    assert.equal(connections[0]!.reason, 'connect-timeout')
  }),
)

test('an address that no TCP can speak to: code 1', skip, () =>
  withNamespace(async (ns) => {
    const { code, stderr } = await runElko(ns, ['connect', '224.0.0.1', '81'])
    assert.equal(code, 1)
    assert.match(stderr, /ENETUNREACH 224\.0\.0\.1:81 .*: error: no such local address/)
  }),
)

test('no address of that version: code 1', skip, () =>
  withNamespace(async (ns) => {
    const { code, stderr } = await runElko(ns, ['connect', 'fd07::1', '81', '--address', '10.7.0.2/24'])
    assert.equal(code, 1)
    assert.match(stderr, /no such local address/)
  }),
)

/** Waits until the kernel has had a packet from Elko's device: the SYN, as IPv6 is quiet there. */
async function untilPacketsCame(ns: Namespace): Promise<void> {
  for (;;) {
    const devices = JSON.parse(ns.ip('-j', '-s', 'link', 'show')) as {
      ifname: string
      stats64: { rx: { packets: number } }
    }[]
    if (devices.some(({ ifname, stats64 }) => ifname !== 'lo' && stats64.rx.packets > 0)) return
    await sleep(20)
  }
}

test('Ctrl-C while connecting: code 1, at once', skip, () =>
  withNamespace(async (ns) => {
    const elko = startElko(ns, 'connect', '10.7.0.99', '81')
    await untilPacketsCame(ns)
    assert.equal(elko.child.exitCode, null)
    elko.child.kill('SIGINT')
    assert.equal(await elko.ended, 1)
  }),
)

test('--echo sends back what arrives; --source-port names the port', skip, () =>
  withNamespace(async (ns) => {
    const server = ns.run('socat', ['-t120', '-', 'TCP4-LISTEN:9000,reuseaddr'], { input: 'once more' })
    await untilListening(ns, 9000)
    const args = ['connect', '10.7.0.1', '9000', '--echo', '--source-port', '4711', '--json']
    const { code, stderr } = await runElko(ns, args)
    assert.equal(code, 0, stderr)
    assert.equal((await server).stdout, 'once more')
    assert.match(stderr, /"local":"10\.7\.0\.2:4711"/)
  }),
)
