/** tcpdump's lines as a capture: every form of them, in the midst of prose, and back to the same lines. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { joined } from '../../src/bytes/join.ts'
import { CaptureReader, readCapture } from '../../src/capture/capture-reader.ts'
import { pcapHeader, pcapPacket } from '../../src/capture/pcap.ts'
import { type TcpdumpOptions, TcpdumpPrinter } from '../../src/print/tcpdump-line.ts'
import { LISTING, octetsOf, packetsForPrinting } from './listing.ts'

const SHARED = process.env.ELKO_CAPTURES ?? '/work/shared/captures'

interface Read {
  readonly lines: string[]
  readonly reader: CaptureReader
}

/** The listing read, and its packets printed. */
function printed(text: string, options: TcpdumpOptions = {}): Read {
  const printer = new TcpdumpPrinter(options)
  const lines: string[] = []
  const reader = new CaptureReader((record) => lines.push(printer.line(record)))
  reader.readWhole(octetsOf(text))
  return { lines, reader }
}

describe('a listing in a document', () => {
  test('its lines are packets, the prose is passed over, and what was made up is said', () => {
    const document = `Data between a client and a server\n\nsee below (length 5 > 3):\n${LISTING.join('\n')}\n\n2 comments:\n`
    const { lines, reader } = printed(document)
    assert.equal(reader.error, null)
    assert.equal(reader.format, 'text')
    assert.deepEqual(
      lines.map((line) => line.replace('192.0.2.1.', 'server.')),
      LISTING,
    )
    const { notes } = reader
    assert.deepEqual(notes.names.get('192.0.2.1'), ['server'])
    assert.equal(notes.linesPassedOver, 3)
    assert.match(
      notes.sentences.join('\n'),
      /"server" stands without an address: 192\.0\.2\.1 takes its place/,
    )
    assert.match(
      notes.sentences.join('\n'),
      /3 lines are no packets of tcpdump's and passed over, the first of them line 1/,
    )
    assert.equal(reader.drops, null)
  })

  test('text was not captured: the length on the wire says how much there was', () => {
    const [, , , data] = readCapture(octetsOf(LISTING.join('\n'))).packets
    assert.equal(data!.bytes.length, 52)
    assert.equal(data!.originalLength, 52 + 100)
  })

  test('octet by octet it gives the same packets', () => {
    const octets = octetsOf(`${LISTING.join('\r\n')}\nand so on`)
    const whole = readCapture(octets)
    const lengths: number[] = []
    const reader = new CaptureReader((record) => lengths.push(record.originalLength))
    for (let at = 0; at < octets.length; at++) reader.push(octets.subarray(at, at + 1))
    reader.end()
    assert.deepEqual(
      lengths,
      whole.packets.map(({ originalLength }) => originalLength),
    )
  })

  test('an excerpt of counted numbers, whose first packet is missing, is taken as it stands', () => {
    const lines = [
      '23:18:46.1 IP 191.131.141.10.3575 > h.6802: Flags [.], seq 73894:75274, ack 33850, win 567, length 1380',
      '23:18:46.2 IP 191.131.141.10.3575 > h.6802: Flags [P.], seq 75274:76220, ack 33850, win 567, length 946',
      '23:18:46.3 IP h.6802 > 191.131.141.10.3575: Flags [P.], seq 33850:34406, ack 76220, win 501, length 556',
    ]
    const { lines: again } = printed(lines.join('\n'), { absolute: true, time: 'none' })
    assert.deepEqual(
      again.map((line) => /seq \d+:\d+, ack \d+/.exec(line)?.[0]),
      ['seq 73894:75274, ack 33850', 'seq 75274:76220, ack 33850', 'seq 33850:34406, ack 76220'],
    )
  })

  test('a listing whose SYN,ACK is missing counts from a number that is made up, the same for both sides', () => {
    const lines = [
      '1.0 IP 10.0.0.1.4000 > 10.0.0.2.80: Flags [S], seq 500000, win 9, length 0',
      '1.1 IP 10.0.0.1.4000 > 10.0.0.2.80: Flags [.], ack 1, win 9, length 0',
      '1.2 IP 10.0.0.2.80 > 10.0.0.1.4000: Flags [P.], seq 1:11, ack 1, win 9, length 10',
      '1.3 IP 10.0.0.1.4000 > 10.0.0.2.80: Flags [.], ack 11, win 9, length 0',
    ]
    const { lines: again } = printed(lines.join('\n'), { absolute: true, time: 'none' })
    assert.deepEqual(
      again.map((line) => /(seq|ack).*, win/.exec(line)?.[0]),
      [
        'seq 500000, win',
        'ack 1000000001, win',
        'seq 1000000001:1000000011, ack 500001, win',
        'ack 1000000011, win',
      ],
    )
  })

  test('services and unknown ports by name; IPv6, zones, and markup of web pages', () => {
    const { lines, reader } = printed(
      [
        '1.0 IP a.example.org.40000 &gt; b.example.org.https: Flags [S], seq 5, win 9, length 0',
        '1.1 IP6 fe80::1%eth0.ssh > c.example.org.mystery: Flags [S], seq 6, win 9, length 0',
      ].join('\n'),
      { time: 'none' },
    )
    assert.deepEqual(lines, [
      'IP 192.0.2.1.40000 > 192.0.2.2.443: Flags [S], seq 5, win 9, length 0',
      'IP6 fe80::1.22 > 2001:db8::1.49152: Flags [S], seq 6, win 9, length 0',
    ])
    assert.match(reader.notes.sentences.join('\n'), /the port "mystery" is none that is known: 49152/)
  })

  test('times: midnight passes, -ttt counts from the packet before, -ttttt from the first, and none at all', () => {
    const times = (heads: string[]): number[] => {
      const lines = heads.map(
        (head, i) => `${head}IP 10.0.0.1.1 > 10.0.0.2.2: Flags [S], seq ${i}, win 1, length 0`,
      )
      return readCapture(octetsOf(lines.join('\n'))).packets.map(({ at }) => at)
    }
    assert.deepEqual(
      times(['23:59:59.5 ', '00:00:00.25 ', '23:59:59.75 ']),
      [86399.5e6, 86400.25e6, 86399.75e6],
    )
    assert.deepEqual(times([' 00:00:00.000000 ', ' 00:00:02.000000 ', ' 00:00:01.000000 ']), [0, 2e6, 3e6])
    assert.deepEqual(times([' 00:00:00.000000 ', ' 00:00:02.000000 ', ' 00:00:05.000000 ']), [0, 2e6, 5e6])
    assert.deepEqual(
      times(['1529363926.969534 ', '2018-06-18 23:18:46.969535 ']),
      [1529363926969534, 1529363926969535],
    )
    assert.deepEqual(times(['', '']), [0, 0])
  })

  test('text without a packet is an error that says so', () => {
    const { error } = readCapture(octetsOf('Dear reader,\nthere is nothing here.\n'))
    assert.match(
      error!.message,
      /at octet 0: expected .*lines that tcpdump printed, found 2 lines in 36 octets/,
    )
  })
})

