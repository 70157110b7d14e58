/** Each fault of the timetable, as sockets feel it. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FirewallOptions } from '../../src/testnet/index.ts'
import { network } from '../../src/testnet/index.ts'
import { echoes, ending, type World, world } from './world.ts'

/** Sends a text and waits for its echo; returns the milliseconds that it took. */
async function echoed({ net }: World, socket: Socket, text = 'hello'): Promise<number> {
  const before = net.now
  socket.write(text)
  for (let heard = ''; heard.length < text.length; ) heard += String((await once(socket, 'data'))[0])
  return net.now - before
}

describe('partition and heal', () => {
  test('nothing passes in either direction, and a retransmission gets through when it is over', async () => {
    const here = world()
    const { net, a, b } = here
    echoes(b)
    net.partition(a, b, { at: '1s', for: '20s' })
    await net.run(async () => {
      const socket = a.net.connect(7, 'b')
      assert.equal(await echoed(here, socket), 40)
      await sleep(1000)
      const took = await echoed(here, socket)
      assert.ok(took > 20_000 && took < 60_000, `${took} ms`)
      socket.destroy()
    })
  })

  test('heal ends it, of the hosts that are named or of all', async () => {
    await using net = network({ failures: null })
    const [a, b, c] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => net.host(address))
    net.path(a!, b!, { delay: '1ms' })
    net.path(a!, c!, { delay: '1ms' })
    for (const host of [b!, c!]) echoes(host)
    const reaches = async (address: string): Promise<boolean> => {
      const socket = a!.net.connect(7, address)
      const connected = once(socket, 'connect').then(() => true)
      const isReached = await Promise.race([connected, sleep(2000, false)])
      socket.destroy()
      return isReached
    }
    await net.run(async () => {
      const both = async (): Promise<boolean[]> => [await reaches('10.0.0.2'), await reaches('10.0.0.3')]
      net.partition(a!, [b!, c!])
      assert.deepEqual(await both(), [false, false])
      net.heal(c!, a!)
      assert.deepEqual(await both(), [false, true])
      net.heal(b!)
      const later = net.partition(a!, [b!, c!], { at: net.now + 3 })
      assert.deepEqual(await both(), [true, false])
      later.end()
      assert.deepEqual(await both(), [true, true])
      net.partition(c!, a!)
      net.heal(undefined, undefined, { at: net.now + 100 })
      assert.deepEqual(await both(), [true, true])
    })
  })
})

describe('a middlebox that resets', () => {
  test('both sides believe that the other did it, with data under way and lost', async () => {
    const { net, a, b } = world({ delay: '20ms', loss: '5%' }, 3)
    const servers = echoes(b)
    await net.run(async () => {
      const socket = a.net.connect(7, 'b')
      const end = ending(socket)
      await once(socket, 'connect')
      socket.write(Buffer.alloc(1_000_000))
      net.reset(a, b, { at: net.now + 500 })
      assert.equal(await end, 'ECONNRESET')
      assert.equal(await servers[0], 'ECONNRESET')
    })
  })

  test('one side, or one port', async () => {
    const { net, a, b } = world()
    const servers = [...[7, 8].map((port) => echoes(b, port))]
    await net.run(async () => {
      const sockets = [7, 8].map((port) => a.net.connect(port, 'b'))
      const ends = sockets.map(ending)
      await Promise.all(sockets.map((socket) => once(socket, 'connect')))
      await sleep(100)
      net.reset(a, b, { port: 8, to: a })
      assert.equal(await ends[1], 'ECONNRESET')
      assert.equal(await Promise.race([...ends.slice(0, 1), servers[1]![0], sleep(1000, 'open')]), 'open')
      sockets[0]!.end()
      assert.equal(await ends[0], 'closed')
    })
  })

  test('while it connects', async () => {
    const { net, a, b } = world()
    echoes(b)
    await net.run(async () => {
      const socket = a.net.connect(7, '10.0.0.2')
      net.reset(a, b, { at: 5 })
      assert.equal(await ending(socket), 'ECONNREFUSED')
    })
  })
})

