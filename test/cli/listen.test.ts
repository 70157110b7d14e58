import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { HELP, run } from '../../src/cli/listen.ts'
import { chargenLine } from '../../src/cli/services.ts'
import { FIN, RST } from '../../src/wire/segment.ts'
import { type Namespace, requirements, withNamespace } from '../kernel/netns.ts'
import { untilPrinted } from '../kernel/peer.ts'
import { runElko, startElko, summaryIn, untilSaid } from './tun-cli.ts'

const skip = { skip: requirements('socat'), timeout: 300_000 }
const READY = /where the kernel is/
/** Of TCP's flags, behind an IPv4 header without options. */
const FLAGS_AT = 20 + 13

/** What socat reads of a host and port after it wrote `input`. */
async function ask(ns: Namespace, address: string, input: string | Uint8Array): Promise<string> {
  return (await ns.run('socat', ['-t120', '-', address], { input })).stdout
}

test('every line of the help fits into 80 columns', () => {
  for (const line of HELP.split('\n')) assert.ok(line.length <= 80, line)
})

for (const [args, message] of [
  [[], /expected a PORT/],
  [['0'], /PORT: expected a whole number from 1 to 65535, not "0"/],
  [['80', '81'], /unexpected "81"/],
  [['7', '--services'], /--services: has ports of its own/],
  [['7', '--echo', '--exec', 'cat'], /exclude each other/],
  [['7', '--max', '2'], /one connection at a time/],
  [['7', '--max', 'x', '--echo'], /--max: expected a whole number/],
  [['7', '--keepopen'], /did you mean --keep-open/],
  [['7', '--loss', '300%'], /--loss: expected a probability such as 3% or 0.03, not "300%"/],
  [['7', '--config', 'nagel=false'], /--config: unknown tunable "nagel"; did you mean nagle\?/],
  [['7', '--config', 'nagle=1'], /nagle must be true or false/],
  [['7', '--config', 'ttl=0'], /ttl must be 1 to 255/],
  [['7', '--config', 'ttl'], /expected NAME=VALUE/],
  [['7', '--address', '10.7.0.2'], /--address: .*no address with a prefix length/],
  [['7', '--mtu', '67'], /--mtu: expected a whole number from 576 to 65535/],
  [['7', '--tun', 'fd:x'], /fd:.*expected a whole number/],
] as const) {
  test(`elko listen ${args.join(' ')}: refused with what was expected`, async () => {
    await assert.rejects(run([...args]), (error: Error) => {
      assert.equal(error.name, 'UsageError')
      assert.match(error.message, message)
      return true
    })
  })
}

test('a descriptor that is no TUN device ends with code 3', skip, () =>
  withNamespace(async (ns) => {
    const { code, stderr } = await runElko(ns, ['listen', '7', '--tun', 'fd:0'])
    assert.equal(code, 3)
    assert.match(stderr, /File descriptor 0 is not a TUN device/)
  }),
)

test('a file that cannot be written ends with code 3', skip, () =>
  withNamespace(async (ns) => {
    const { code, stderr } = await runElko(ns, ['listen', '7', '--write', '/etc/hostname/x.pcapng'])
    assert.equal(code, 3)
    assert.match(stderr, /cannot write \/etc\/hostname\/x.pcapng/)
  }),
)

test('standard input goes to the connection, and what arrives to standard output', skip, () =>
  withNamespace(async (ns) => {
    const elko = startElko(ns, 'listen', '8000')
    await untilSaid(elko, READY)
    elko.child.stdin!.end('from Elko')
    assert.equal(await ask(ns, 'TCP4:10.7.0.2:8000', 'from the kernel'), 'from Elko')
    assert.equal(await elko.ended, 0)
    assert.equal(String(elko.stdout), 'from the kernel')
  }),
)

test('--tun fd:N takes a device that is open already', { ...skip, skip: requirements('socat', 'perl') }, () =>
  withNamespace(async (ns) => {
    const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
    const args = [process.execPath, main, 'listen', '7', '--echo', '--tun', 'fd:3']
    const child = ns.spawn('perl', ['-e', OPENS_TUN, ...args])
    await untilPrinted(child, READY)
    assert.equal(await ask(ns, 'TCP4:10.7.0.2:7', 'hello'), 'hello')
    if (child.exitCode === null) await once(child, 'close')
    assert.equal(child.exitCode, 0)
  }),
)

/** Opens the device elko7 as descriptor 3 (IFF_TUN | IFF_NO_PI) and becomes the program that its arguments name. */
const OPENS_TUN = `
  $^F = 10;
  open(my $tun, '+<', '/dev/net/tun') or die $!;
  my $request = pack('a16 s x22', 'elko7', 0x1001);
  ioctl($tun, 0x400454ca, $request) or die $!;
  die fileno $tun if fileno($tun) != 3;
  exec @ARGV;`

