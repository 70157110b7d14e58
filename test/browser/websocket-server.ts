/** As much of a WebSocket server (RFC 6455) as a link needs: binary messages of any size, no extensions, close. */

import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebSocketLike } from '../../src/link/websocket.ts'

const BINARY = 2
const CLOSE = 8

/** One side of a WebSocket, with what a browser's has. */
class ServerWebSocket extends EventTarget implements WebSocketLike {
  binaryType = 'arraybuffer'
  readyState = 1
  readonly #stream: Duplex
  #unread = Buffer.alloc(0)
  /** Messages of several frames are put together. */
  #parts: Buffer[] = []

  constructor(stream: Duplex) {
    super()
    this.#stream = stream
    stream.on('data', (data: Buffer) => {
      this.#unread = Buffer.concat([this.#unread, data])
      while (this.#takeFrame());
    })
    stream.on('error', () => {})
    stream.on('close', () => this.#ends(1006))
  }

  get bufferedAmount(): number {
    return this.#stream.writableLength
  }

  send(packet: Uint8Array): void {
    const { length } = packet
    const header = Buffer.from(
      length < 126 ? [0x80 | BINARY, length] : [0x80 | BINARY, 126, length >> 8, length & 0xff],
    )
    this.#stream.write(Buffer.concat([header, packet]))
  }

  close(): void {
    this.readyState = 2
    this.#stream.end(Buffer.from([0x80 | CLOSE, 2, 1000 >> 8, 1000 & 0xff]))
  }

  /** RFC 6455 5.2. What a browser sends is masked. */
  #takeFrame(): boolean {
    const data = this.#unread
    if (data.length < 6) return false
    const short = data[1]! & 0x7f
    const at = short === 126 ? 4 : short === 127 ? 10 : 2
    if (data.length < at + 4) return false
    const length = at === 2 ? short : at === 4 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2))
    const end = at + 4 + length
    if (data.length < end) return false
    const mask = data.subarray(at, at + 4)
    const octets = Buffer.from(data.subarray(at + 4, end))
    for (let i = 0; i < length; i++) octets[i]! ^= mask[i & 3]!
    this.#unread = data.subarray(end)
    this.#take(data[0]!, octets)
    return true
  }

  #take(first: number, octets: Buffer): void {
    if ((first & 0x0f) === CLOSE) {
      this.#stream.end(Buffer.from([0x80 | CLOSE, 0]))
      this.#ends(octets.length >= 2 ? octets.readUInt16BE(0) : 1005)
      return
    }
    this.#parts.push(octets)
    if ((first & 0x80) === 0) return
    const data = new Uint8Array(Buffer.concat(this.#parts)).buffer
    this.#parts = []
    this.dispatchEvent(Object.assign(new Event('message'), { data }))
  }

  #ends(code: number): void {
    if (this.readyState === 3) return
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason: '' }))
  }
}

/** Calls `onSocket` for each browser that connects. */
export async function webSocketServer(
  onSocket: (socket: WebSocketLike) => void,
): Promise<{ url: string; server: Server }> {
  const server = createServer()
  server.on('upgrade', (request, stream: Duplex) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    stream.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    onSocket(new ServerWebSocket(stream))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `ws://127.0.0.1:${port}/`, server }
}
