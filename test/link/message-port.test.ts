/** A link over a MessagePort: what passes, in which order, how much at once, and what a hostile other side can do. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { LinkHost } from '../../src/link/host.ts'
import type { Link } from '../../src/link/link.ts'
import { messagePortLink } from '../../src/link/message-port.ts'
import { createWeb } from '../../src/web/index.ts'
import { turn, until } from './turn.ts'

const limit = { timeout: 240_000 }

function linkPair(): { a: Link; b: Link; ports: [MessagePort, MessagePort]; [Symbol.dispose](): void } {
  const { port1, port2 } = new MessageChannel()
  const [a, b] = [messagePortLink(port1), messagePortLink(port2)]
  return {
    a,
    b,
    ports: [port1, port2],
    [Symbol.dispose]() {
      a.close()
      b.close()
    },
  }
}

const packetOf = (length: number, mark: number): Uint8Array => new Uint8Array(length).fill(mark)

/** What arrives: its length and first octet, and 'end' after each batch. */
function logOf(link: Link): string[] {
  const log: string[] = []
  link.onPacket = (packet, offset, length) => {
    const octets = packet.subarray(offset, offset + length)
    assert.ok(octets.length === length && octets.every((octet) => octet === octets[0]))
    log.push(`${length} of ${octets[0]}`)
  }
  link.onBatchEnd = () => log.push('end')
  return log
}

test(
  'what one turn sends arrives as one batch, in order, and the frame may be reused at once',
  limit,
  async () => {
    using pair = linkPair()
    const log = logOf(pair.b)
    const frame = new Uint8Array(70_000)
    for (const [length, mark] of [
      [1, 1],
      [65535, 2],
      [40, 3],
      [1500, 4],
    ] as const) {
      frame.fill(mark)
      assert.equal(pair.a.send(frame, length), true)
    }
    frame.fill(9)
    await until(() => log.length >= 5)
    assert.deepEqual(log, ['1 of 1', '65535 of 2', '40 of 3', '1500 of 4', 'end'])
    pair.a.send(packetOf(20, 5), 20)
    await until(() => log.length >= 7)
    assert.deepEqual(log.slice(5), ['20 of 5', 'end'])
  },
)

test('capabilities are as asked', () => {
  const { port1, port2 } = new MessageChannel()
  const link = messagePortLink(port1, { mtu: 1500, checksumOffload: false })
  assert.deepEqual([link.mtu, link.maxPacket, link.checksumOffload], [1500, 1500, false])
  const other = messagePortLink(port2)
  assert.deepEqual([other.mtu, other.maxPacket, other.checksumOffload], [65535, 65535, true])
  link.close()
  other.close()
})

test('both directions at once, a million octets of packets of every size', limit, async () => {
  using pair = linkPair()
  const lengths = Array.from({ length: 600 }, (_, n) => 1 + ((n * 7919) % 5000))
  const logs = [logOf(pair.a), logOf(pair.b)]
  const sent = [0, 0]
  for (const [i, link] of [pair.b, pair.a].entries()) {
    const send = (): void => {
      for (let n = sent[i]!; n < lengths.length; n = ++sent[i]!) {
        if (!link.send(packetOf(lengths[n]!, n & 0xff), lengths[n]!)) return
      }
    }
    link.onWritable = send
    send()
  }
  const expected = lengths.map((length, n) => `${length} of ${n & 0xff}`)
  const packets = (log: string[]): string[] => log.filter((line) => line !== 'end')
  await until(() => logs.every((log) => packets(log).length === lengths.length))
  for (const log of logs) assert.deepEqual(packets(log), expected)
})

test(
  'an other side that hears nothing fills the link, within its bound; it goes on where it stopped',
  limit,
  async () => {
    const { port1, port2 } = new MessageChannel()
    const link = messagePortLink(port1)
    const frame = packetOf(65535, 1)
    const fill = async (): Promise<number> => {
      let taken = 0
      for (let quiet = 0; quiet < 3; quiet++) {
        while (link.send(frame, frame.length)) {
          taken++
          quiet = 0
        }
        await turn()
      }
      return taken
    }
    let writable = 0
    link.onWritable = () => writable++
    const taken = await fill()
    assert.ok(taken * frame.length <= 2 ** 20 && taken >= 12, `${taken} packets`)
    assert.equal(writable, 0)
    const other = messagePortLink(port2)
    const log = logOf(other)
    await until(() => writable > 0)
    assert.equal(link.send(packetOf(10, 2), 10), true)
    await until(() => log.includes('10 of 2'))
    assert.equal(log.filter((line) => line === '65535 of 1').length, taken)
    link.close()
    other.close()
  },
)

test('small batches are bounded as well, and give room again', limit, async () => {
  const { port1, port2 } = new MessageChannel()
  const link = messagePortLink(port1)
  let taken = 0
  while (link.send(packetOf(100, 1), 100)) {
    if (++taken % 100 === 0) await turn()
  }
  assert.ok(taken * 102 <= 2 ** 20 + 2 ** 18)
  const other = messagePortLink(port2)
  await until(() => link.send(packetOf(100, 1), 100))
  link.close()
  other.close()
})

