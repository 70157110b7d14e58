/** What a socket writes: chunks as the Duplex has them, octets as the handle takes them. */

import { stateError } from './errors.ts'
import { INNER } from './inner.ts'
import type { Done, TcpSocket, Written } from './socket-methods.ts'

/** Strings that take no more octets, as estimated before they are encoded, Node tries to write from its stack. */
const SHORT_TEXT = 16_384

type Data = Buffer | string | readonly Written[]

/** Gives data to the connection, or waits until there is one. */
export function send(socket: TcpSocket, data: Data, encoding: BufferEncoding | '', done: Done): void {
  if (socket.connecting) return sendLater(socket, data, encoding, done)
  socket._pendingData = null
  socket._pendingEncoding = ''
  const inner = socket[INNER]
  const { handle } = inner
  if (handle === null) return done(stateError('ERR_SOCKET_CLOSED'))
  socket._unrefTimer()
  handle.write(octetsOf(data, encoding), done, typeof data === 'string' && 3 * data.length <= SHORT_TEXT)
  inner.lastWriteQueueSize = handle.writeQueueSize
}

function sendLater(socket: TcpSocket, data: Data, encoding: BufferEncoding | '', done: Done): void {
  socket._pendingData = data
  socket._pendingEncoding = encoding
  const closes = (): void => done(stateError('ERR_SOCKET_CLOSED_BEFORE_CONNECTION'))
  socket.once('connect', () => {
    socket.off('close', closes)
    send(socket, data, encoding, done)
  })
  socket.once('close', closes)
}

function octetsOf(data: Data, encoding: BufferEncoding | ''): readonly Uint8Array[] {
  if (typeof data === 'string') return [Buffer.from(data, encoding === '' ? undefined : encoding)]
  if (Buffer.isBuffer(data)) return [data]
  return (data as readonly Written[]).map(({ chunk, encoding }) =>
    typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk,
  )
}

/** Octets of a chunk. */
export function lengthOf(chunk: Buffer | string, encoding: BufferEncoding): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length
}
