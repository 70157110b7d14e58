/** Virtual time in a test network: what follows it, what stops it, and what is left when a run is over. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, pbkdf2, randomBytes, webcrypto } from 'node:crypto'
import { lookup } from 'node:dns'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import * as timers from 'node:timers'
import { setInterval as every, scheduler, setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { network } from '../../src/testnet/index.ts'
import { PLAIN } from '../environment.ts'
import { echoes, ending, world } from './world.ts'

const HOUR = 3_600_000

test('timers that are refreshed and cleared run when they are due, each once, whatever their number', async () => {
  const { net } = world()
  const late: string[] = []
  let runs = 0
  await net.run(async () => {
    const plans = Array.from({ length: 300 }, (_, i) => ({
      delay: i % 3 === 0 ? 300_000 : 41_000,
      due: 0,
      isSet: true,
    }))
    const timers = plans.map((plan) =>
      setTimeout(() => {
        runs++
        if (!plan.isSet || Math.abs(net.now - plan.due) > 1) late.push(`due ${plan.due}, ran at ${net.now}`)
        plan.isSet = false
      }, plan.delay),
    )
    for (const plan of plans) plan.due = net.now + plan.delay
    for (let turn = 0; turn < 5000; turn++) {
      await sleep(net.random.range(1, 200))
      const i = net.random.range(0, plans.length - 1)
      const plan = plans[i]!
      if (!plan.isSet) continue
      if (turn % 50 === 0) {
        clearTimeout(timers[i])
        plan.isSet = false
      } else {
        timers[i]!.refresh()
        plan.due = net.now + plan.delay
      }
    }
    await sleep(400_000)
  })
  assert.deepEqual(late, [])
  assert.ok(runs > 100, `${runs}`)
})

test('every way to wait and to ask for the time follows virtual time', async () => {
  await using net = network({ failures: null })
  await net.run(async () => {
    const passed: [string, number][] = []
    const measure = async (what: string, wait: () => unknown): Promise<void> => {
      const before = net.now
      await wait()
      passed.push([what, net.now - before])
    }
    await measure('setTimeout', () => new Promise((resolve) => setTimeout(resolve, HOUR)))
    await measure('timers.setTimeout', () => new Promise((resolve) => timers.setTimeout(resolve, HOUR)))
    await measure('promisify', () => promisify(setTimeout)(HOUR))
    await measure('timers/promises', () => sleep(HOUR))
    await measure('scheduler.wait', () => scheduler.wait(HOUR))
    await measure('AbortSignal.timeout', () => once(AbortSignal.timeout(HOUR), 'abort'))
    await measure('setInterval', async () => {
      let ticks = 0
      for await (const _ of every(HOUR / 4)) if (++ticks === 4) break
    })
    await measure('no delay is a millisecond', () => new Promise((resolve) => setTimeout(resolve, 0)))
    assert.deepEqual(
      passed.map(([what, ms]) => `${what}: ${ms}`),
      [
        ...['setTimeout', 'timers.setTimeout', 'promisify', 'timers/promises', 'scheduler.wait'].map(
          (what) => `${what}: ${HOUR}`,
        ),
        `AbortSignal.timeout: ${HOUR}`,
        `setInterval: ${HOUR}`,
        'no delay is a millisecond: 1',
      ],
    )
    assert.equal(performance.now(), net.now)
    assert.equal(Date.now(), Date.parse('2026-01-01T07:00:00.001Z'))
    assert.equal(new Date().toISOString(), '2026-01-01T07:00:00.001Z')
    assert.deepEqual(process.hrtime(), [7 * 3600, 1e6])
    assert.deepEqual(process.hrtime([3600, 0]), [6 * 3600, 1e6])
    assert.equal(process.hrtime.bigint(), 7n * 3_600_000_000_000n + 1_000_000n)
  })
})

test('after a run all is as before, and timers of one run go on in the next', async () => {
  await using net = network({ failures: null })
  const before = [
    setTimeout,
    setInterval,
    clearTimeout,
    Date,
    performance.now,
    process.hrtime,
    timers.setTimeout,
  ]
  let fired = 0
  await net.run(() => {
    setTimeout(() => (fired = net.now), 5000)
    return sleep(1000)
  })
  assert.deepEqual(
    [setTimeout, setInterval, clearTimeout, Date, performance.now, process.hrtime, timers.setTimeout],
    before,
  )
  assert.ok(Date.now() > Date.parse('2026-01-02T00:00:00Z'))
  assert.equal(await net.run(() => sleep(9000, 'done')), 'done')
  assert.deepEqual([fired, net.now], [5000, 10_000])
})

test('microseconds of packets lie between milliseconds of timers', async () => {
  const { net, a, b } = world({ delay: '1500us' })
  echoes(b)
  await net.run(async () => {
    const socket = a.net.connect(7, 'b')
    await once(socket, 'connect')
    assert.deepEqual([net.now, performance.now(), Date.now() % 1000], [3, 3, 3])
    socket.write('x')
    await once(socket, 'data')
    assert.deepEqual([net.now, Date.now() % 1000], [6, 6])
    setTimeout(() => socket.destroy(), 1)
    await ending(socket)
    assert.equal(net.now, 7)
  })
})

test('virtual time stands while the process really works', async () => {
  await using net = network({ failures: null })
  await net.run(async () => {
    const late = setTimeout(() => assert.fail('time passed'), 1)
    await readFile(process.execPath)
    await promisify(lookup)('localhost')
    const packed = await promisify(gzip)(Buffer.alloc(20_000_000, 'elko'))
    assert.equal((await promisify(gunzip)(packed)).length, 20_000_000)
    await promisify(pbkdf2)('password', 'salt', 200_000, 32, 'sha256')
    await webcrypto.subtle.digest('SHA-256', Buffer.alloc(20_000_000))
    await promisify(randomBytes)(16)
    await WebAssembly.compile(EMPTY_MODULE)
    await net.real(new Promise<void>((resolve) => realTimeout(resolve, 20)))
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve))
    createHash('sha1').update(randomBytes(16)).digest()
    assert.equal(net.now, 0)
    clearTimeout(late)
  })
})

const realTimeout = setTimeout

/** The head of a WebAssembly module, and nothing else. */
const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: { compile(octets: Uint8Array): Promise<unknown> }
}