test(
  '--services answers echo, discard and chargen over IPv4 and IPv6, until SIGINT; --json sums it up',
  skip,
  () =>
    withNamespace(async (ns) => {
      const elko = startElko(ns, 'listen', '--services', '--json')
      await untilSaid(elko, READY)
      for (const host of ['TCP4:10.7.0.2', 'TCP6:[fd07::2]']) {
        const text = 'ping '.repeat(50_000)
        assert.equal(await ask(ns, `${host}:7`, text), text)
        assert.equal(await ask(ns, `${host}:9`, text), '')
        const { stdout } = await ns.run('sh', ['-c', `socat -u ${host}:19 - | head -c 100000`])
        const lines = Array.from({ length: 1352 }, (_, n) => chargenLine(n)).join('')
        assert.equal(stdout, lines.slice(0, 100_000))
      }
      elko.child.kill('SIGINT')
      assert.equal(await elko.ended, 0)
      const { total, bytesRead } = summaryIn<{ total: number; bytesRead: number }>(elko.stderr)
      assert.equal(total, 6)
      assert.equal(bytesRead, 4 * 250_000)
    }),
)

test('--exec runs a command for each connection; --max lets others wait', skip, () =>
  withNamespace(async (ns) => {
    const elko = startElko(ns, 'listen', '8000', '-k', '--max', '1', '--exec', 'tr a-z A-Z')
    await untilSaid(elko, READY)
    const answers = await Promise.all(
      ['one', 'two', 'three'].map((word) => ask(ns, 'TCP4:10.7.0.2:8000', word)),
    )
    assert.deepEqual(answers, ['ONE', 'TWO', 'THREE'])
    elko.child.kill('SIGINT')
    assert.equal(await elko.ended, 0)
  }),
)

test(
  '--write saves every packet with the reason of those that Elko sent; --ladder and --diagram draw the connection',
  skip,
  () =>
    withNamespace(async (ns) => {
      const file = join(ns.directory, 'new', 'echo.pcapng')
      const picture = join(ns.directory, 'new', 'echo.svg')
      const files = ['--write', file, '--diagram', picture]
      const elko = startElko(ns, 'listen', '7', '--echo', ...files, '--ladder')
      await untilSaid(elko, READY)
      assert.equal(await ask(ns, 'TCP4:10.7.0.2:7', 'hello'), 'hello')
      assert.equal(await elko.ended, 0)
      assert.ok(existsSync(file))
      const { packets } = readCapture(readFileSync(file))
      const sent = packets.filter(({ direction }) => direction === 'outbound')
      const arrived = packets.filter(({ direction }) => direction === 'inbound')
      assert.ok(arrived.length >= 4)
      assert.match(sent[0]!.comments.join(), /^syn-ack: answers a SYN/)
      for (const packet of sent) assert.notEqual(packet.comments.join(), '')
      for (const packet of arrived) assert.equal(packet.comments.join(), '')
      assert.match(elko.stderr, /1\. Connection establishment/)
      assert.match(elko.stderr, /new-data|pushed/)
      assert.match(elko.stderr, /elko listen: saved .*echo\.svg\n/)
      const drawn = readFileSync(picture, 'utf8')
      assert.match(drawn, /^<svg .*A connection of 10\.7\.0\.2 and fd07::2/s)
      assert.match(drawn, /closed-normally/)
    }),
)

test('an impaired link loses packets, and the octets arrive all the same', skip, () =>
  withNamespace(async (ns) => {
    const flags = '--echo --json --seed 3 --loss 10% --duplicate 2% --corrupt 2% --config rtoMinMs=5'
    const elko = startElko(ns, 'listen', '7', ...flags.split(' '))
    await untilSaid(elko, READY)
    const text = '0123456789'.repeat(20_000)
    assert.equal(await ask(ns, 'TCP4:10.7.0.2:7', text), text)
    assert.equal(await elko.ended, 0)
    const { impaired } = summaryIn<{ impaired: { sent: { lost: number } } }>(elko.stderr)
    assert.ok(impaired.sent.lost > 0)
  }),
)

test('SIGTERM ends an open connection with a FIN', skip, () =>
  withNamespace(async (ns) => {
    const file = join(ns.directory, 'end.pcapng')
    const elko = startElko(ns, 'listen', '7', '--echo', '--write', file)
    await untilSaid(elko, READY)
    const client = ns.spawn('socat', ['-t120', '-', 'TCP4:10.7.0.2:7'])
    let got = ''
    client.stdin!.write('hello')
    await new Promise<void>((resolve) =>
      client.stdout!.on('data', (chunk) => {
        got += chunk
        resolve()
      }),
    )
    elko.child.kill('SIGTERM')
    assert.equal(await elko.ended, 0)
    assert.equal(got, 'hello')
    const { packets } = readCapture(readFileSync(file))
    const ends = packets
      .filter(({ direction }) => direction === 'outbound')
      .map(({ bytes }) => bytes[FLAGS_AT]! & (FIN | RST))
      .filter((flags) => flags !== 0)
    assert.equal(ends[0], FIN)
  }),
)
