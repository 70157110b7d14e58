/** RFC 8305 in `connect`: names of several addresses, in virtual time, where 250 ms are 250 ms. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ElkoDiagnosis } from '../../src/analyze/index.ts'
import { interleave } from '../../src/link/interleave.ts'
import { configure, DEFAULT_CONFIG } from '../../src/tcp/config.ts'
import { network, type TestHost, type TestNetwork } from '../../src/testnet/index.ts'
import { type OutgoingOptions, SocketError } from '../../src/web/index.ts'
import { formatAddress } from '../../src/wire/address.ts'

const ROUND_TRIP_MS = 60

interface Site {
  readonly net: TestNetwork
  readonly a: TestHost
  readonly b: TestHost
  /** Takes every packet, and answers none. */
  readonly silent: TestHost
}

/** Host a, host b a path away, and addresses of which nobody answers. */
function site(): Site {
  const net = network({ seed: 8 })
  const a = net.host('10.0.0.1', 'fd00::1')
  const b = net.host('10.0.0.2', 'fd00::2')
  const silent = net.host('10.0.0.9', '10.0.0.10', 'fd00::9', 'fd00::10')
  for (const other of [b, silent]) net.path(a, other, { delay: `${ROUND_TRIP_MS / 2}ms` })
  net.partition(a, silent)
  return { net, a, b, silent }
}

interface Outcome {
  readonly remote: string | null
  readonly error: SocketError | null
  /** Milliseconds until `opened` settled. */
  readonly after: number
}

/** Connects to port 80 of addresses that one name has. */
async function race({ net, a }: Site, addresses: string[], options: OutgoingOptions = {}): Promise<Outcome> {
  net.name('service', addresses)
  const began = net.now
  const socket = a.web.connect('service:80', options)
  const { remote, error } = await socket.opened.then(
    ({ remoteAddress }) => ({ remote: remoteAddress, error: null }),
    (error: SocketError) => ({ remote: null, error }),
  )
  return { remote, error, after: net.now - began }
}

/** Where the connections of a host go, oldest first. */
function remotes({ stack }: TestHost): string[] {
  return [...stack.connections()]
    .sort((first, second) => first.tcb.id - second.tcb.id)
    .map(({ tcb: { path } }) => formatAddress(path.remoteAddress))
}

test('the first address answers: there is no second attempt', async () => {
  const all = site()
  await all.net.run(async () => {
    all.b.web.listen({ port: 80 })
    const { remote, after } = await race(all, ['fd00::2', '10.0.0.2'])
    assert.deepEqual([remote, after], ['[fd00::2]:80', ROUND_TRIP_MS])
    await new Promise((resolve) => setTimeout(resolve, 1000))
    assert.deepEqual(remotes(all.a), ['fd00::2'])
  })
})

test('an address that is silent is alone for 250 ms; the next one wins, and the first is given up', async () => {
  const all = site()
  await all.net.run(async () => {
    all.b.web.listen({ port: 80 })
    const { remote, after } = await race(all, ['fd00::9', '10.0.0.2'])
    assert.deepEqual([remote, after], ['10.0.0.2:80', 250 + ROUND_TRIP_MS])
    assert.deepEqual(remotes(all.a), ['10.0.0.2'])
  })
})

test('a refusal is not waited for', async () => {
  const all = site()
  await all.net.run(async () => {
    all.b.web.listen({ port: 80, hostname: '10.0.0.2' })
    const { remote, after } = await race(all, ['fd00::2', '10.0.0.2'])
    assert.deepEqual([remote, after], ['10.0.0.2:80', 2 * ROUND_TRIP_MS])
  })
})

test('nor is an address that this host cannot reach', async () => {
  const all = site()
  await all.net.run(async () => {
    all.b.web.listen({ port: 80 })
    const { remote, after } = await race(all, ['224.0.0.1', '10.0.0.2'])
    assert.deepEqual([remote, after], ['10.0.0.2:80', ROUND_TRIP_MS])
  })
})

describe('a slow first address', () => {
  /** IPv6 takes 400 ms. */
  function slow(): Site & { far: TestHost } {
    const all = site()
    const far = all.net.host('fd00::5')
    all.net.path(all.a, far, { delay: '200ms' })
    return { ...all, far }
  }

  test('the later one overtakes it; what it answers then is reset', async () => {
    const all = slow()
    await all.net.run(async () => {
      const listeners = [all.far, all.b].map(({ web }) => web.listen({ port: 80 }))
      const { remote, after } = await race(all, ['fd00::5', '10.0.0.2'])
      assert.deepEqual([remote, after], ['10.0.0.2:80', 250 + ROUND_TRIP_MS])
      await listeners[1]!.next()
      await new Promise((resolve) => setTimeout(resolve, 1000))
      assert.deepEqual([remotes(all.a), remotes(all.far)], [['10.0.0.2'], []])
    })
  })

  test('with a longer delay it wins, and the other is never tried', async () => {
    const all = slow()
    await all.net.run(async () => {
      for (const { web } of [all.far, all.b]) web.listen({ port: 80 })
      const config = configure({ connectionAttemptDelayMs: 500 })
      const { remote, after } = await race(all, ['fd00::5', '10.0.0.2'], { config })
      assert.deepEqual([remote, after], ['[fd00::5]:80', 400])
      assert.deepEqual(remotes(all.b), [])
    })
  })
})