/** Microseconds: the second packet is late, so that distances show whether they are from the first packet or the last. */
const afterFirst = (i: number): number => (i === 0 ? 0 : 1e6 + 1e5 * i)

describe('tcpdump itself', () => {
  const hasTcpdump = spawnSync('tcpdump', ['--version']).status === 0
  assert.ok(hasTcpdump || process.env.CI === undefined, 'CI has tcpdump')
  const folder = mkdtempSync(join(tmpdir(), 'elko-text-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'x.pcap')
  const packets = packetsForPrinting()
  writeFileSync(
    file,
    joined([
      pcapHeader({ linkType: 1 }),
      ...packets.map((octets, i) => pcapPacket(1.5e15 + afterFirst(i), octets, 0, octets.length)),
    ]),
  )
  const tcpdump = (...flags: string[]): string =>
    spawnSync('tcpdump', ['-r', file, ...flags], { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } })
      .stdout

  const FORMS = [
    '-n',
    '-nS',
    '-ntt',
    '-ntttt',
    '-nv',
    '-nvv',
    '-ne',
    '-nve',
    '-nx',
    '-nX',
    '-nxx',
    '-nXX',
    '-nveX',
    '-ntttt --nano -v',
  ]
  for (const form of FORMS) {
    test(`${form} reads as the packets that -n prints`, { skip: !hasTcpdump && 'no tcpdump' }, () => {
      const listing = tcpdump(...form.split(' '))
      const time = form.startsWith('-nt') ? 'date' : 'clock'
      const options = { absolute: form.includes('S'), time } as const
      const wanted = tcpdump(...(time === 'date' ? ['-ntttt'] : ['-n']), ...(options.absolute ? ['-S'] : []))
      assert.deepEqual(printed(listing, options).lines, wanted.trimEnd().split('\n').map(withoutTail))
    })
  }

  test('-ttt and -ttttt give the distances of the packets', { skip: !hasTcpdump && 'no tcpdump' }, () => {
    for (const form of ['-nttt', '-nttttt']) {
      const { packets: read } = readCapture(octetsOf(tcpdump(form)))
      assert.deepEqual(
        read.map(({ at }) => at),
        packets.map((_, i) => afterFirst(i)),
        form,
      )
    }
  })

  test('-xx gives the octets; -x with -e gives them too', { skip: !hasTcpdump && 'no tcpdump' }, () => {
    for (const form of [['-nxx'], ['-nXX'], ['-nex']]) {
      const { packets: read } = readCapture(octetsOf(tcpdump(...form)))
      assert.deepEqual(
        read.map(({ bytes, linkType }) => [linkType, [...bytes]]),
        packets.map((octets) => [1, [...octets]]),
        form.join(' '),
      )
    }
  })

  test('-v tells lifetime, identification and checksum; -e the Ethernet addresses', {
    skip: !hasTcpdump && 'no tcpdump',
  }, () => {
    const { packets: read } = readCapture(octetsOf(tcpdump('-nveS')))
    for (const [i, { bytes, originalLength }] of read.entries()) {
      assert.deepEqual([...bytes], [...packets[i]!.subarray(0, bytes.length)], `packet ${i}`)
      assert.equal(originalLength, packets[i]!.length)
    }
  })
})

/** The line without what a protocol above TCP says. */
function withoutTail(line: string): string {
  return /^.*?, length \d+(?=[: [(,]|$)/.exec(line)?.[0] ?? line
}

const ANSWERS = join(SHARED, 'tshark')
/** Words of packets that are not whole, of tunnels and of options that no octets are made for. */
const OTHERS =
  /mptcp |scps|\[len |\[bad |\[\|tcp\]|\.\d{7} |^\[|truncated-ip|: IP6? |PPPoE|GRE|MPLS|In {2}IP|Out IP/

test('the listings of all public captures, read and printed, are the same lines', {
  skip: existsSync(ANSWERS) ? false : `no captures in ${SHARED}`,
}, () => {
  let same = 0
  for (const name of readdirSync(ANSWERS).filter((one) => one.endsWith('.tcpdump.txt.gz'))) {
    const text = gunzipSync(readFileSync(join(ANSWERS, name))).toString('latin1')
    const wanted = text.split('\n').filter((line) => line.includes(': Flags [') && !OTHERS.test(line))
    const { lines } = printed(text)
    const found = new Set(lines)
    for (const line of wanted) {
      assert.ok(found.has(withoutTail(line)), `${name}: ${line}`)
      same++
    }
  }
  assert.ok(same > 80_000)
})

const SEED = join(SHARED, '../seeds/004_d294f38573db2c9c.txt')

test('the listing in the seed document reads as its 38 packets', {
  skip: existsSync(SEED) ? false : 'no seed documents here',
}, () => {
  const text = readFileSync(SEED, 'utf8')
  const { reader } = printed(text)
  assert.equal(reader.error, null)
  assert.equal(reader.packets, text.split('\n').filter((line) => line.includes(': Flags [')).length)
  assert.deepEqual(reader.notes.names.get('192.0.2.1'), ['java2depth'])
})
