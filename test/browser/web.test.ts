/** Sockets of elko/web in Chromium, over links of MessagePorts: between two tabs, a page and its worker, in one page. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { LinkHost } from '../../src/link/host.ts'
import type { Link, MessagePortLike } from '../../src/link/portable.ts'
import { webSocketLink } from '../../src/link/websocket.ts'
import { createWeb, type Socket, type Web } from '../../src/web/index.ts'
import { lacksBrowser, type Scripts, withPage, withPages } from './page.ts'
import { webSocketServer } from './websocket-server.ts'

const skip = { skip: lacksBrowser, timeout: 900_000 }
const ROOMS = ['link/portable', 'web']

/** What the pages know: the modules, and what tests leave there. */
interface Globals {
  readonly link: typeof import('../../src/link/portable.ts')
  readonly web: typeof import('../../src/web/index.ts')
  here: Web
}

/** Joins the ports of two tabs: the first that comes is told of the second. */
const JOINER = `
  let first = null
  onconnect = ({ ports: [port] }) => {
    if (first === null) return void (first = port)
    const { port1, port2 } = new MessageChannel()
    first.postMessage(null, [port1])
    port.postMessage(null, [port2])
    first = null
  }`

/** A port to the other tab in each, and a host on it: 10.0.0.1 and 10.0.0.2. */
async function join(pages: readonly Page[], scripts: Scripts): Promise<void> {
  scripts.set('/joiner.js', JOINER)
  const joined = pages.map((page, i) =>
    page.evaluate(async (number) => {
      const { SharedWorker } = globalThis as unknown as {
        SharedWorker: new (
          path: string,
        ) => { port: { onmessage: (event: { ports: MessagePortLike[] }) => void } }
      }
      const globals = globalThis as unknown as Globals
      const worker = new SharedWorker('/joiner.js')
      const port = await new Promise<MessagePortLike>((resolve) => {
        worker.port.onmessage = ({ ports }) => resolve(ports[0]!)
      })
      const { LinkHost, messagePortLink } = globals.link
      globals.here = globals.web.createWeb(
        new LinkHost(messagePortLink(port), {
          addresses: [`10.0.0.${number}/24`],
          names: { echo: '10.0.0.2' },
        }),
      )
    }, i + 1),
  )
  await Promise.all(joined)
}

test('two tabs echo 100 MB through a MessagePort, and the hashes are the same', skip, async () => {
  const { sent, echoed, seconds } = await withPages(2, ROOMS, async (pages, scripts) => {
    await join(pages, scripts)
    const [client, server] = pages as [Page, Page]
    await server.evaluate(() => {
      const { here } = globalThis as unknown as Globals
      void (async () => {
        for await (const socket of here.listen({ port: 7 })) void socket.readable.pipeTo(socket.writable)
      })()
    })
    return client.evaluate(echo100MB)
  })
  assert.match(sent, /^[0-9a-f]{64}$/)
  assert.equal(echoed, sent)
  console.log(`# ${(1.6 / seconds).toFixed(2)} Gbit/s there and back`)
})

/** In the page: random octets out, the same octets in, into one buffer of the reader's own. */
async function echo100MB(): Promise<{ sent: string; echoed: string; seconds: number }> {
  const { here } = globalThis as unknown as Globals
  const total = 100_000_000
  const hash = async (octets: Uint8Array<ArrayBuffer>): Promise<string> => {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', octets))
    return [...digest].map((octet) => octet.toString(16).padStart(2, '0')).join('')
  }
  const octets = new Uint8Array(total)
  for (let at = 0; at < total; at += 65536) crypto.getRandomValues(octets.subarray(at, at + 65536))
  const started = performance.now()
  const socket: Socket = here.connect('echo:7')
  await socket.opened
  const send = async (): Promise<void> => {
    const writer = socket.writable.getWriter()
    for (let at = 0; at < total; at += 250_000) {
      await writer.ready
      void writer.write(octets.subarray(at, at + 250_000))
    }
    await writer.close()
  }
  const sending = send()
  const reader = socket.readable.getReader({ mode: 'byob' })
  let buffer = new ArrayBuffer(total)
  let read = 0
  while (read < total) {
    const { done, value } = await reader.read(new Uint8Array(buffer, read))
    if (value === undefined) throw new Error('cancelled')
    buffer = value.buffer
    if (done) break
    read += value.byteLength
  }
  const seconds = (performance.now() - started) / 1000
  const { done } = await reader.read(new Uint8Array(1))
  await sending
  await socket.closed
  if (!done || read !== total) throw new Error(`${read} octets`)
  return { sent: await hash(octets), echoed: await hash(new Uint8Array(buffer)), seconds }
}

