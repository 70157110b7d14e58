/** Middleboxes on the paths of a network: their order, what they say, and routes to addresses that no host has. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Middlebox, Transit } from '../../src/sim/middlebox.ts'
import { Network } from '../../src/sim/network.ts'
import { parseAddress } from '../../src/wire/address.ts'
import { icmpOf, sequenceOf, tcpPacket } from './packets.ts'
import { A, B, Toy, world } from './toy-host.ts'

/** Notes what passes, and does what it is told. */
function box(name: string, log: string[], does: (transit: Transit) => boolean = () => true): Middlebox {
  return {
    name,
    handlePacket(transit) {
      log.push(`${name} ${transit.direction} ${sequenceOf(transit.bytes)}`)
      return does(transit)
    },
  }
}

test('each box stands behind the earlier ones, seen from the host named first; the other way the order is reversed', () => {
  const { network, a, b } = world()
  const log: string[] = []
  const first = box('first', log)
  network.insert(first, 'A', 'B')
  network.insert(box('second', log), 'A', 'B')
  network.insert(box('turned', log), 'B', 'A')
  a.send()
  network.run()
  assert.deepEqual(log.splice(0), ['turned back 1', 'first out 1', 'second out 1'])
  network.path('B', 'A', { delayUs: 1 })
  b.send()
  network.run()
  assert.deepEqual(log.splice(0), ['second back 1', 'first back 1', 'turned out 1'])
  network.remove(first, 'A', 'B')
  network.remove(first, 'A', 'B')
  a.send()
  network.run()
  assert.deepEqual(log, ['turned back 2', 'second out 2'])
  assert.deepEqual([a.arrived.length, b.arrived.length], [1, 2])
})

test('what a box answers comes back through the boxes before it at once; what it sends on takes the line', () => {
  const { network, a, b, recorder } = world({ delayUs: 700 })
  const log: string[] = []
  network.insert(box('near', log), 'A', 'B')
  const speaker = box('speaker', log, (transit) => {
    transit.answers.push(tcpPacket(B, A, 50, 0))
    transit.onwards.push(tcpPacket(A, B, 60, 0))
    return false
  })
  network.insert(speaker, 'A', 'B')
  network.insert(box('far', log), 'A', 'B')
  a.send()
  network.run()
  assert.deepEqual(log, ['near out 1', 'speaker out 1', 'near back 50', 'far out 60'])
  assert.deepEqual([a.log, b.log], [['0 packet 50'], ['700 packet 60']])
  const told = recorder.events.filter((event) => event.kind === 'network')
  assert.deepEqual(
    told.map(({ action, host }) => `${action} ${host}`),
    ['forged B', 'forged A', 'lost A'],
  )
})

test('a box speaks for itself, in either direction, and only while it stands there', () => {
  const { network, a, b } = world({ delayUs: 10 }, { delayUs: 20 })
  const log: string[] = []
  const speaker = box('speaker', log)
  network.emit(speaker, 'A', 'B', 'out', tcpPacket(A, B, 1, 0))
  network.insert(speaker, 'A', 'B')
  network.insert(box('far', log), 'A', 'B')
  network.emit(speaker, 'A', 'B', 'out', tcpPacket(A, B, 2, 0))
  network.emit(speaker, 'A', 'B', 'back', tcpPacket(B, A, 3, 0))
  network.run()
  assert.deepEqual([log, a.log, b.log], [['far out 2'], ['20 packet 3'], ['10 packet 2']])
})

test('a box that drops an answer on its way back keeps it from the sender', () => {
  const { network, a, b } = world({ mtu: 1000 })
  network.insert(
    box('wall', [], ({ direction }) => direction === 'out'),
    'A',
    'B',
  )
  a.send(1500)
  network.run()
  assert.deepEqual([a.arrived.length, b.arrived.length], [0, 0])
})

test('a route leads to an address that no host has, by what is in the packet', () => {
  const { network, a, b } = world()
  network.route('192.0.2.9', (bytes) => parseAddress(sequenceOf(bytes) === 2 ? B : '198.51.100.1'))
  network.route('192.0.2.8', () => null)
  for (const [i, address] of ['192.0.2.9', '192.0.2.9', '192.0.2.8'].entries()) {
    a.outbox.push(tcpPacket(A, address, i + 1, 0))
  }
  network.run()
  assert.deepEqual(b.log, ['0 packet 2'])
  assert.equal(network.unroutable, 2)
})

test('without a path there is no place for a box', () => {
  const network = new Network({ seed: 1 })
  for (const name of ['a', 'b']) network.host(name, new Toy(name, A, B), [name === 'a' ? A : B])
  assert.throws(() => network.insert(box('x', []), 'a', 'b'), /no path between 'a' and 'b'/)
  assert.throws(() => network.remove(box('x', []), 'a', 'b'), /no path between/)
  assert.equal(network.impairments('a', 'b'), null)
})

test('a path that is changed keeps its line and its numbers', () => {
  const { network, a, b } = world({ rateBitsPerSecond: 8e6 })
  const way = network.impairments('A', 'B')!
  a.send(960)
  network.run(0)
  way.change({ ...way.options, delayUs: 500, loseList: [3] })
  for (let i = 0; i < 2; i++) a.send(960)
  network.run()
  // A microsecond for each octet of 1000; the second one waits for the first.
  assert.deepEqual(b.log, ['1000 packet 1', '2500 packet 2'])
  assert.throws(() => way.change({ loss: 2 }), /loss: expected/)
})

test('a host that says when it is stirred is polled only then, at its packets and at its deadlines', () => {
  const network = new Network({ seed: 1 })
  let polls = 0
  let stir: () => void = () => assert.fail('nobody listens')
  class Sleeper extends Toy {
    whenStirred(call: () => void): void {
      stir = call
    }
    override pollTransmit(now: number, frame: Uint8Array): number {
      polls++
      return super.pollTransmit(now, frame)
    }
  }
  const sleeper = new Sleeper('a', A, B)
  const other = new Toy('b', B, A)
  network.host('a', sleeper, [A])
  network.host('b', other, [B])
  network.join('a', 'b')
  for (let i = 0; i < 100; i++) network.at(i, () => {})
  network.run(50)
  assert.equal(polls, 1)
  sleeper.send()
  sleeper.deadline = 60
  sleeper.ticksLeft = 1
  network.run(55)
  assert.deepEqual([polls, other.log], [1, []])
  stir()
  network.run()
  // Two packets of its own, each followed by a poll that finds nothing more.
  assert.deepEqual([polls, other.log.length], [5, 2])
  other.send()
  network.run()
  assert.deepEqual([polls, sleeper.arrived.length], [6, 1])
})

test('where no path leads on, a network may say so by ICMP', () => {
  for (const tellsNoRoute of [false, true]) {
    const network = new Network({ seed: 1, tellsNoRoute })
    const a = new Toy('a', A, B)
    network.host('a', a, [A])
    a.send()
    network.run()
    assert.equal(network.unroutable, 1)
    const told = a.arrived.map(({ octets }) => icmpOf(octets))
    assert.deepEqual(
      told.map(({ verdict, message }) => [verdict, message.type, message.code, message.quotedSrcPort]),
      tellsNoRoute ? [['ok', 3, 0, 1000]] : [],
    )
  }
})