describe('a firewall', () => {
  /** How a connection attempt ends, and how one that stood before does at both ends, within ten minutes. */
  async function endings(options: FirewallOptions, port = 7): Promise<string[]> {
    const { net, a, b } = world()
    const servers = echoes(b, port)
    return await net.run(async () => {
      const old = a.net.connect(port, 'b')
      const oldEnd = ending(old)
      await once(old, 'connect')
      await sleep(100)
      const fault = net.firewall(a, b, options)
      const fresh = await ending(a.net.connect(port, 'b'))
      old.write('hello')
      const within = (end: Promise<string>): Promise<string> => Promise.race([end, sleep(600_000, 'open')])
      const found = [fresh, await within(oldEnd), await within(servers[0]!)]
      fault.end()
      const last = a.net.connect(port, 'b')
      await once(last, 'connect')
      last.destroy()
      return found
    })
  }

  test('drops without a word', async () => {
    assert.deepEqual(await endings({}), ['ETIMEDOUT', 'ETIMEDOUT', 'open'])
  })
  test('rejects with a reset', async () => {
    assert.deepEqual(await endings({ action: 'reject', port: 7 }), ['ECONNREFUSED', 'ECONNRESET', 'open'])
  })
  test('prohibits by ICMP, which ends an attempt and not a connection (RFC 5927 6)', async () => {
    assert.deepEqual(await endings({ action: 'prohibit' }), ['EHOSTUNREACH', 'EHOSTUNREACH', 'open'])
  })
  test('resets both sides', async () => {
    assert.deepEqual(await endings({ action: 'reset' }), ['ECONNREFUSED', 'ECONNRESET', 'ECONNRESET'])
  })

  test('of one port, one direction or one kind of segment leaves the others alone', async () => {
    const { net, a, b } = world()
    for (const port of [7, 8]) echoes(b, port)
    echoes(a)
    await net.run(async () => {
      net.firewall(a, b, { action: 'reject', port: 8 })
      assert.equal(await ending(a.net.connect(8, 'b')), 'ECONNREFUSED')
      net.firewall(a, b, { action: 'reject', from: b, only: 'syn' })
      assert.equal(await ending(b.net.connect(7, 'a')), 'ECONNREFUSED')
      const socket = a.net.connect(7, 'b')
      assert.equal(await echoed({ net, a, b }, socket), 40)
      net.firewall(a, b, { action: 'reset', only: 'data', from: a })
      socket.write('x')
      assert.equal(await ending(socket), 'ECONNRESET')
    })
  })
})

test('lost SYNs are sent again after a second, two, four (RFC 6298 2.1, 5.5)', async () => {
  const { net, a, b } = world()
  echoes(b)
  net.loseSyns(a, b, 3)
  await net.run(async () => {
    const socket = a.net.connect(7, '10.0.0.2')
    await once(socket, 'connect')
    assert.equal(net.now, 7020)
    socket.destroy()
  })
})

describe('a translator of addresses', () => {
  test('hides the hosts inside, several behind one address, and lets errors through', async () => {
    await using net = network({ failures: null })
    const [x, y, server] = ['10.0.0.1', '10.0.0.2', '192.0.2.1'].map((address) => net.host(address))
    net.path(x!, server!, { delay: '5ms', mtu: '1200' })
    const nat = net.nat({ address: '203.0.113.9', inside: [x!, y!] })
    net.path(y!, server!, { delay: '5ms' })
    const seen: (string | undefined)[] = []
    const totals: number[] = []
    server!.net
      .createServer((socket) => {
        seen.push(socket.remoteAddress)
        let total = 0
        socket.on('data', ({ length }) => (total += length)).on('end', () => totals.push(total))
      })
      .listen(7, '0.0.0.0')
    await net.run(async () => {
      for (const host of [x!, y!]) {
        const socket = host.net.connect(7, '192.0.2.1')
        // Packets too big for the path: the router's ICMP message has to find its way back through the translator.
        socket.end(Buffer.alloc(100_000))
        assert.equal(await ending(socket), 'closed')
        assert.ok(net.now < 2000, `${net.now} ms`)
      }
      assert.deepEqual(seen, ['203.0.113.9', '203.0.113.9'])
      assert.deepEqual(totals, [100_000, 100_000])
      assert.equal(await ending(x!.net.connect(8, '192.0.2.1')), 'ECONNREFUSED')
    })
    void nat
  })

  test('that forgets all connections resets those that send on, and leaves the other side half-open', async () => {
    const here = world()
    const { net, a, b } = here
    const servers = echoes(b)
    const nat = net.nat({ address: '203.0.113.9', inside: a })
    nat.rebind({ at: '1s' })
    await net.run(async () => {
      const socket = a.net.connect(7, 'b')
      await echoed(here, socket)
      await sleep(2000)
      socket.write('x')
      assert.equal(await ending(socket), 'ECONNRESET')
      assert.equal(await Promise.race([servers[0], sleep(60_000, 'open')]), 'open')
    })
  })

  test('that forgets idle connections: keep-alive in time keeps them', async () => {
    for (const [keepAliveMs, expected] of [
      [0, 'ECONNRESET'],
      [60_000, 'closed'],
    ] as const) {
      const here = world()
      const { net, a, b } = here
      echoes(b)
      net.nat({ address: '203.0.113.9', inside: a, idle: '5min' })
      await net.run(async () => {
        const socket = a.net.connect(7, 'b')
        if (keepAliveMs > 0) socket.setKeepAlive(true, keepAliveMs)
        await echoed(here, socket)
        await sleep(600_000)
        socket.end('x')
        assert.equal(await ending(socket), expected)
      })
    }
  })
})

