/** `elko read -f`: a file that grows, that is emptied, that is replaced. Each step waits for what the one before printed. */

import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { joined } from '../../src/bytes/join.ts'
import { makePacket } from '../../src/capture/made-packet.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'
import { pcapngHeader, pcapngPacket } from '../../src/capture/pcapng.ts'
import { parseAddress } from '../../src/wire/address.ts'
import { elko, MAIN, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()

/** A SYN from this port. */
function syn(sourcePort: number): Uint8Array {
  return makePacket({
    ...{ source: parseAddress('10.0.0.1')!, destination: parseAddress('10.0.0.2')!, sourcePort },
    ...{
      destinationPort: 80,
      seq: 1,
      ack: 0,
      flags: 2,
      window: 9,
      urgentPointer: 0,
      options: new Uint8Array(0),
    },
    ...{ textLength: 0, text: new Uint8Array(0), checksum: null, tos: 0, ttl: 64, identification: 0 },
    ...{ dontFragment: true, flowLabel: 0, ethernet: null },
  }).octets
}

const pcapOf = (port: number): Uint8Array => pcapPacket(port, syn(port), 0, 40)

/** The command, and what it printed so far. */
class Reading {
  readonly child: ChildProcessWithoutNullStreams
  #printed = ''
  #said = ''

  constructor(file: string, ...flags: string[]) {
    this.child = spawn(process.execPath, [MAIN, 'read', '-n', '-t', '-f', ...flags, file])
    this.child.stdout.on('data', (chunk) => {
      this.#printed += chunk
    })
    this.child.stderr.on('data', (chunk) => {
      this.#said += chunk
    })
  }

  get ports(): number[] {
    return [...this.#printed.matchAll(/10\.0\.0\.1\.(\d+) >/g)].map(([, port]) => Number(port))
  }

  get said(): string {
    return this.#said
  }

  /** Waits until the packets of these ports have been printed. */
  async until(...ports: number[]): Promise<void> {
    while (this.ports.length < ports.length) {
      const isOver = this.child.exitCode !== null
      assert.ok(!isOver, `it ended: ${this.#said}`)
      await Promise.race([once(this.child.stdout, 'data'), once(this.child, 'exit')])
    }
    assert.deepEqual(this.ports, ports)
  }

  async untilSaid(wanted: RegExp): Promise<void> {
    while (!wanted.test(this.#said)) {
      assert.equal(this.child.exitCode, null, this.#said)
      await Promise.race([once(this.child.stderr, 'data'), once(this.child, 'exit')])
    }
  }

  async interrupt(): Promise<number | null> {
    this.child.kill('SIGINT')
    if (this.child.exitCode === null) await once(this.child, 'close')
    return this.child.exitCode
  }
}

const LIMIT = { timeout: 120_000 }

test(
  'a pcap that grows in the middle of packets is printed as it grows; SIGINT ends it well',
  LIMIT,
  async () => {
    const file = join(folder, 'growing.pcap')
    writeFileSync(file, '')
    const reading = new Reading(file)
    appendFileSync(file, pcapHeader())
    appendFileSync(file, pcapOf(1))
    await reading.until(1)
    const two = pcapOf(2)
    appendFileSync(file, two.subarray(0, 30))
    appendFileSync(file, joined([two.subarray(30), pcapOf(3)]))
    await reading.until(1, 2, 3)
    assert.equal(await reading.interrupt(), 0)
    assert.equal(reading.said, '')
  },
)

test(
  'a pcapng that is replaced, and one that is emptied, are read from their start, and it is said',
  LIMIT,
  async () => {
    const file = join(folder, 'rotated.pcapng')
    const of = (...ports: number[]): Uint8Array =>
      joined([pcapngHeader([{ name: 'a' }]), ...ports.map((port) => pcapngPacket(0, port, syn(port), 0, 40))])
    writeFileSync(file, of(1, 2))
    const reading = new Reading(file)
    await reading.until(1, 2)
    writeFileSync(`${file}.new`, of(3, 4))
    renameSync(`${file}.new`, file)
    await reading.until(1, 2, 3, 4)
    await reading.untilSaid(/rotated\.pcapng: is another file now: reading it from its start/)
    writeFileSync(file, of(5))
    await reading.until(1, 2, 3, 4, 5)
    await reading.untilSaid(/rotated\.pcapng: became shorter: reading it from its start/)
    assert.equal(await reading.interrupt(), 0)
  },
)

test('lines of tcpdump are printed without waiting for what follows; -c ends it', LIMIT, async () => {
  const file = join(folder, 'listing.txt')
  const line = (port: number): string =>
    `IP 10.0.0.1.${port} > 10.0.0.2.80: Flags [S], seq 1, win 9, length 0\n`
  writeFileSync(file, line(1))
  const reading = new Reading(file, '-c', '2')
  await reading.until(1)
  appendFileSync(file, line(2))
  await reading.until(1, 2)
  if (reading.child.exitCode === null) await once(reading.child, 'close')
  assert.equal(reading.child.exitCode, 0)
})

test('what is packed cannot be followed; damage ends it with its place', () => {
  const packed = join(folder, 'packed.pcap.gz')
  writeFileSync(packed, gzipSync(pcapHeader()))
  assert.match(elko(['read', '-f', packed]).stderr, /packed\.pcap\.gz: is packed; -f follows plain files/)
  const damaged = join(folder, 'damaged.pcap')
  const record = pcapOf(1)
  record.fill(0xff, 8, 12)
  writeFileSync(damaged, joined([pcapHeader(), pcapOf(7), record]))
  const { code, stdout, stderr } = elko(['read', '-n', '-f', damaged])
  assert.equal(code, 3)
  assert.match(stdout, /10\.0\.0\.1\.7 >/)
  assert.match(stderr, /damaged\.pcap: at octet \d+: expected a captured length of at most/)
})
