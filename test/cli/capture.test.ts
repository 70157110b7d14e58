/** `elko capture` beside tcpdump, in a network namespace: the same octets; rings of files; mistakes. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CaptureFile } from '../../src/capture/capture-file.ts'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { type Namespace, requirements, withNamespace } from '../kernel/netns.ts'
import { elko, MAIN, temporaryFolder } from './elko.ts'

const LIMIT = { timeout: 300_000 }

/** An echo of this many octets over the loopback device. */
const echo = (octets: number): string => `
  const net = require('node:net')
  const server = net.createServer((socket) => socket.pipe(socket)).listen(8080, '127.0.0.1', () => {
    const socket = net.connect(8080, '127.0.0.1')
    let left = ${octets}
    socket.on('data', (chunk) => { left -= chunk.length; if (left === 0) socket.end() })
    socket.on('close', () => server.close())
    socket.write(Buffer.alloc(${octets}, 7))
  })`

class Listening {
  readonly child: ChildProcess
  said = ''

  constructor(child: ChildProcess) {
    this.child = child
    child.stderr!.on('data', (chunk) => {
      this.said += chunk
    })
  }

  async until(wanted: RegExp): Promise<this> {
    while (!wanted.test(this.said)) {
      assert.equal(this.child.exitCode, null, this.said)
      await Promise.race([once(this.child.stderr!, 'data'), once(this.child, 'exit')])
    }
    return this
  }

  /** @returns the exit code. */
  async end(signal: NodeJS.Signals | null = 'SIGINT'): Promise<number | null> {
    if (signal !== null) this.child.kill(signal)
    if (this.child.exitCode === null) await once(this.child, 'close')
    return this.child.exitCode
  }
}

const listen = (ns: Namespace, ...argv: string[]): Promise<Listening> =>
  new Listening(ns.spawn(process.execPath, [MAIN, 'capture', ...argv])).until(/listening on/)

function read(file: string): CaptureFile {
  const capture = readCapture(readFileSync(file))
  assert.equal(capture.error, null)
  return capture
}

test(
  'what tcpdump writes, elko writes: octets and lengths; the counters are told',
  { ...LIMIT, skip: requirements('tcpdump') },
  () =>
    withNamespace(async (ns) => {
      const [mine, theirs] = [join(ns.directory, 'mine.pcapng'), join(ns.directory, 'theirs.pcap')]
      const filter = ['tcp', 'port', '8080']
      const tcpdump = await new Listening(
        ns.spawn('tcpdump', [
          '-i',
          'lo',
          '-w',
          theirs,
          '-Z',
          'root',
          '-U',
          '--time-stamp-precision=nano',
          ...filter,
        ]),
      ).until(/listening on/)
      const capture = await listen(ns, '-i', 'lo', '-w', mine, ...filter)
      // Of another port: what the filter keeps out.
      await ns.run(process.execPath, ['-e', echo(100_000).replaceAll('8080', '8081')])
      await ns.run(process.execPath, ['-e', echo(300_000)])
      assert.equal(await capture.end(), 0)
      // tcpdump's ring, too, hands packets over only after a while: it is read until it has what was sent.
      const isWhole = (): boolean =>
        spawnSync('tcpdump', ['-r', theirs, 'tcp[13] & 1 != 0'], { encoding: 'utf8' }).stdout.split('\n')
          .length > 2
      while (!isWhole()) await new Promise((resolve) => setTimeout(resolve, 50))
      await tcpdump.end()
      const [a, b] = [read(mine), read(theirs)]
      assert.ok(a.packets.length > 10)
      // Each socket has times of its own.
      const facts = ({ packets }: CaptureFile): string[] =>
        packets.map(({ originalLength, linkType, bytes }) => {
          return `${originalLength} ${linkType} ${createHash('sha256').update(bytes).digest('hex')}`
        })
      const count = Math.min(a.packets.length, b.packets.length)
      assert.deepEqual(facts(a).slice(0, count), facts(b).slice(0, count))
      assert.match(
        capture.said,
        new RegExp(
          `${a.packets.length} packets captured\\n\\d+ packets received by the filter\\n0 packets dropped by the kernel`,
        ),
      )
      const [one] = a.interfaces
      assert.deepEqual(
        [one!.name, one!.filter, one!.resolution, a.drops, one!.statistics.delivered],
        ['lo', filter.join(' '), 9, 0, a.packets.length],
      )
    }),
)

test(
  '-i any gives cooked packets with their directions; -s cuts, -c ends',
  { ...LIMIT, skip: requirements() },
  () =>
    withNamespace(async (ns) => {
      const file = join(ns.directory, 'any.pcapng')
      const capture = await listen(ns, '-i', 'any', '-w', file, '-s', '64', '-c', '6', 'tcp', 'port', '8080')
      await ns.run(process.execPath, ['-e', echo(50_000)])
      assert.equal(await capture.end(null), 0)
      const { packets } = read(file)
      assert.equal(packets.length, 6)
      for (const { linkType, bytes, direction } of packets) {
        assert.deepEqual([linkType, bytes[0], bytes[1]], [276, 8, 0])
        assert.ok(bytes.length <= 64)
        assert.ok(direction !== null)
      }
      assert.match(elko(['read', '-n', file]).stdout, /127\.0\.0\.1\.\d+ > 127\.0\.0\.1\.8080: Flags \[S\]/)
    }),
)

