/** The octets of packets in a page: those of every kind of source, headers always, payload as far as it fits or is wanted. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { mostWithin, PacketKeeper } from '../../src/cli/packet-keeper.ts'
import { resolveSource, type Source } from '../../src/cli/source.ts'
import { headerLength } from '../../src/trace/packed-packets.ts'
import fc from '../property.ts'
import { elko, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()
const file = (name: string): string => join(folder, name)
const NAME = 'data-transfer'
const [atClient, atServer, log] = ['client.pcapng', 'server.pcapng', 'run.elkolog'].map(file) as [
  string,
  string,
  string,
]
for (const [host, path] of [
  ['client', atClient],
  ['server', atServer],
] as const)
  assert.equal(elko(['sim', NAME, '--write', path, '--at', host, '--record', log]).code, 0)

/** By number of the frame. */
function framesOf(path: string): Uint8Array[] {
  const frames: Uint8Array[] = [new Uint8Array(0)]
  const reader = new CaptureReader(({ bytes, start, length }) => {
    frames.push(bytes.slice(start, start + length))
  })
  reader.readWhole(new Uint8Array(readFileSync(path)))
  return frames
}

const sentIn = ({ events }: Source) => events.filter((event) => event.kind === 'sent')
const octetsOf = (source: Source): (Uint8Array | undefined)[] =>
  sentIn(source).map((event) => source.packetOf!(event)?.octets)

test('of a capture each packet has the octets of its frame', async () => {
  const frames = framesOf(atClient)
  const source = await resolveSource([atClient], {}, 1000, 'html')
  for (const event of sentIn(source)) {
    const { octets, captured, onWire, ipAt, tcpAt, textAt } = source.packetOf!(event)!
    assert.deepEqual(octets, frames[event.packet])
    assert.deepEqual([captured, onWire, ipAt, tcpAt], [octets.length, octets.length, 0, 20])
    assert.equal(textAt + event.segment.length, octets.length)
  }
})

test('of two captures each packet has the octets of the capture where it was sent', async () => {
  const [client, server] = [framesOf(atClient), framesOf(atServer)]
  for (const paths of [
    [atClient, atServer],
    [atServer, atClient],
  ] as const) {
    const source = await resolveSource(paths, {}, 1000, 'html')
    const sent = sentIn(source)
    assert.ok(sent.length > 10)
    for (const event of sent) {
      const [, frame] = /^frame (\d+)/.exec(event.note!)!
      const frames = event.host === 'client' ? client : server
      assert.deepEqual(source.packetOf!(event)?.octets, frames[Number(frame)])
    }
  }
})

test('a scenario and the replay of its record have the same octets, and a list of events has none', async () => {
  const source = await resolveSource([NAME], {}, 1000, 'html')
  const octets = octetsOf(source)
  assert.ok(octets.every((each) => each !== undefined))
  assert.deepEqual(octetsOf(await resolveSource([log], {}, 1000, 'html')), octets)
  const sentByClient = sentIn(source).flatMap(({ host }, k) => (host === 'client' ? [octets[k]!] : []))
  const frames = framesOf(atClient).map((frame) => Buffer.from(frame).toString('hex'))
  for (const each of sentByClient) assert.ok(frames.includes(Buffer.from(each).toString('hex')))
  for (const form of ['svg', 'txt'])
    assert.equal((await resolveSource([NAME], {}, 1000, form)).packetOf, null)
})

test('--payload cuts what the segments carry and leaves the headers whole', async () => {
  for (const payload of ['0', '7']) {
    const source = await resolveSource([atClient], { payload }, 1000, 'html')
    for (const event of sentIn(source)) {
      const packet = source.packetOf!(event)!
      assert.equal(
        packet.octets.length,
        Math.min(packet.captured, packet.textAt + Math.min(Number(payload), event.segment.length)),
      )
      assert.equal(packet.captured, packet.textAt + event.segment.length)
    }
  }
  const path = file('x.svg')
  assert.match(elko(['diagram', NAME, '--payload', '3', '-o', path]).stderr, /--payload: only for \.html/)
  assert.match(elko(['diagram', NAME, '--payload', '-3', '-o', file('x.html')]).stderr, /--payload/)
  assert.equal(elko(['diagram', NAME, '--payload', '3', '-o', file('x.html')]).code, 0)
})

test('payload that is too much for a page is cut, the longest first, and no header', () => {
  const keeper = new PacketKeeper(undefined)
  // A header of IPv4 and one of TCP, and text that no packer makes less.
  const made = (k: number, text: number): Uint8Array => {
    const octets = new Uint8Array(40 + text).fill(k & 0xff)
    octets.set([0x45, 0, (40 + text) >> 8, (40 + text) & 0xff, 0, 0, 0, 0, 64, 6], 0)
    octets[32] = 0x50
    return octets
  }
  const lengths = Array.from({ length: 6000 }, (_, k) => (k % 3 === 0 ? 20 : 1400))
  for (const [k, length] of lengths.entries()) keeper.takeIp(k, made(k, length))
  let sum = 0
  const longest = mostWithin(lengths, 1_500_000)
  for (const [k, length] of lengths.entries()) {
    const packet = keeper.get(k)!
    assert.equal(headerLength(packet), 40)
    const behind = packet.octets.length - 40
    assert.ok(behind === length || (length === 1400 && behind <= longest && behind > 300), `${k}: ${behind}`)
    assert.deepEqual(packet.octets, made(k, length).subarray(0, packet.octets.length))
    assert.equal(packet.captured, 40 + length)
    sum += behind
  }
  assert.ok(sum <= 1_500_000 && sum > 1_400_000, `${sum} octets`)
})

test('the most that fits is the most that fits', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100)), fc.nat(2000), (lengths, budget) => {
      const most = mostWithin(lengths, budget)
      const sum = (at: number): number => lengths.reduce((all, length) => all + Math.min(length, at), 0)
      assert.ok(sum(most) <= budget)
      assert.ok(sum(most + 1) > budget || most === Math.max(0, ...lengths))
    }),
  )
})
