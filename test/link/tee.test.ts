import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCapture } from '../../src/capture/capture-reader.ts'
import type { Link } from '../../src/link/link.ts'
import { loopbackPair } from '../../src/link/loopback.ts'
import { tee } from '../../src/link/tee.ts'
import { BareLink } from './bare-link.ts'
import { turn } from './turn.ts'

class Memory {
  readonly chunks: Uint8Array[] = []
  writableLength = 0

  write(octets: Uint8Array): boolean {
    this.chunks.push(octets)
    return true
  }

  get octets(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.chunks))
  }
}

test('both directions are written, sent packets with their reason, and pass unchanged', async () => {
  const [a, far] = loopbackPair({ mtu: 1500 })
  const memory = new Memory()
  let clock = 1_700_000_000_000_000
  const link = tee(a, memory, {
    name: 'tun0',
    reasonOf: (frame, length) => `new-data: ${frame[0]} of ${length}`,
    nowUs: () => clock++,
  })
  assert.deepEqual([link.mtu, link.maxPacket, link.checksumOffload], [1500, 1500, true])
  const log: string[] = []
  link.onPacket = (packet, offset, length) =>
    log.push(`near ${[...packet.subarray(offset, offset + length)]}`)
  link.onBatchEnd = () => log.push('near end')
  far.onPacket = (packet, offset, length) => log.push(`far ${[...packet.subarray(offset, offset + length)]}`)
  link.send(Uint8Array.of(0x45, 1, 2), 2)
  far.send(Uint8Array.of(0x46, 3), 2)
  await turn()
  assert.deepEqual(log, ['far 69,1', 'near 70,3', 'near end'])
  const read = readCapture(memory.octets)
  assert.equal(read.error, null)
  assert.deepEqual(
    read.interfaces.map((one) => [one.name, one.linkType]),
    [['tun0', 101]],
  )
  assert.deepEqual(
    read.packets.map((packet) => [packet.at, packet.direction, [...packet.bytes], packet.comments]),
    [
      [1_700_000_000_000_000, 'outbound', [0x45, 1], ['new-data: 69 of 2']],
      [1_700_000_000_000_001, 'inbound', [0x46, 3], []],
    ],
  )
  link.close()
})

test('a packet that the link refuses is not written, and onWritable and onError pass through', () => {
  const fake = new FakeLink()
  const memory = new Memory()
  const link = tee(fake, memory)
  const log: string[] = []
  link.onWritable = () => log.push('writable')
  link.onError = (error) => log.push(error.message)
  fake.hasRoom = false
  assert.equal(link.send(Uint8Array.of(1), 1), false)
  fake.hasRoom = true
  fake.onWritable?.()
  assert.equal(link.send(Uint8Array.of(1), 1), true)
  fake.onError?.(new Error('gone'))
  link.ref()
  link.unref()
  link.close()
  assert.deepEqual(log, ['writable', 'gone'])
  assert.deepEqual(fake.calls, ['ref', 'unref', 'close'])
  assert.equal(readCapture(memory.octets).packets.length, 1)
})

test('a file is written by its number: whole after close, which leaves it open', () => {
  const folder = mkdtempSync(join(tmpdir(), 'elko-tee-'))
  try {
    const path = join(folder, 'x.pcapng')
    const file = openSync(path, 'w')
    const link = tee(new FakeLink(), file)
    for (let n = 0; n < 3000; n++) link.send(new Uint8Array(100).fill(n), 100)
    link.flush()
    assert.equal(readCapture(readFileSync(path)).packets.length, 3000)
    link.send(Uint8Array.of(1), 1)
    link.close()
    link.close()
    closeSync(file)
    const read = readCapture(readFileSync(path))
    assert.equal(read.error, null)
    assert.equal(read.packets.length, 3001)
    assert.equal(link.missed, 0)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a sink that lags or breaks costs packets in the file, never on the link', () => {
  const memory = new Memory()
  const slow = tee(new FakeLink(), memory)
  memory.writableLength = 1e9
  assert.equal(slow.send(Uint8Array.of(1), 1), true)
  assert.equal(slow.missed, 1)
  memory.writableLength = 0
  slow.send(Uint8Array.of(1), 1)
  assert.equal(readCapture(memory.octets).packets.length, 1)

  const readOnly = openSync('/dev/null', 'r')
  const broken = tee(new FakeLink(), readOnly)
  broken.flush()
  assert.equal(broken.send(Uint8Array.of(1), 1), true)
  assert.equal(broken.missed, 1)
  broken.close()
  closeSync(readOnly)
})

class FakeLink extends BareLink implements Link {
  hasRoom = true
  readonly calls: string[] = []

  send(): boolean {
    return this.hasRoom
  }

  ref(): void {
    this.calls.push('ref')
  }

  unref(): void {
    this.calls.push('unref')
  }

  close(): void {
    this.calls.push('close')
  }
}
