/** Nothing of a connection's state is left out when it is saved. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { RingPool } from '../../src/bytes/ring-pool.ts'
import { forget } from '../../src/explore/forget.ts'
import { NOW, Snapshot, Values } from '../../src/explore/snapshot.ts'
import { NewReno } from '../../src/recovery/new-reno.ts'
import { RttEstimator } from '../../src/recovery/rtt.ts'
import { Clock } from '../../src/tcp/clock.ts'
import { type Config, configure } from '../../src/tcp/config.ts'
import { Connection } from '../../src/tcp/connection.ts'
import type { Tcb } from '../../src/tcp/tcb.ts'

const SOURCES = new URL('../../../src/', import.meta.url)

function fresh(config: Partial<Config> = {}): Tcb {
  const clock = new Clock()
  clock.now = NOW
  const isn = { sequenceNumber: () => 7, timestampOffset: () => 0 }
  const environment = { clock, isn, pool: new RingPool(1 << 16), trace: null, host: 'a' }
  return new Connection(environment, configure(config)).tcb
}

function saved(snapshot: Snapshot): number[] {
  const values = new Values()
  snapshot.save(values)
  return [...values.numbers.subarray(0, values.length)]
}

function from(numbers: readonly number[]): Values {
  const values = new Values()
  for (const number of numbers) values.push(number)
  values.rewind()
  return values
}

/** Every scalar of an object and of the objects in it, by its path. */
function scalars(object: object, path = ''): [string, object, string][] {
  const found: [string, object, string][] = []
  for (const [name, value] of Object.entries(object)) {
    if (['clock', 'config', 'trace', 'host', 'id', 'isn', 'counters'].includes(name) && path === '') continue
    if (typeof value === 'object' && value !== null) found.push(...scalars(value, `${path}${name}.`))
    else found.push([path + name, object, name])
  }
  return found
}

describe('a saved connection', () => {
  test('changes with each field of the TCB, and the field comes back', () => {
    const tcb = fresh()
    const snapshot = new Snapshot(tcb)
    const first = saved(snapshot)
    const fields = scalars(tcb).filter(
      ([path]) => !/^(sendBuffer|receiveBuffer|congestion\.name|ending|icmp)/.test(path),
    )
    assert.ok(fields.length > 100, `${fields.length} fields`)
    for (const [path, object, name] of fields) {
      const holder = object as Record<string, unknown>
      const before = holder[name]
      const other =
        typeof before === 'number' ? 4711 : typeof before === 'boolean' ? !before : 'reset-by-peer'
      holder[name] = other
      const changed = saved(snapshot)
      assert.notDeepEqual(changed, first, path)
      snapshot.restore(from(first))
      assert.equal(holder[name], before, path)
      snapshot.restore(from(changed))
      assert.equal(holder[name], other, path)
      snapshot.restore(from(first))
    }
  })

  test('keeps octets, in order and not', () => {
    const tcb = fresh()
    const snapshot = new Snapshot(tcb)
    const octets = Uint8Array.from({ length: 40 }, (_, i) => i + 1)
    const { sendBuffer, receiveBuffer } = tcb
    sendBuffer.write(octets, 0, 10)
    sendBuffer.acknowledge(3)
    receiveBuffer.insert(0, octets, 0, 5)
    receiveBuffer.insert(3, octets, 8, 4)
    receiveBuffer.insert(12, octets, 17, 2)
    receiveBuffer.consume(2)
    const values = saved(snapshot)
    sendBuffer.clear()
    receiveBuffer.clear()
    snapshot.restore(from(values))
    assert.deepEqual(saved(snapshot), values)
    const target = new Uint8Array(40)
    sendBuffer.copyTo(0, target, 0, 7)
    assert.deepEqual([...target.subarray(0, 7)], [4, 5, 6, 7, 8, 9, 10])
    assert.equal(receiveBuffer.insert(0, octets, 5, 3), 7)
    assert.equal(receiveBuffer.insert(0, octets, 12, 5), 7)
    assert.equal(receiveBuffer.read(target, 0, 40), 17)
    assert.deepEqual([...target.subarray(0, 17)], [...octets.subarray(2, 19)])
  })

  test('is refused where a field is of an unknown kind, or keeps its fields to itself', () => {
    class Closed {
      readonly #secret = 1
      get twice(): number {
        return 2 * this.#secret
      }
    }
    const closed = Object.assign(fresh(), { scoreboard: new Closed() })
    assert.throws(
      () => new Snapshot(closed),
      /explore cannot save tcb\.scoreboard: it keeps its fields to itself/,
    )
    const nested = fresh()
    Object.assign(nested.snd, { edges: new Int32Array(2) })
    assert.throws(() => new Snapshot(nested), /explore cannot save tcb\.snd\.edges/)
  })

  test('grows older by its times, and by its timestamps where it has them', () => {
    const tcb = fresh({ timestamps: true })
    const snapshot = new Snapshot(tcb)
    tcb.timers.retransmission = NOW + 5000
    tcb.waitingSince = NOW - 1000
    snapshot.age(2000)
    assert.deepEqual([tcb.timers.retransmission, tcb.waitingSince, tcb.tsOffset], [NOW + 3000, NOW - 3000, 2])
    assert.equal(tcb.timers.delayedAck, Infinity)
  })

  test('what is forgotten is forgotten once', () => {
    const tcb = fresh()
    const snapshot = new Snapshot(tcb)
    forget(tcb)
    const once = saved(snapshot)
    forget(tcb)
    assert.deepEqual(saved(snapshot), once)
  })
})

describe('remember', () => {
  for (const [file, object] of [
    ['recovery/new-reno.ts', new NewReno()],
    ['recovery/rtt.ts', new RttEstimator(1_000_000, 200_000, 60_000_000)],
  ] as const) {
    test(`passes every field of ${file} that may change`, () => {
      const source = readFileSync(new URL(file, SOURCES), 'utf8')
      const body = /\n {2}remember\(each[^{]*\{\n([\s\S]*?)\n {2}\}/.exec(source)?.[1]
      assert.ok(body !== undefined)
      const fields = [...source.matchAll(/^ {2}(#?\w+)(?:: [^=\n(]+)?(?: = .*)?$/gm)].map(
        (match) => match[1]!,
      )
      assert.ok(fields.length >= 6, fields.join(' '))
      for (const field of fields) assert.ok(body.includes(`this.${field} = each(this.${field})`), field)
      let next = 100
      const given: number[] = []
      object.remember(() => {
        given.push(next)
        return next++
      })
      const got: number[] = []
      object.remember((value) => {
        got.push(value)
        return value
      })
      assert.deepEqual(got, given)
      assert.equal(given.length, fields.length)
    })
  }
})
