/** What applications of the test network do that is all as it should be. */

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import type { Socket } from '../../src/net/socket.ts'
import type { Random, TestHost } from '../../src/testnet/index.ts'

export interface Ends {
  readonly client: TestHost
  readonly server: TestHost
  /** The server's address. */
  readonly address: string
  readonly random: Random
}

export type Program = (ends: Ends) => Promise<void>

const PORT = 80

/** Serves each connection with `handle`; connects, does `use`, and waits until both ends are closed. */
async function converse(
  { client, server, address }: Ends,
  handle: (socket: Socket) => Promise<unknown>,
  use: (socket: Socket) => Promise<unknown>,
  times = 1,
): Promise<void> {
  const over: Promise<unknown>[] = []
  const options = { allowHalfOpen: true }
  const listening = server.net.createServer(options, (socket) => over.push(both(socket, handle)))
  listening.listen(PORT)
  for (let i = 0; i < times; i++) {
    const socket = client.net.connect({ port: PORT, host: address, ...options }) as Socket
    await once(socket, 'connect')
    await both(socket, use)
  }
  await Promise.all(over)
  await new Promise<void>((resolve) => listening.close(() => resolve()))
}

/** The socket's life: what is done with it, and that it closes. */
async function both(socket: Socket, what: (socket: Socket) => Promise<unknown>): Promise<void> {
  const closed = once(socket, 'close')
  await what(socket)
  await closed
}

/** Reads n octets, or until the end. */
async function read(socket: Socket, n = Number.POSITIVE_INFINITY): Promise<void> {
  for (let left = n; left > 0; ) {
    if (socket.readableLength === 0 && (socket.readableEnded || (await readable(socket)) === 'end')) return
    const chunk = socket.read(Math.min(left, socket.readableLength)) as Buffer | null
    left -= chunk?.length ?? 0
  }
}

function readable(socket: Socket): Promise<'readable' | 'end'> {
  return new Promise((resolve) => {
    const on = (): void => {
      socket.off('readable', on)
      socket.off('end', onEnd)
      resolve('readable')
    }
    const onEnd = (): void => {
      socket.off('readable', on)
      resolve('end')
    }
    socket.once('readable', on)
    socket.once('end', onEnd)
  })
}

const write = (socket: Socket, octets: number): Promise<void> =>
  new Promise((resolve) => socket.write(Buffer.alloc(octets, 'x'), () => resolve()))
const end = async (socket: Socket): Promise<void> => {
  socket.end()
  await read(socket)
}

/** Requests one after the other on one connection; the client ends it after a pause. */
const keptAlive: Program = (ends) => {
  const { random } = ends
  const sizes = Array.from({ length: random.range(1, 15) }, () => random.range(100, 40_000))
  const pauses = sizes.map(() => random.range(0, 2000))
  return converse(
    ends,
    async (socket) => {
      for (const [i, size] of sizes.entries()) {
        await read(socket, 200)
        await sleep(pauses[i]! / 10)
        await write(socket, size)
      }
      await end(socket)
    },
    async (socket) => {
      for (const [i, size] of sizes.entries()) {
        await write(socket, 200)
        await read(socket, size)
        await sleep(pauses[i]!)
      }
      await end(socket)
    },
  )
}

/** A connection for each request; the server ends it behind its answer, as HTTP/1.0 does. */
const oneEach: Program = (ends) => {
  const size = ends.random.range(100, 20_000)
  const serve = async (socket: Socket): Promise<void> => {
    await read(socket, 200)
    await write(socket, size)
    await end(socket)
  }
  const ask = async (socket: Socket): Promise<void> => {
    await write(socket, 200)
    await read(socket)
    socket.end()
  }
  return converse(ends, serve, ask, ends.random.range(2, 8))
}

const download: Program = (ends) => {
  const size = ends.random.range(50_000, 600_000)
  const serve = async (socket: Socket): Promise<void> => {
    await read(socket, 200)
    await write(socket, size)
    await end(socket)
  }
  const fetch = async (socket: Socket): Promise<void> => {
    await write(socket, 200)
    await read(socket, size)
    await end(socket)
  }
  return converse(ends, serve, fetch)
}

/** The client ends its side behind the upload and reads the answer: a half-closed connection. */
const upload: Program = (ends) => {
  const size = ends.random.range(50_000, 600_000)
  const pause = ends.random.range(0, 1500)
  const take = async (socket: Socket): Promise<void> => {
    await read(socket)
    await sleep(pause)
    await write(socket, 300)
    socket.end()
  }
  const give = async (socket: Socket): Promise<void> => {
    await write(socket, size)
    await end(socket)
  }
  return converse(ends, take, give)
}

/** Keystrokes and their echoes. */
const interactive: Program = (ends) => {
  const keys = Array.from({ length: ends.random.range(10, 60) }, () => ends.random.range(20, 400))
  const echo = async (socket: Socket): Promise<void> => {
    for (const _ of keys) {
      await read(socket, 1)
      await write(socket, 1)
    }
    await end(socket)
  }
  const type = async (socket: Socket): Promise<void> => {
    for (const pause of keys) {
      await write(socket, 1)
      await sleep(pause)
    }
    await read(socket, keys.length)
    await end(socket)
  }
  return converse(ends, echo, type)
}