test('an MTU black hole swallows large packets, and the sender comes to send smaller ones', async () => {
  const { net, a, b } = world()
  echoes(b)
  net.mtuBlackHole(a, b, 1000, { at: '1s' })
  await net.run(async () => {
    const socket = a.net.connect(7, 'b')
    await once(socket, 'connect')
    await sleep(1000)
    socket.end(Buffer.alloc(50_000))
    assert.equal(await ending(socket), 'closed')
    const lost = net.trace.filter((event) => event.kind === 'network' && event.action === 'too-big')
    assert.ok(lost.length > 0)
  })
})

test('a box that strips options leaves connections without them, and with right checksums', async () => {
  const here = world()
  const { net, a, b } = here
  echoes(b)
  const fault = net.stripOptions(a, b, ['timestamps', 'window-scale'])
  const optionsOfSyns = (): string[] =>
    net.trace
      .filter((event) => event.kind === 'received')
      .filter(({ segment }) => (segment.flags & 2) !== 0)
      .map(({ segment: { mss, windowScale, timestamps } }) => [mss, windowScale, timestamps?.ecr].join())
  await net.run(async () => {
    const socket = a.net.connect(7, 'b')
    await echoed(here, socket)
    socket.destroy()
    assert.deepEqual(optionsOfSyns(), ['1460,,', '1460,,'])
    fault.end()
    const whole = a.net.connect(7, 'b')
    await echoed(here, whole)
    whole.destroy()
    assert.match(optionsOfSyns()[2]!, /^1460,\d+,0$/)
  })
})

test('a slow reader closes the window of the other side, and opens it again', async () => {
  const { net, a, b } = world()
  let read = 0
  b.net.createServer((socket) => socket.on('data', ({ length }) => (read += length))).listen(7)
  net.slowReader(b, { bytesPerSecond: 10_000, at: '1s', for: '1min' })
  await net.run(async () => {
    const socket = a.net.connect(7, 'b')
    await once(socket, 'connect')
    await sleep(1000)
    socket.end(Buffer.alloc(4_000_000))
    await sleep(10_000)
    assert.ok(read > 90_000 && read <= 102_000, `${read} octets in ten seconds`)
    assert.ok(
      net.trace.some(
        (event) => event.kind === 'sent' && event.host === 'b' && event.segment.scaledWindow < 20_000,
      ),
    )
    assert.equal(await ending(socket), 'closed')
    assert.equal(read, 4_000_000)
    assert.ok(net.now > 61_000 && net.now < 70_000, `${net.now} ms`)
  })
})

test('a reader that does not read at all is probed for as long as it takes (RFC 9293 3.8.6.1)', async () => {
  const { net, a, b } = world()
  echoes(b)
  const fault = net.slowReader(b)
  await net.run(async () => {
    const socket = a.net.connect(7, 'b')
    socket.write(Buffer.alloc(3_000_000))
    await sleep(3_600_000)
    assert.equal(socket.destroyed, false)
    fault.end()
    await once(socket, 'data')
    socket.destroy()
  })
})

test('a host crashes and boots: its peer is half-open until it sends, and then reset', async () => {
  const here = world()
  const { net, a, b } = here
  echoes(b)
  net.crash(b, { at: '1s', for: '5s', boot: () => void echoes(b) })
  await net.run(async () => {
    const [silent, active] = [a.net.connect(7, 'b'), a.net.connect(7, 'b')]
    const silentEnd = ending(silent)
    await echoed(here, active)
    await sleep(2000)
    active.write('x')
    assert.equal(await ending(active), 'ECONNRESET')
    assert.ok(net.now > 6000)
    assert.equal(await Promise.race([silentEnd, sleep(3_600_000, 'half-open')]), 'half-open')
    const next = a.net.connect(7, 'b')
    assert.equal(await echoed(here, next), 40)
    next.destroy()
  })
})