test('errors in a page: refused, reset, unknown, TLS, senseless; each with its cause', skip, async () => {
  const seen = await withPages(2, ROOMS, async (pages, scripts) => {
    await join(pages, scripts)
    const [client, server] = pages as [Page, Page]
    await server.evaluate(() => {
      const { here } = globalThis as unknown as Globals
      void (async () => {
        for await (const socket of here.listen({ port: 9 })) void socket.writable.abort()
      })()
    })
    return client.evaluate(async () => {
      const { here } = globalThis as unknown as Globals
      const tell = (error: unknown): string[] => {
        const { name, code, message, cause } = error as Error & { code: string; cause?: { reason?: string } }
        return [String(error instanceof TypeError), name, code, message, cause?.reason ?? '']
      }
      const rejection = (promise: Promise<unknown>): Promise<string[]> =>
        promise.then(() => ['resolved'], tell)
      const thrown = (call: () => unknown): string[] => {
        try {
          call()
          return ['returned']
        } catch (error) {
          return tell(error)
        }
      }
      const reset = here.connect('echo:9')
      const direct = new here.TCPSocket('10.0.0.2', 81)
      return {
        refused: await rejection(here.connect('echo:81').opened),
        reset: await rejection(reset.readable.getReader().read()),
        resetClosed: await rejection(reset.closed),
        unknown: await rejection(here.connect('nobody:80').opened),
        senseless: thrown(() => here.connect('echo')),
        tls: thrown(() => here.connect('echo:443', { secureTransport: 'on' })),
        startTls: thrown(() => reset.startTls()),
        direct: await rejection(direct.opened),
      }
    })
  })
  const codes = Object.fromEntries(Object.entries(seen).map(([name, told]) => [name, told.slice(0, 3)]))
  assert.deepEqual(codes, {
    refused: ['true', 'SocketError', 'ECONNREFUSED'],
    reset: ['true', 'SocketError', 'ECONNRESET'],
    resetClosed: ['true', 'SocketError', 'ECONNRESET'],
    unknown: ['true', 'SocketError', 'ENOTFOUND'],
    senseless: ['true', 'SocketError', null],
    tls: ['true', 'SocketError', null],
    startTls: ['true', 'SocketError', null],
    direct: ['false', 'NetworkError', 19],
  })
  for (const [name, [, , , message]] of Object.entries(seen)) {
    if (name !== 'direct') assert.match(message!, /^SocketError: /, name)
  }
  assert.equal(seen.refused![4], 'connection-refused')
  assert.equal(seen.reset![4], 'reset-by-peer')
  assert.equal(seen.direct![4], 'connection-refused')
})

test('a page and its worker: a Worker is port enough, and its scope is', skip, async () => {
  const text = await withPages(1, ROOMS, async ([page], scripts) => {
    scripts.set(
      '/worker.js',
      `import { LinkHost, messagePortLink } from '/link/portable.js'
       import { createWeb } from '/web/index.js'
       const host = new LinkHost(messagePortLink(self), { addresses: ['fd00::2/64'] })
       const listener = createWeb(host).listen({ port: 80 })
       listener.opened.then(() => postMessage('listening'))
       for await (const socket of listener) void socket.readable.pipeTo(socket.writable)`,
    )
    return page!.evaluate(async () => {
      const { link, web } = globalThis as unknown as Globals
      const { Worker } = globalThis as unknown as {
        Worker: new (path: string, options: object) => MessagePortLike
      }
      const worker = new Worker('/worker.js', { type: 'module' })
      await new Promise<void>((resolve) => worker.addEventListener('message', () => resolve()))
      const host = new link.LinkHost(link.messagePortLink(worker), { addresses: ['fd00::1/64'] })
      const socket = web.createWeb(host).connect('[fd00::2]:80')
      const writer = socket.writable.getWriter()
      await writer.write('over and out, '.repeat(10_000))
      await writer.close()
      let heard = ''
      const decoder = new TextDecoder()
      const reader = socket.readable.getReader()
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        heard += decoder.decode(next.value, { stream: true })
      }
      await socket.closed
      host.close()
      return heard
    })
  })
  assert.equal(text, 'over and out, '.repeat(10_000))
})

test('a link whose other side is closed ends the host, and its sockets say so', skip, async () => {
  const code = await withPage(ROOMS, (page) =>
    page.evaluate(async () => {
      const { link, web } = globalThis as unknown as Globals
      const { port1, port2 } = new MessageChannel()
      const host = new link.LinkHost(link.messagePortLink(port1), { addresses: ['10.0.0.1/24'] })
      const socket = web.createWeb(host).connect('10.0.0.2:80')
      link.messagePortLink(port2).close()
      return socket.opened.catch((error: { code: string }) => error.code)
    }),
  )
  assert.equal(code, 'ECONNABORTED')
})

