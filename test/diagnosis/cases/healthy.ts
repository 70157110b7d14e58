/** What is all as it should be, by the kernel's TCP: each over IPv4 and IPv6. */

import type { Case, Truth } from '../case.ts'
import { NODE_ONLY } from '../case.ts'
import type { Op } from '../script.ts'
import type { Wire } from '../world.ts'

const readAll: Op = { op: 'readall' }
const send = (n: number, text?: string): Op => ({ op: 'send', n, ...(text === undefined ? {} : { text }) })
const read = (n: number): Op => ({ op: 'readfull', n })
const pause = (ms: number): Op => ({ op: 'sleep', ms })
const times = (n: number, ...ops: Op[]): Op => ({ op: 'repeat', n, ops })

/** A line of 40 ms there and back that loses each `each`-th packet of each direction. */
const lossy = (each: number): Wire => {
  const loseList = Array.from({ length: 40 }, (_, i) => each * (i + 1) - 20)
  return { toServer: { delayUs: 20_000, loseList }, toClient: { delayUs: 20_000, loseList } }
}
const FAR: Wire = { toServer: { delayUs: 20_000 }, toClient: { delayUs: 20_000 } }
const UNRULY: Wire = {
  toServer: { delayUs: 10_000, reorder: 0.01, reorderByUs: 3000, duplicate: 0.01 },
  toClient: { delayUs: 10_000, reorder: 0.01, reorderByUs: 3000, duplicate: 0.01 },
  seed: 8,
}
const GREETING = '220 ready\r\n'
const WHOLE = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3000\r\n\r\n'

import { accept, close, connect, listen, PORT } from './usual-steps.ts'

type Scene = Pick<Case, 'name' | 'title' | 'client' | 'server'> & Partial<Case>

const SCENES: readonly Scene[] = [
  {
    name: 'requests',
    title: 'requests one after the other on one connection',
    client: [connect, times(8, send(200), read(5000), pause(60)), close],
    server: [listen, accept, times(8, read(200), send(5000)), readAll, close],
  },
  {
    name: 'requests_far',
    title: 'requests on one connection, 40 ms away',
    wire: FAR,
    client: [connect, times(5, send(200), read(20_000)), close],
    server: [listen, accept, times(5, read(200), send(20_000)), readAll, close],
  },
  {
    name: 'short_connections',
    title: 'a connection for each request, which the server closes',
    client: [times(6, connect, send(200), readAll, close)],
    server: [listen, times(6, accept, read(200), send(3000), close)],
  },
  {
    name: 'download_lossy',
    title: 'a download of which one segment in a hundred is lost',
    wire: lossy(100),
    client: [connect, send(200), read(600_000), close],
    server: [listen, accept, read(200), send(600_000), readAll, close],
  },
  {
    name: 'upload_lossy',
    title: 'an upload of which one segment in three hundred is lost',
    wire: lossy(300),
    client: [connect, send(900_000), { op: 'shutdown' }, readAll, close],
    server: [listen, accept, readAll, send(300), close],
  },
  {
    name: 'unruly',
    title: 'a download of which some packets come late and some twice',
    wire: UNRULY,
    client: [connect, send(200), read(400_000), close],
    server: [listen, accept, read(200), send(400_000), readAll, close],
  },
  {
    name: 'idle_then_client_closes',
    title: 'idle for a while, then the client closes',
    client: [connect, send(200), read(500), pause(2500), close],
    server: [listen, accept, read(200), send(500), readAll, close],
  },
  {
    name: 'idle_then_server_closes',
    title: 'idle for a while, then the server closes',
    client: [connect, send(200), readAll, close],
    server: [listen, accept, read(200), send(500), pause(2500), close],
  },
  {
    name: 'long_poll',
    title: 'an answer that takes two seconds by intention',
    client: [connect, times(2, send(200), read(100)), close],
    server: [listen, accept, times(2, read(200), pause(2000), send(100)), readAll, close],
  },
  {
    name: 'greeting',
    title: 'the server speaks first, and closes when asked to',
    client: [connect, read(GREETING.length), send(6, 'QUIT\r\n'), readAll, close],
    server: [listen, accept, send(GREETING.length, GREETING), read(6), send(9, '221 bye\r\n'), close],
  },
  {
    name: 'one_way',
    title: 'the client tells and asks for no answer',
    client: [connect, times(10, send(300), pause(80)), close],
    server: [listen, accept, readAll, close],
  },
  {
    name: 'nothing_said',
    title: 'the client connects and closes: a health check',
    client: [connect, pause(50), close],
    server: [listen, accept, readAll, close],
  },
  {
    name: 'http_whole',
    title: 'an HTTP answer of the length that it announces, and the end',
    client: [connect, send(60, 'GET / HTTP/1.1\r\nHost: s\r\nConnection: close\r\nX-Fill: '), readAll, close],
    server: [listen, accept, read(60), send(WHOLE.length + 3000, WHOLE), close],
  },
  {
    name: 'small_window',
    title: 'a download through a small receive buffer',
    languages: [
      ['python', 'python'],
      ['python', 'node'],
    ],
    client: [{ op: 'connect', port: PORT, rcvbuf: 8192 }, send(200), read(200_000), close],
    server: [listen, accept, read(200), send(200_000), readAll, close],
  },
  {
    name: 'reset_at_the_end',
    title: 'the client ends with a reset where nothing is left to be sent',
    client: [connect, send(200), read(500), pause(200), { op: 'abort' }],
    server: [listen, accept, read(200), send(500), { op: 'recv' }, close],
    seen: { client: [], server: ['ECONNRESET'] },
  },
  {
    name: 'tls',
    title: 'TLS: a handshake, requests, close_notify',
    languages: NODE_ONLY,
    client: [
      { op: 'connect', port: PORT, tls: 'psk' },
      times(3, send(200), read(4000)),
      { op: 'shutdown' },
      readAll,
      close,
    ],
    server: [
      { op: 'listen', port: PORT, tls: 'psk' },
      accept,
      times(3, read(200), send(4000)),
      readAll,
      { op: 'shutdown' },
      close,
    ],
  },
]

const FINE: Truth = { verdict: [], healthy: true, sees: false }

export const HEALTHY_CASES: readonly Case[] = SCENES.flatMap((scene) =>
  ([4, 6] as const).map((family) => ({
    seen: { client: [], server: [] },
    ...scene,
    name: `healthy_${scene.name}_v${family}`,
    family,
    settleMs: 400,
    connection: 'every',
    truth: FINE,
    fromServer: FINE,
    fromBoth: FINE,
  })),
)