/** The server tells something from time to time. */
const events: Program = (ends) => {
  const pauses = Array.from({ length: ends.random.range(10, 50) }, () => ends.random.range(50, 3000))
  const tell = async (socket: Socket): Promise<void> => {
    await read(socket, 100)
    for (const pause of pauses) {
      await write(socket, 150)
      await sleep(pause)
    }
    await end(socket)
  }
  const hear = async (socket: Socket): Promise<void> => {
    await write(socket, 100)
    await read(socket)
    socket.end()
  }
  return converse(ends, tell, hear)
}

/** Minutes without data, with keep-alive probes, and then the rest. */
const idle: Program = (ends) => {
  const serve = async (socket: Socket): Promise<void> => {
    for (let i = 0; i < 2; i++) {
      await read(socket, 100)
      await write(socket, 2000)
    }
    await end(socket)
  }
  const wait = async (socket: Socket): Promise<void> => {
    socket.setKeepAlive(true, 10_000)
    for (let i = 0; i < 2; i++) {
      await write(socket, 100)
      await read(socket, 2000)
      await sleep(ends.random.range(20_000, 120_000))
    }
    await end(socket)
  }
  return converse(ends, serve, wait)
}

/** A reader that pauses: the window closes and opens. */
const pausing: Program = (ends) => {
  const size = ends.random.range(200_000, 500_000)
  const serve = async (socket: Socket): Promise<void> => {
    await read(socket, 100)
    await write(socket, size)
    await end(socket)
  }
  const slow = async (socket: Socket): Promise<void> => {
    await write(socket, 100)
    for (let left = size; left > 0; left -= 50_000) {
      await read(socket, Math.min(left, 50_000))
      await sleep(ends.random.range(5, 60))
    }
    await end(socket)
  }
  return converse(ends, serve, slow)
}

/** Both ends say that they have ended at the same time. */
const together: Program = (ends) => {
  const part = async (socket: Socket): Promise<void> => {
    await write(socket, 500)
    await read(socket, 500)
    await end(socket)
  }
  return converse(ends, part, part)
}

const secret = Buffer.alloc(32, 'elko')
const TLS = { ciphers: 'PSK+HIGH', maxVersion: 'TLSv1.2' } as const

/** A handshake, requests, close_notify both ways. */
const secured: Program = async (ends) => {
  const { client, server, address, random } = ends
  const size = random.range(500, 30_000)
  const over: Promise<unknown>[] = []
  const listening = server.net.createServer((raw) => {
    const options = { ...TLS, isServer: true, pskCallback: () => secret }
    const socket = new tls.TLSSocket(raw, options as tls.TLSSocketOptions)
    socket.on('data', () => socket.write(Buffer.alloc(size, 'y')))
    over.push(once(raw, 'close'))
  })
  listening.listen(PORT)
  const raw = client.net.connect(PORT, address)
  const pskCallback = (): { psk: Buffer; identity: string } => ({ psk: secret, identity: 'test' })
  const socket = tls.connect({ ...TLS, socket: raw, pskCallback, checkServerIdentity: () => undefined })
  await once(socket, 'secureConnect')
  for (let i = random.range(1, 4); i > 0; i--) {
    socket.write('request')
    await read(socket as unknown as Socket, size)
  }
  const closed = once(raw, 'close')
  socket.end()
  socket.resume()
  await closed
  await Promise.all(over)
  await new Promise<void>((resolve) => listening.close(() => resolve()))
}

/** HTTP messages of which a length does not say how much comes: answers to HEAD, 304, chunks, 100. */
const oddLengths: Program = (ends) => {
  const answers = [
    ['HEAD / HTTP/1.1\r\nHost: s\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n'],
    ['GET / HTTP/1.1\r\nHost: s\r\n\r\n', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n'],
    ['GET / HTTP/1.1\r\nHost: s\r\n\r\n', 'HTTP/1.1 204 No Content\r\n\r\n'],
    [
      'GET / HTTP/1.1\r\nHost: s\r\n\r\n',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    ],
    ['GET / HTTP/1.1\r\nHost: s\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc'],
  ] as const
  const first = ends.random.range(0, answers.length - 1)
  const turn = [...answers.slice(first), ...answers.slice(0, first)]
  const say = (socket: Socket, text: string): Promise<void> =>
    new Promise((resolve) => socket.write(text, () => resolve()))
  const serve = async (socket: Socket): Promise<void> => {
    for (const [request, answer] of turn) {
      await read(socket, request.length)
      await say(socket, answer)
    }
    await end(socket)
  }
  const ask = async (socket: Socket): Promise<void> => {
    for (const [request, answer] of turn) {
      await say(socket, request)
      await read(socket, answer.length)
    }
    await read(socket)
    socket.end()
  }
  return converse(ends, serve, ask)
}

export const PROGRAMS: Readonly<Record<string, Program>> = {
  keptAlive,
  oneEach,
  download,
  upload,
  interactive,
  events,
  idle,
  pausing,
  together,
  secured,
  oddLengths,
}