test('a page and Node through a WebSocket: 5 MB there and back, then the end of the host', skip, async () => {
  const hosts: LinkHost[] = []
  const { url, server } = await webSocketServer((socket) => {
    const host = new LinkHost(webSocketLink(socket), { addresses: ['10.0.0.2/24'] })
    hosts.push(host)
    void (async () => {
      for await (const { readable, writable, closed } of createWeb(host).listen({ port: 7 })) {
        await readable.pipeTo(writable)
        await closed // all has arrived
        host.close()
      }
    })()
  })
  const { sum, octets, closed } = await withPage(ROOMS, (page) =>
    page.evaluate(async (address) => {
      const { link, web } = globalThis as unknown as Globals
      const { WebSocket } = globalThis as unknown as {
        WebSocket: new (url: string) => import('../../src/link/portable.ts').WebSocketLike
      }
      const host = new link.LinkHost(link.webSocketLink(new WebSocket(address)), {
        addresses: ['10.0.0.1/24'],
      })
      const sockets = web.createWeb(host)
      const listener = sockets.listen({ port: 1 })
      const socket = sockets.connect('10.0.0.2:7')
      const writer = socket.writable.getWriter()
      const send = async (): Promise<void> => {
        for (let n = 0; n < 50; n++) await writer.write(new Uint8Array(100_000).fill(n))
        await writer.close()
      }
      void send()
      let sum = 0
      let octets = 0
      const reader = socket.readable.getReader()
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        for (const octet of next.value) sum += octet * (1 + Math.floor(octets++ / 100_000))
      }
      const closed = await listener.closed.catch((error: Error) => error.message)
      return { sum, octets, closed }
    }, url),
  )
  server.close()
  for (const host of hosts) host.close()
  let expected = 0
  for (let n = 0; n < 50; n++) expected += 100_000 * n * (n + 1)
  assert.equal(octets, 5_000_000)
  assert.equal(sum, expected)
  assert.match(String(closed), /WebSocket closed: code 1000/)
})

test('the bundle whose size is told works: two hosts of one page on a MessageChannel', skip, async () => {
  const script = fileURLToPath(new URL('../../../scripts/bundle-size.mjs', import.meta.url))
  const code = execFileSync(process.execPath, [script, '--code'], { encoding: 'utf8' })
  const text = await withPages(1, [], async ([page], scripts) => {
    scripts.set('/bundle.js', code)
    await page!.evaluate(
      `import('/bundle.js').then((module) => { globalThis.web = globalThis.link = module })`,
    )
    return page!.evaluate(async () => {
      const { link, web } = globalThis as unknown as Globals
      const { port1, port2 } = new MessageChannel()
      const [here, there] = [port1, port2].map((port, i) =>
        web.createWeb(new link.LinkHost(link.messagePortLink(port), { addresses: [`10.0.0.${i + 1}/24`] })),
      )
      const listener = there!.listen({ port: 7 })
      void listener.next().then(({ value }) => value!.readable.pipeTo(value!.writable))
      const socket = here!.connect('10.0.0.2:7')
      const writer = socket.writable.getWriter()
      void writer.write('small, and whole').then(() => writer.close())
      const heard = await new Response(socket.readable).text()
      await socket.closed
      return heard
    })
  })
  assert.equal(text, 'small, and whole')
})

test('timers and turns of a page: delay, loss and retransmission on an impaired loopback', skip, async () => {
  const { octets, resent } = await withPage(ROOMS, (page) =>
    page.evaluate(async () => {
      const { link, web } = globalThis as unknown as Globals
      const ends = link.loopbackPair({ mtu: 1500 })
      const impaired: Link = link.impair(ends[0], { toLink: { delayUs: 2000, loss: 0.02 } }, 'chromium')
      const hosts = [impaired, ends[1]].map(
        (end, i) => new link.LinkHost(end, { addresses: [`10.0.0.${i + 1}/24`] }),
      )
      const [a, b] = hosts.map((host) => web.createWeb(host))
      const listener = b!.listen({ port: 80 })
      const socket = a!.connect('10.0.0.2:80')
      const { value: server } = await listener.next()
      const writer = socket.writable.getWriter()
      void writer.write(new Uint8Array(500_000)).then(() => writer.close())
      let octets = 0
      const reader = server!.readable.getReader()
      for (let next = await reader.read(); !next.done; next = await reader.read()) octets += next.value.length
      const [connection] = hosts[0]!.stack.connections()
      const resent = connection!.tcb.totalRetransmissions
      for (const host of hosts) host.close()
      return { octets, resent }
    }),
  )
  assert.equal(octets, 500_000)
  assert.ok(resent > 0)
})
