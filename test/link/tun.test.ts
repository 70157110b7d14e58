/** The TUN link: its rules against a fake device. tun-*.test.ts have its refusals and its packets with the kernel. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BATCH_PACKETS, kernelEndsFor, type TunError, TunLink, type TunPort } from '../../src/link/tun.ts'
import { EAGAIN, EBADFD } from '../../src/link/tun-errors.ts'

const READABLE = 1
const WRITABLE = 2
const EIO = 5

class FakePort implements TunPort {
  readonly slab = new Uint8Array(65600)
  readonly arriving: number[] = []
  writeResult: number | null = null
  written: number[] = []
  watched = 0
  isOpen = true
  onEvents: (status: number, events: number) => void = () => {}
  read(): number {
    return this.arriving.shift() ?? -EAGAIN
  }
  write(_frame: Uint8Array, length: number): number {
    if (this.writeResult === null) this.written.push(length)
    return this.writeResult ?? length
  }
  listen(onEvents: (status: number, events: number) => void): void {
    this.onEvents = onEvents
  }
  watch(events: number): void {
    this.watched = events
  }
  ref(): void {}
  unref(): void {}
  close(): void {
    this.isOpen = false
  }
}

describe('a TUN link over a fake device', () => {
  test('a wake-up reads at most 64 packets, then ends the batch; the next wake-up reads the rest', () => {
    const port = new FakePort()
    const link = new TunLink(port, 'fake0', 1500)
    const log: string[] = []
    link.onPacket = (packet, offset, length) => {
      assert.equal(packet, port.slab)
      log.push(`${offset}+${length}`)
    }
    link.onBatchEnd = () => log.push('end')
    for (let i = 0; i < BATCH_PACKETS + 2; i++) port.arriving.push(40)
    port.onEvents(0, READABLE)
    assert.deepEqual(log, [...new Array<string>(BATCH_PACKETS).fill('0+40'), 'end'])
    port.onEvents(0, READABLE)
    assert.deepEqual(log.slice(BATCH_PACKETS + 1), ['0+40', '0+40', 'end'])
    port.onEvents(0, READABLE)
    assert.equal(log.length, BATCH_PACKETS + 4, 'a wake-up without a packet ends no batch')
    assert.equal(link.counters.received, BATCH_PACKETS + 2)
  })

  test('a full device makes send false and is told writable once', () => {
    const port = new FakePort()
    const link = new TunLink(port, 'fake0', 1500)
    let writable = 0
    link.onWritable = () => writable++
    port.writeResult = -EAGAIN
    assert.equal(link.send(new Uint8Array(100), 60), false)
    assert.equal(port.watched, READABLE | WRITABLE)
    port.writeResult = null
    port.onEvents(0, WRITABLE)
    assert.equal(writable, 1)
    assert.equal(port.watched, READABLE)
    port.onEvents(0, READABLE | WRITABLE)
    assert.equal(writable, 1)
    assert.equal(link.send(new Uint8Array(100), 60), true)
    assert.deepEqual(port.written, [60])
    assert.deepEqual({ ...link.counters }, { received: 0, unheard: 0, sent: 1, lost: 0 })
  })

  test('a packet that the kernel refuses is lost and counted, not an error', () => {
    const port = new FakePort()
    const link = new TunLink(port, 'fake0', 1500)
    link.onError = assert.fail
    port.writeResult = -EIO
    assert.equal(link.send(new Uint8Array(40), 40), true)
    assert.equal(link.counters.lost, 1)
  })

  for (const [how, happen] of [
    [
      'a read that says EBADFD',
      (port: FakePort) => {
        port.arriving.push(40, -EBADFD)
        port.onEvents(0, READABLE)
      },
    ],
    ['a poll that fails', (port: FakePort) => port.onEvents(-9, 0)],
  ] as const) {
    test(`the device's end, told by ${how}, is one DEVICE_GONE error and closes the link`, () => {
      const port = new FakePort()
      const link = new TunLink(port, 'fake0', 1500)
      const errors: Error[] = []
      link.onError = (error) => errors.push(error)
      happen(port)
      port.onEvents(0, READABLE)
      assert.equal(errors.length, 1)
      assert.equal((errors[0] as TunError).code, 'DEVICE_GONE')
      assert.equal(port.isOpen, false)
      assert.equal(link.send(new Uint8Array(40), 40), true, 'a send after the end is a loss')
      assert.deepEqual(port.written, [])
    })
  }

  test('close inside onPacket stops the batch: nothing more is read and no batch ends', () => {
    const port = new FakePort()
    const link = new TunLink(port, 'fake0', 1500)
    let packets = 0
    link.onPacket = () => {
      packets++
      link.close()
    }
    link.onBatchEnd = assert.fail
    port.arriving.push(40, 40)
    port.onEvents(0, READABLE)
    port.onEvents(0, READABLE)
    assert.equal(packets, 1)
    assert.equal(port.arriving.length, 1)
  })
})

test("the kernel's end of each prefix is its first host that Elko does not hold", () => {
  assert.deepEqual(kernelEndsFor(['10.7.0.2/24', 'fd07::2/64']), ['10.7.0.1/24', 'fd07::1/64'])
  assert.deepEqual(kernelEndsFor(['10.7.0.1/24', '10.7.0.2/24']), ['10.7.0.3/24'])
  assert.deepEqual(kernelEndsFor(['192.168.4.133/25']), ['192.168.4.129/25'])
  assert.deepEqual(kernelEndsFor(['10.0.0.0/31', 'fd00::1/127']), ['10.0.0.1/31', 'fd00::/127'])
  for (const bad of ['10.0.0.1/32', 'fd00::1/128', '10.0.0.1', '10.0.0.1/33', 'ten/8', '10.0.0.1/-1']) {
    assert.throws(() => kernelEndsFor([bad]), { name: 'TunError', code: 'BAD_OPTION' }, bad)
  }
})
