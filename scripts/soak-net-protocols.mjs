/**
 * The protocols of scripts/soak-net.mjs. Each is a function of a world (two nets and the server's address) that begins to
 * listen and gives `exchange`, which settles when an exchange is over for its client and its server, and `close`.
 */

import { EventEmitter, once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import tls from 'node:tls'
import { selfSigned } from '../examples/certificate.mjs'
import { closed, receive, send } from './soak-net-exchange.mjs'

const EXAMPLES = new URL('../examples/', import.meta.url)

export const PROTOCOLS = { http: overHttp, tls: overTls, http2: overHttp2, ws: overWebSocket }

/** http with kept connections and others of their own, request and answer at the same time. */
async function overHttp(world, { exchanges, random }) {
  const web = http.createServer((request, response) => {
    const exchange = exchanges.get(request.url.slice(1))
    if (exchange === undefined) return request.destroy()
    const destroy = () => cut(exchange, request.socket)
    response.on('error', () => {})
    // To the request's end, not its last octet: a server that closes before is right to reset what comes behind.
    const ended = closed(request)
    exchange.served = Promise.all([
      receive(exchange, exchange.up, 'server', request, destroy).then(() => ended),
      send(exchange, exchange.down, 'server', response, destroy),
    ]).then(() => response.end())
  })
  // Node's own half-close support of http: a client may end its side behind its request.
  web.httpAllowHalfOpen = true
  web.requestTimeout = 0
  const port = await listen(world, web, { allowHalfOpen: true })
  class Agent extends http.Agent {
    createConnection() {
      return world.client.connect({ host: world.address, port })
    }
  }
  const agent = new Agent({ keepAlive: true })
  const alone = new Agent({ keepAlive: false })

  async function exchange(one) {
    const ownConnection = one.halfCloses || random() < 0.2
    const request = http.request({
      ...{ method: 'POST', path: `/${one.id}`, host: world.address, port },
      agent: ownConnection ? alone : agent,
    })
    const destroy = () => cut(one, request.socket)
    request.on('error', (error) => (one.down.error ??= error))
    const answered = new Promise((resolve) => {
      request.once('response', (response) => {
        resolve(receive(one, one.down, 'client', response, destroy))
      })
      request.once('close', resolve)
    })
    one.stage = 'sending'
    await send(one, one.up, 'client', request, destroy)
    request.end()
    if (one.halfCloses && !request.destroyed) request.once('finish', () => request.socket?.end())
    one.stage = 'receiving'
    await answered
    one.stage = 'closing'
    await closed(request)
    one.stage = 'awaiting the server'
    await one.served
  }

  return {
    exchange,
    close: async () => {
      agent.destroy()
      alone.destroy()
      await web.stop()
    },
  }
}

/** TLS, a connection for each exchange, either side ending first. */
async function overTls(world, { exchanges }) {
  const { key, cert } = selfSigned(['server.example'])
  const secureContext = tls.createSecureContext({ key, cert })
  const server = new EventEmitter().on('connection', serve)
  const port = await listen(world, server, { allowHalfOpen: true })

  async function serve(tcp) {
    const socket = new tls.TLSSocket(tcp, { isServer: true, secureContext, allowHalfOpen: true })
    socket.on('error', () => {})
    let id = null
    const over = closed(socket)
    while ((id = socket.read(8)) === null && !socket.destroyed && !socket.readableEnded) {
      await Promise.race([once(socket, 'readable').catch(() => {}), over])
    }
    const exchange = exchanges.get(String(id))
    if (exchange === undefined) return socket.destroy()
    exchange.served = answer(exchange, socket, tcp).then(() => over)
  }

  async function answer(exchange, socket, tcp) {
    const destroy = () => cut(exchange, exchange.resets ? tcp : socket)
    const received = receive(exchange, exchange.up, 'server', socket, destroy)
    await send(exchange, exchange.down, 'server', socket, destroy)
    if (exchange.serverWaits) await received
    socket.end()
    await received
  }

  async function exchange(one) {
    const tcp = world.client.connect({ host: world.address, port, allowHalfOpen: true })
    const socket = tls.connect({ socket: tcp, ca: cert, servername: 'server.example', allowHalfOpen: true })
    socket.on('error', (error) => (one.down.error ??= error))
    const destroy = () => cut(one, one.resets ? tcp : socket)
    socket.write(one.id)
    const received = receive(one, one.down, 'client', socket, destroy)
    one.stage = 'sending'
    await send(one, one.up, 'client', socket, destroy)
    if (one.clientWaits) await received
    socket.end()
    one.stage = 'receiving'
    await received
    one.stage = 'closing'
    await closed(socket)
    one.stage = 'awaiting the server'
    await one.served
  }
  return { exchange, close: () => server.stop() }
}

/** HTTP/2 without TLS: some streams to a connection. */
async function overHttp2(world, { exchanges, random }) {
  const web = http2.createServer()
  const sessions = new Set()
  web.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
    session.once('close', () => sessions.delete(session))
  })
  web.on('sessionError', () => {})
  web.on('stream', (stream, headers) => {
    const exchange = exchanges.get(headers[':path'].slice(1))
    stream.on('error', () => {})
    if (exchange === undefined || stream.destroyed) return stream.close()
    const destroy = () => cutStream(exchange, stream)
    stream.respond({ ':status': 200 })
    exchange.served = Promise.all([
      receive(exchange, exchange.up, 'server', stream, destroy),
      send(exchange, exchange.down, 'server', stream, destroy),
    ]).then(() => stream.end())
  })
  const port = await listen(world, web, {})
  let current = null

  /** A connection for a dozen exchanges or so. */
  function session() {
    if (current !== null && !current.closed && !current.destroyed && random() < 0.92) return current
    const old = current
    if (old?.exchanges.size === 0) old.close()
    const made = http2.connect('http://server.example', {
      createConnection: () => world.client.connect({ host: world.address, port }),
    })
    made.exchanges = new Set()
    made.on('error', () => {})
    current = made
    return made
  }

  /** Destroys the stream, or its whole connection with all the others on it. */
  function cutStream(exchange, stream) {
    exchange.mayFail = true
    exchange.wasDestroyed = true
    if (exchange.resets) return stream.close(http2.constants.NGHTTP2_CANCEL)
    for (const other of exchange.session.exchanges) other.mayFail = true
    if (exchange.session === current) current = null
    stream.session?.destroy()
  }

  async function exchange(one) {
    const connection = session()
    one.session = connection
    connection.exchanges.add(one)
    const stream = connection.request({ ':path': `/${one.id}`, ':method': 'POST' })
    stream.on('error', (error) => (one.down.error ??= error))
    const destroy = () => cutStream(one, stream)
    const received = receive(one, one.down, 'client', stream, destroy)
    one.stage = 'sending'
    await send(one, one.up, 'client', stream, destroy)
    stream.end()
    one.stage = 'receiving'
    await received
    one.stage = 'closing'
    await closed(stream)
    one.stage = 'awaiting the server'
    // Where the other side has destroyed the session node:http2 does not always tell a stream, over node:net neither.
    await Promise.race([one.served, ...(one.mayFail ? [sleep(1000)] : [])])
    connection.exchanges.delete(one)
    if (connection !== current && connection.exchanges.size === 0) connection.close()
  }

  return {
    exchange,
    close: async () => {
      current?.close()
      for (const each of sessions) each.close()
      await web.stop()
    },
  }
}

