/** http's 'socket hang up' over Elko's sockets: who ended the connection, and whether it had seen the request. */

import assert from 'node:assert/strict'
import http from 'node:http'
import https from 'node:https'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { HangUp } from '../../src/net/hang-up.ts'
import { CERTIFICATE, KEY } from '../net/certificate.ts'
import { type World, world } from './world.ts'

interface Hung {
  readonly code: string
  readonly cause: HangUp | undefined
  readonly fields: string[]
}

/** Asks; null: there was an answer. */
function ask(get: () => http.ClientRequest): Promise<Hung | null> {
  return new Promise((resolve) => {
    const request = get()
    request.on('response', (response) => response.resume().on('end', () => resolve(null)))
    request.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ code: error.code!, cause: error.cause as HangUp, fields: Object.keys(error) })
    })
  })
}

function serve({ b }: World, server: http.Server | https.Server): void {
  b.net.createServer((socket) => server.emit('connection', socket)).listen(80)
}

test('the server’s idle time-out crosses with a request on a kept connection', async () => {
  const all = world({ delay: '50ms' })
  const web = http.createServer((request, response) => {
    response.end()
    setTimeout(() => request.socket.end(), 5000)
  })
  serve(all, web)
  const agent = Object.assign(new http.Agent({ keepAlive: true }), { createConnection: all.a.net.connect })
  await all.net.run(async () => {
    const get = (): http.ClientRequest => http.get({ agent, host: 'b', port: 80 })
    assert.equal(await ask(get), null)
    await sleep(4975) // The FIN left 25 ms ago, and comes in 25 ms.
    const hung = await ask(get)
    assert.deepEqual([hung?.code, hung?.fields], ['ECONNRESET', ['code']])
    const cause = hung?.cause
    assert.ok(cause instanceof Error)
    const { name, who, reason, reused } = cause
    assert.deepEqual([name, who, reason, reused], ['HangUp', 'peer', 'crossed-with-end', true])
    assert.match(
      cause.message,
      /^10\.0\.0\.2:80 ended the connection before it had seen all of the request: its time-out/,
    )
    assert.equal(await ask(get), null)
  })
})

test('a server that ends without an answer; over IPv6; and over TLS', async () => {
  const all = world()
  serve(
    all,
    http.createServer((request) => request.socket.end()),
  )
  await all.net.run(async () => {
    const hung = await ask(() => http.get({ createConnection: () => all.a.net.connect(80, 'fd00::2') }))
    assert.deepEqual(
      [hung?.code, hung?.cause?.reason, hung?.cause?.reused],
      ['ECONNRESET', 'ended-without-answer', false],
    )
    assert.equal(hung?.cause?.message, '[fd00::2]:80 ended the connection without an answer to the request')
  })
  const secure = world()
  serve(
    secure,
    https.createServer({ key: KEY, cert: CERTIFICATE }, (request) => request.socket.end()),
  )
  await secure.net.run(async () => {
    const agent = new https.Agent({ ca: CERTIFICATE })
    const socket = secure.a.net.connect(80, 'b')
    const hung = await ask(() => https.get({ agent, socket, host: 'localhost' } as https.RequestOptions))
    assert.deepEqual([hung?.cause?.name, hung?.cause?.who], ['HangUp', 'peer'])
  })
})

test('a hang-up of this side’s own has no such cause', async () => {
  const all = world()
  serve(
    all,
    http.createServer(() => {}),
  )
  await all.net.run(async () => {
    const hung = await ask(() => {
      const request = http.get({ createConnection: () => all.a.net.connect(80, 'b') })
      setTimeout(() => request.destroy(), 1000)
      return request
    })
    assert.deepEqual([hung?.code, hung?.cause], ['ECONNRESET', undefined])
  })
})