test('attempts run side by side, versions of IP in turn', async () => {
  const all = site()
  await all.net.run(async () => {
    const addresses = ['fd00::9', 'fd00::10', '10.0.0.9', '10.0.0.10']
    const outcome = race(all, addresses, { config: configure({ r2SynMs: 5000 }) })
    const counts: number[] = []
    for (const wait of [1, 248, 2, 248, 2, 248, 2]) {
      await new Promise((resolve) => setTimeout(resolve, wait))
      counts.push(remotes(all.a).length)
    }
    assert.deepEqual(counts, [1, 1, 2, 2, 3, 3, 4])
    assert.deepEqual(remotes(all.a), ['fd00::9', '10.0.0.9', 'fd00::10', '10.0.0.10'])
    assert.equal((await outcome).error?.code, 'ETIMEDOUT')
  })
})

test('all fail: the last one’s code, and a cause that has the diagnosis of each', async () => {
  const all = site()
  await all.net.run(async () => {
    const { error, after } = await race(all, ['fd00::2', '224.0.0.1', '10.0.0.2'])
    assert.ok(error instanceof SocketError)
    assert.equal(after, 2 * ROUND_TRIP_MS)
    assert.equal(error.code, 'ECONNREFUSED')
    assert.match(
      error.message,
      /^SocketError: ECONNREFUSED: none of 3 addresses could be reached: fd00::2: ECONNREFUSED: .*; 224\.0\.0\.1: ENETUNREACH: .*; 10\.0\.0\.2: ECONNREFUSED: /,
    )
    const { cause } = error
    assert.ok(cause instanceof AggregateError)
    const [first, second, third] = cause.errors as SocketError[]
    assert.deepEqual(
      [first!.code, second!.code, third!.code],
      ['ECONNREFUSED', 'ENETUNREACH', 'ECONNREFUSED'],
    )
    assert.ok(first!.cause instanceof ElkoDiagnosis)
    assert.equal(first!.cause.who, 'peer')
    assert.equal(first!.cause.remote, '[fd00::2]:80')
  })
})

test('Direct Sockets race as well, among the addresses that dnsQueryType leaves', async () => {
  const all = site()
  await all.net.run(async () => {
    all.b.web.listen({ port: 80 })
    all.net.name('service', ['fd00::9', '10.0.0.2'])
    const { TCPSocket } = all.a.web
    const { remoteAddress } = await new TCPSocket('service', 80).opened
    assert.deepEqual([remoteAddress, all.net.now], ['10.0.0.2', 250 + ROUND_TRIP_MS])
    const only = await new TCPSocket('service', 80, { dnsQueryType: 'ipv4' }).opened
    assert.deepEqual([only.remoteAddress, all.net.now], ['10.0.0.2', 250 + 2 * ROUND_TRIP_MS])
  })
})

describe('a race that nobody waits for', () => {
  test('close ends all of it', async () => {
    const all = site()
    await all.net.run(async () => {
      all.net.name('service', ['fd00::9', '10.0.0.9', '10.0.0.2'])
      const socket = all.a.web.connect('service:80')
      await new Promise((resolve) => setTimeout(resolve, 400))
      assert.deepEqual(remotes(all.a), ['fd00::9', '10.0.0.9'])
      await socket.close()
      await assert.rejects(socket.opened, { code: 'ECONNABORTED' })
      await new Promise((resolve) => setTimeout(resolve, 1000))
      assert.deepEqual(remotes(all.a), [])
    })
  })

  test('the end of the host does, and says so', async () => {
    const all = site()
    await all.net.run(async () => {
      all.net.at('400ms', () => all.a.close())
      const { error, after } = await race(all, ['fd00::9', '10.0.0.9', '10.0.0.2'])
      assert.deepEqual([error?.code, after], ['ECONNABORTED', 400])
    })
  })
})

test('the delay has the bounds of RFC 8305 8', () => {
  assert.equal(DEFAULT_CONFIG.connectionAttemptDelayMs, 250)
  for (const wrong of [9, 2001])
    assert.throws(() => configure({ connectionAttemptDelayMs: wrong }), RangeError)
})

test('RFC 8305 4: versions in turn, the first one’s first, each in its order', () => {
  const inTurn = (text: string): string => interleave([...text], (letter) => (letter < 'a' ? 4 : 6)).join('')
  const cases = {
    '': '',
    a: 'a',
    abAB: 'aAbB',
    Aab: 'Aab',
    ABCa: 'AaBC',
    abcA: 'aAbc',
    abc: 'abc',
    aAbB: 'aAbB',
  }
  for (const [given, expected] of Object.entries(cases)) assert.equal(inTurn(given), expected)
})