test(
  '-C and -W write a ring of files, each whole; pcap by its name',
  { ...LIMIT, skip: requirements() },
  () =>
    withNamespace(async (ns) => {
      const file = join(ns.directory, 'ring.pcap')
      const capture = await listen(ns, '-i', 'lo', '-w', file, '-C', '1', '-W', '2', 'tcp', 'port', '8080')
      // Each octet passes twice: five million octets in files of one million.
      await ns.run(process.execPath, ['-e', echo(2_500_000)])
      assert.equal(await capture.end('SIGTERM'), 0)
      const names = [0, 1].map((k) => `${file}${k}`)
      for (const name of names) assert.ok(read(name).packets.length > 0)
      assert.ok(!existsSync(`${file}2`) && !existsSync(file))
      const sizes = names.map((name) => readFileSync(name).length)
      assert.ok(Math.max(...sizes) >= 1e6 && Math.max(...sizes) < 1.2e6, sizes.join())
    }),
)

test('standard output is a capture as it comes', { ...LIMIT, skip: requirements() }, () =>
  withNamespace(async (ns) => {
    const capture = await listen(ns, '-i', 'lo', '-w', '-', '-c', '3', 'tcp', 'port', '8080')
    const chunks: Buffer[] = []
    capture.child.stdout!.on('data', (chunk) => chunks.push(chunk))
    await ns.run(process.execPath, ['-e', echo(10)])
    assert.equal(await capture.end(null), 0)
    assert.equal(readCapture(Buffer.concat(chunks)).packets.length, 3)
  }),
)

/** Sends the process SIGINT while it says that it listens. */
const IMPATIENT = `
  const { write } = process.stderr
  process.stderr.write = (text, ...rest) => {
    const isWritten = write.call(process.stderr, text, ...rest)
    if (text.includes('listening on')) process.kill(process.pid, 'SIGINT')
    return isWritten
  }`

test('it may be ended as soon as it says that it listens', { ...LIMIT, skip: requirements() }, () =>
  withNamespace(async (ns) => {
    const file = join(ns.directory, 'short.pcapng')
    const argv = [
      '--import',
      `data:text/javascript,${encodeURIComponent(IMPATIENT)}`,
      MAIN,
      'capture',
      '-i',
      'lo',
      '-w',
      file,
    ]
    const { code, signal } = await ns.run(process.execPath, argv, { mayFail: true })
    assert.deepEqual([code, signal], [0, null])
    assert.equal(read(file).packets.length, 0)
  }),
)

test('an interface that goes away ends it, with what was captured', { ...LIMIT, skip: requirements() }, () =>
  withNamespace(async (ns) => {
    const file = join(ns.directory, 'gone.pcapng')
    const capture = await listen(ns, '-i', 'lo', '-w', file)
    ns.ip('link', 'set', 'lo', 'down')
    assert.equal(await capture.end(null), 3)
    assert.match(capture.said, /lo: no more packets can be read: it went down/)
    assert.equal(read(file).packets.length, 0)
  }),
)

test('mistakes are named before anything is opened', () => {
  const folder = temporaryFolder()
  const cases: [argv: string[], message: RegExp][] = [
    [['-w', 'x.pcap'], /-i: expected an interface, or any/],
    [['-i', 'lo'], /-w: expected a file to write, or - for standard output/],
    [['-i', 'lo', '-w', 'x.txt'], /expected a name that ends in .* or --format/],
    [['-i', 'lo', '-w', 'x.pcap', '-W', '3'], /-W: only with -C/],
    [['-i', 'lo', '-w', 'x.pcap.gz', '-C', '3'], /-C: only for files that are not packed/],
    [['-i', 'lo', '-w', 'x.pcap', '-s', '0'], /-s: expected a whole number from 1 to 262144/],
    [['-i', 'lo', '-w', 'x.pcap', 'tcp', 'and'], /filter: .*column/],
  ]
  for (const [argv, message] of cases) {
    const { code, stderr } = elko(['capture', ...argv], { cwd: folder })
    assert.equal(code, 2, stderr)
    assert.match(stderr, message)
    assert.ok(!existsSync(join(folder, 'x.pcap')))
  }
})

test('what cannot be opened is exit code 3, and says what to do', { skip: requirements() }, () => {
  const folder = temporaryFolder()
  const absent = elko(['capture', '-i', 'nothing0', '-w', 'x.pcap'], { cwd: folder })
  assert.equal(absent.code, 3)
  assert.match(absent.stderr, /There is no interface nothing0; expected any, or a name that "ip link" lists/)
  const unwritable = elko(['capture', '-i', 'lo', '-w', '/nowhere/x.pcap'])
  assert.equal(unwritable.code, 3)
  assert.match(unwritable.stderr, /cannot write \/nowhere\/x\.pcap: ENOENT/)
})