test('a stream of zlib that fails does not stop time', async () => {
  await using net = network({ failures: null })
  await net.run(async () => {
    await assert.rejects(promisify(gunzip)(Buffer.from('this is no gzip')), { code: 'Z_DATA_ERROR' })
    await sleep(1000)
  })
  assert.equal(net.now, 1000)
})

test('what asks again and again by setImmediate lets time pass', async () => {
  await using net = network({ failures: null })
  await net.run(async () => {
    let isOver = false
    setTimeout(() => (isOver = true), 1000)
    while (!isOver) await new Promise((resolve) => setImmediate(resolve))
  })
  assert.equal(net.now, 1000)
})

test('no interval is too short for time to pass, and no delay too long to be one millisecond, as in Node', async () => {
  await using net = network({ failures: null })
  await net.run(async () => {
    for (const ms of [0, -1, Number.NaN, 0.5, 2 ** 31]) {
      const before = net.now
      let ticks = 0
      await new Promise<void>((resolve) => {
        const interval = setInterval(() => {
          if (++ticks < 3) return
          clearInterval(interval)
          resolve()
        }, ms)
      })
      await new Promise((resolve) => setTimeout(resolve, ms))
      assert.equal(net.now - before, 4, `${ms}`)
    }
  })
})

test('a timer of the real clock may be cleared in a run, and one of the virtual clock after it', async () => {
  await using net = network({ failures: null })
  const real = setTimeout(() => assert.fail('it was cleared'), 1)
  let virtual: NodeJS.Timeout | undefined
  await net.run(() => {
    clearTimeout(real)
    virtual = setTimeout(() => {}, 1)
  })
  clearTimeout(virtual)
  await new Promise((resolve) => realTimeout(resolve, 5))
})

test('two hours of keep-alive pass at once: a peer that is gone is noticed (RFC 1122 4.2.3.6)', async () => {
  const { net, a, b } = world()
  echoes(b)
  net.crash(b, { at: '1s' })
  await net.run(async () => {
    const socket = a.net.connect(7, 'b')
    socket.setKeepAlive(true, 2 * HOUR)
    assert.equal(await ending(socket), 'ETIMEDOUT')
    assert.ok(net.now > 2 * HOUR && net.now < 2.1 * HOUR, `after ${net.now} ms`)
  })
})

test('a call on the timetable happens at its time', async () => {
  await using net = network({ failures: null })
  const calls: [string, number][] = []
  net.at('2s', () => calls.push(['second', net.now]))
  net.at(1000, () => calls.push(['first', net.now]))
  await net.run(() => sleep(3000))
  assert.deepEqual(calls, [
    ['first', 1000],
    ['second', 2000],
  ])
})

test('the seed comes from ELKO_SEED, or from the options', () => {
  const program = `
    import { network } from ${JSON.stringify(new URL('../../src/testnet/index.js', import.meta.url).href)}
    console.log(typeof network({ seed: 7 }).seed, network({ seed: 7 }).seed)`
  const seed = (env: object): string =>
    execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...PLAIN, ...env },
      encoding: 'utf8',
    }).trim()
  assert.equal(seed({ ELKO_SEED: '' }), 'number 7')
  assert.equal(seed({ ELKO_SEED: '12' }), 'number 12')
  assert.equal(seed({ ELKO_SEED: 'otter' }), 'string otter')
})