/** WebSocket, a connection for each exchange; it knows no half-close. */
async function overWebSocket(world, { exchanges }) {
  const { WebSocket, WebSocketServer, createWebSocketStream } = createRequire(EXAMPLES)('ws')
  const web = http.createServer()
  const sockets = new WebSocketServer({ server: web })
  sockets.on('connection', (socket, request) => {
    const exchange = exchanges.get(request.url.slice(1))
    const stream = createWebSocketStream(socket)
    stream.on('error', () => {})
    if (exchange === undefined) return socket.terminate()
    const destroy = () => cutWebSocket(exchange, socket, request.socket)
    const over = new Promise((resolve) => socket.once('close', resolve))
    exchange.served = Promise.all([
      receive(exchange, exchange.up, 'server', stream, destroy),
      send(exchange, exchange.down, 'server', stream, destroy),
    ]).then(() => over)
  })
  const port = await listen(world, web, {})

  function cutWebSocket(exchange, socket, tcp) {
    exchange.mayFail = true
    exchange.wasDestroyed = true
    if (exchange.resets) tcp?.resetAndDestroy()
    else socket.terminate()
  }

  async function exchange(one) {
    let tcp = null
    const socket = new WebSocket(`ws://${world.address}/${one.id}`, {
      createConnection: () => (tcp = world.client.connect({ host: world.address, port })),
      perMessageDeflate: false,
    })
    const stream = createWebSocketStream(socket)
    stream.on('error', (error) => (one.down.error ??= error))
    const over = new Promise((resolve) => socket.once('close', resolve))
    const destroy = () => cutWebSocket(one, socket, tcp)
    const received = receive(one, one.down, 'client', stream, destroy)
    one.stage = 'sending'
    await send(one, one.up, 'client', stream, destroy)
    one.stage = 'receiving'
    await received
    one.stage = 'closing'
    stream.end() // A close frame: from both sides nothing more comes, so both are to have all.
    await over
    one.stage = 'awaiting the server'
    await one.served
  }

  return {
    exchange,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      await web.stop()
    },
  }
}

/** Ends a connection at once. */
function cut(exchange, socket) {
  exchange.mayFail = true
  exchange.wasDestroyed = true
  if (exchange.resets) socket.resetAndDestroy()
  else socket.destroy()
}

/** Gives the connections of a listener of the world to a server that does not listen itself; `stop` ends both. */
async function listen(world, server, options) {
  const sockets = new Set()
  const listener = world.server.createServer(options, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
    server.emit('connection', socket)
  })
  listener.listen(0, world.address)
  await once(listener, 'listening')
  server.stop = async () => {
    const stopped = once(listener, 'close')
    listener.close()
    for (const socket of sockets) socket.destroy()
    await stopped
  }
  return listener.address().port
}