test(
  'what is no message of ours does nothing; what claims too much gives no more room than there is',
  limit,
  async () => {
    const { port1, port2 } = new MessageChannel()
    const link = messagePortLink(port1)
    const log = logOf(link)
    let writable = 0
    link.onWritable = () => writable++
    const cutOff = Uint8Array.of(0, 2, 7, 7, 0, 9, 1)
    for (const message of [
      null,
      'hello',
      { packets: 'none' },
      { packets: new ArrayBuffer(0) },
      { packets: new ArrayBuffer(1) },
      { packets: cutOff.buffer },
      { done: -1e9 },
      { done: Number.NaN },
      { done: 'all' },
      { done: Infinity, buffer: new ArrayBuffer(7) },
    ]) {
      port2.postMessage(message)
    }
    await until(() => log.length > 0)
    await turn()
    assert.deepEqual(
      log.filter((line) => line !== 'end'),
      ['2 of 7'],
    )
    assert.equal(writable, 0)
    let taken = 0
    for (let quiet = 0; quiet < 3; quiet++) {
      for (; link.send(packetOf(65535, 1), 65535); taken++) quiet = 0
      await turn()
    }
    assert.ok(taken * 65535 <= 2 ** 20)
    link.close()
    port2.close()
  },
)

test(
  'a port that closes is the end of the link, once, and the last packets still arrive',
  limit,
  async () => {
    const { port1, port2 } = new MessageChannel()
    const [a, b] = [messagePortLink(port1), messagePortLink(port2)]
    const log = logOf(b)
    const errors: Error[] = []
    b.onError = (error) => errors.push(error)
    a.onError = (error) => errors.push(error)
    a.send(packetOf(3, 1), 3)
    a.close()
    a.close()
    await until(() => errors.length > 0)
    assert.deepEqual(log, ['3 of 1', 'end'])
    assert.match(errors[0]!.message, /closed its link/)
    assert.equal(a.send(packetOf(3, 1), 3), true)
    assert.equal(b.send(packetOf(3, 1), 3), true)
    b.close()
    await turn()
    assert.equal(errors.length, 1)
  },
)

test('two threads echo 50 MB through sockets, octet by octet', limit, async () => {
  const { port1, port2 } = new MessageChannel()
  const modules = new URL('../../src/', import.meta.url).href
  const source = `
    const { workerData } = require('node:worker_threads')
    void (async () => {
      const { LinkHost } = await import(workerData.modules + 'link/host.js')
      const { messagePortLink } = await import(workerData.modules + 'link/message-port.js')
      const { createWeb } = await import(workerData.modules + 'web/index.js')
      const host = new LinkHost(messagePortLink(workerData.port), { addresses: ['10.0.0.2/24'] })
      for await (const socket of createWeb(host).listen({ port: 7 })) {
        await socket.readable.pipeTo(socket.writable)
      }
    })().catch(() => {})`
  const worker = new Worker(source, {
    eval: true,
    workerData: { port: port2, modules },
    transferList: [port2],
  })
  await once(worker, 'online')
  const host = new LinkHost(messagePortLink(port1), { addresses: ['10.0.0.1/24'] })
  const socket = createWeb(host).connect('10.0.0.2:7')
  const total = 50_000_000
  const send = async (): Promise<void> => {
    const writer = socket.writable.getWriter()
    for (let at = 0; at < total; at += 100_000) await writer.write(patternAt(at, 100_000))
    await writer.close()
  }
  const sending = send()
  let read = 0
  for await (const chunk of socket.readable) {
    assert.equal(Buffer.compare(chunk, patternAt(read, chunk.length)), 0)
    read += chunk.length
  }
  await sending
  assert.equal(read, total)
  await socket.closed
  host.close()
  await worker.terminate()
})

/** Octets `at` to `at + length` of an endless pattern. */
function patternAt(at: number, length: number): Uint8Array {
  const octets = new Uint8Array(length)
  for (let i = 0; i < length; i++) octets[i] = ((at + i) * 167 + ((at + i) >>> 8)) & 0xff
  return octets
}

test('a thread that dies is the end of the link, too', limit, async () => {
  const { port1, port2 } = new MessageChannel()
  const source = `require('node:worker_threads').workerData.ref()`
  const worker = new Worker(source, { eval: true, workerData: port2, transferList: [port2] })
  const link = messagePortLink(port1)
  await once(worker, 'online')
  const ended = new Promise<Error>((resolve) => (link.onError = resolve))
  await worker.terminate()
  assert.match((await ended).message, /closed its link/)
  link.close()
})

test('a link that nobody holds lets its process end, and one that is held does not', limit, async () => {
  const { port1, port2 } = new MessageChannel()
  const link = messagePortLink(port1)
  assert.equal((port1 as unknown as { hasRef(): boolean }).hasRef(), true)
  link.unref()
  assert.equal((port1 as unknown as { hasRef(): boolean }).hasRef(), false)
  link.ref()
  assert.equal((port1 as unknown as { hasRef(): boolean }).hasRef(), true)
  link.close()
  port2.close()
  await sleep(0)
})
