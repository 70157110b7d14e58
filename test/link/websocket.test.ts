/** A link over a WebSocket: one packet a message, full while it connects and while too much waits, dead when it closes. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LinkHost } from '../../src/link/host.ts'
import { type WebSocketLike, webSocketLink } from '../../src/link/websocket.ts'
import { createWeb } from '../../src/web/index.ts'
import { turn, until } from './turn.ts'

const limit = { timeout: 240_000 }

/** A WebSocket whose wire is in the test's hand. */
class Socket extends EventTarget implements WebSocketLike {
  binaryType = 'blob'
  readyState = 1
  bufferedAmount = 0
  readonly sent: Uint8Array[] = []
  other: Socket | null = null

  send(packet: Uint8Array<ArrayBuffer>): void {
    this.sent.push(packet)
    const { other } = this
    if (other === null) this.bufferedAmount += packet.length
    else setImmediate(() => other.arrive(packet.slice().buffer))
  }

  close(): void {
    if (this.readyState === 3) return
    this.readyState = 3
    if (this.other !== null) setImmediate((other: Socket) => other.end(1000, 'done'), this.other)
  }

  arrive(data: unknown): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }))
  }

  open(): void {
    this.readyState = 1
    this.dispatchEvent(new Event('open'))
  }

  end(code: number, reason: string): void {
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }))
  }
}

test('one packet in each message, a copy of the frame; capabilities as asked', () => {
  const socket = new Socket()
  const link = webSocketLink(socket)
  assert.equal(socket.binaryType, 'arraybuffer')
  assert.deepEqual([link.mtu, link.maxPacket, link.checksumOffload], [1500, 1500, false])
  const frame = Uint8Array.of(1, 2, 3, 4)
  assert.equal(link.send(frame, 3), true)
  frame.fill(9)
  assert.equal(link.send(frame, 1), true)
  assert.deepEqual(
    socket.sent.map((packet) => [...packet]),
    [[1, 2, 3], [9]],
  )
  assert.equal(socket.sent[0]!.buffer.byteLength, 3)
  link.close()
  assert.equal(socket.readyState, 3)
  assert.equal(link.send(frame, 1), true)
  assert.equal(socket.sent.length, 2)
  const wide = webSocketLink(new Socket(), { mtu: 65535, checksumOffload: true })
  assert.deepEqual([wide.mtu, wide.maxPacket, wide.checksumOffload], [65535, 65535, true])
})

test('messages of one turn are one batch; texts, blobs and empty messages are none', async () => {
  const socket = new Socket()
  const link = webSocketLink(socket)
  const log: string[] = []
  link.onPacket = (packet, offset, length) => log.push([...packet.subarray(offset, offset + length)].join())
  link.onBatchEnd = () => log.push('end')
  socket.arrive(Uint8Array.of(1, 2).buffer)
  socket.arrive('a text')
  socket.arrive(new Blob(['a blob']))
  socket.arrive(new ArrayBuffer(0))
  socket.arrive(Uint8Array.of(3).buffer)
  await turn()
  socket.arrive(Uint8Array.of(4).buffer)
  await turn()
  assert.deepEqual(log, ['1,2', '3', 'end', '4', 'end'])
  link.close()
  socket.arrive(Uint8Array.of(5).buffer)
  await turn()
  assert.equal(log.length, 5)
})

test('full while it connects, and while more waits than may', limit, async () => {
  const socket = new Socket()
  socket.readyState = 0
  const link = webSocketLink(socket, { maxBufferedBytes: 5000 })
  let writable = 0
  link.onWritable = () => writable++
  const frame = new Uint8Array(1500)
  assert.equal(link.send(frame, 1500), false)
  assert.equal(writable, 0)
  socket.open()
  assert.equal(writable, 1)
  let taken = 0
  while (link.send(frame, 1500)) taken++
  assert.equal(taken, 3)
  socket.bufferedAmount = 2501 // still more than half of the bound
  await sleep(20)
  assert.equal(writable, 1)
  socket.bufferedAmount = 2500
  await until(() => writable === 2)
  await sleep(20)
  assert.equal(writable, 2)
  link.close()
})

test('its end is the end of the link, and says what the WebSocket said', () => {
  for (const [code, reason, told] of [
    [1006, '', /closed: code 1006$/],
    [1011, 'out of order', /code 1011, "out of order"$/],
  ] as const) {
    const socket = new Socket()
    const link = webSocketLink(socket)
    const errors: Error[] = []
    link.onError = (error) => errors.push(error)
    socket.end(code, reason)
    socket.end(code, reason)
    assert.equal(errors.length, 1)
    assert.match(errors[0]!.message, told)
    assert.equal(link.send(new Uint8Array(10), 10), true)
    assert.equal(socket.sent.length, 0)
    link.close()
  }
})

test(
  'two hosts over a pair of WebSockets echo a megabyte, and the end of one ends the other',
  limit,
  async () => {
    const sockets = [new Socket(), new Socket()] as const
    sockets[0].other = sockets[1]
    sockets[1].other = sockets[0]
    const hosts = sockets.map(
      (socket, i) => new LinkHost(webSocketLink(socket), { addresses: [`10.0.0.${i + 1}/24`] }),
    )
    const [a, b] = hosts.map((host) => createWeb(host))
    const listener = b!.listen({ port: 7 })
    const serving = listener.next().then(({ value }) => value!.readable.pipeTo(value!.writable))
    const client = a!.connect('10.0.0.2:7')
    const octets = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31 + (i >>> 8)) & 0xff)
    const writer = client.writable.getWriter()
    void writer.write(octets).then(() => writer.close())
    let read = 0
    for await (const chunk of client.readable) {
      assert.equal(Buffer.compare(chunk, octets.subarray(read, read + chunk.length)), 0)
      read += chunk.length
    }
    assert.equal(read, octets.length)
    await serving
    hosts[0]!.close()
    await assert.rejects(listener.closed, { code: 'ECONNABORTED' })
  },
)
