import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCapture } from '../../src/capture/capture-reader.ts'
import type { ImpairmentOptions } from '../../src/sim/impairments.ts'
import { Network } from '../../src/sim/network.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import { icmpOf, sequenceOf, tcpPacket, verdictOf } from './packets.ts'
import { A, B, Toy, type World, world } from './toy-host.ts'

const HOSTILE: ImpairmentOptions = {
  rateBitsPerSecond: 1e6,
  queueBytes: 3000,
  delayUs: 5000,
  jitterUs: 2000,
  loss: 0.1,
  reorder: 0.1,
  duplicate: 0.1,
  corrupt: 0.1,
}

function playHostile(seed: number): World {
  const made = world(HOSTILE, HOSTILE, seed)
  for (const toy of [made.a, made.b]) {
    toy.ticksLeft = 300
    toy.deadline = toy === made.a ? 0 : 300
  }
  assert.equal(made.network.run(), 'idle')
  return made
}

test('one seed gives one run: the same arrivals, the same trace, the same capture, bit for bit', () => {
  const [one, two, other] = [playHostile(1), playHostile(1), playHostile(2)]
  assert.deepEqual(one.b.arrived, two.b.arrived)
  assert.deepEqual(one.recorder.events, two.recorder.events)
  assert.deepEqual(one.file(), two.file())
  assert.equal(one.network.events, two.network.events)
  assert.notDeepEqual(one.file(), other.file())
})

test('packets arrive after the delay of their direction, and timers fire at their deadline', () => {
  const { network, a, b } = world({ delayUs: 30 }, { delayUs: 500 })
  a.send()
  b.send()
  b.deadline = 100
  assert.equal(network.run(), 'idle')
  assert.deepEqual(a.log, ['500 packet 1'])
  assert.deepEqual(b.log, ['30 packet 1', '100 timer'])
  assert.equal(network.now, 500)
})

test('at one microsecond a packet comes before a timer, and calls keep their order', () => {
  const { network, a, b } = world({ delayUs: 100 })
  a.send()
  b.deadline = 100
  network.at(100, () => b.log.push('first call'))
  network.at(100, () => b.log.push('second call'))
  const cancelled = network.at(100, () => b.log.push('never'))
  assert.equal(network.cancel(cancelled), true)
  network.run()
  assert.deepEqual(b.log, ['first call', 'second call', '100 packet 1', '100 timer'])
})

test('run(until) includes its moment, leaves the clock there, and the next run goes on', () => {
  const { network, a, b } = world({ delayUs: 100 })
  a.send()
  assert.equal(network.run(99), 'until')
  assert.equal(network.now, 99)
  assert.equal(b.arrived.length, 0)
  assert.equal(network.run(100), 'idle')
  assert.equal(b.arrived.length, 1)
  assert.equal(network.run(5000), 'idle')
  assert.equal(network.now, 5000)
  network.at(10, () => a.send())
  network.run()
  assert.equal(b.arrived[1]!.at, 5100)
})

test('after every event the hosts send, then the hooks look', () => {
  const { network, a, b } = world()
  let looks = 0
  network.afterEvent(() => {
    looks++
    assert.equal(a.outbox.length + b.outbox.length, 0)
  })
  network.at(10, () => {
    a.send()
    a.send()
  })
  network.run()
  // Once at the start, after the call, and after each of the two arrivals.
  assert.equal(looks, 4)
  network.afterEvent(() => {
    throw new Error('invariant broken')
  })
  assert.throws(() => network.run(), /invariant broken/)
})

test('an application reacts after every event, and what it makes its host send goes out before the checks look', () => {
  const { network, a, b } = world({ delayUs: 10 }, { delayUs: 10 })
  let answered = 0
  network.application(() => {
    for (; answered < b.arrived.length; answered++) b.send()
  })
  network.afterEvent(() => {
    assert.equal(b.outbox.length, 0)
    assert.equal(answered, b.arrived.length)
  })
  a.send()
  network.run()
  assert.deepEqual(a.log, ['20 packet 1'])

  // One that always has more to send is found out, as a host would be.
  const restless = world({}, {}, 1, { maxEventsAtOnce: 50 })
  restless.network.application(() => restless.a.send())
  assert.throws(() => restless.network.run(), /livelock: 50 events at 0 us/)
})

test('each packet has one number, which its sending, its arrival and what the network did to it carry', () => {
  const fate = (packet: number): 'lose' | 'duplicate' | 'reorder' | 'corrupt' | null =>
    packet === 2
      ? 'lose'
      : packet === 3
        ? 'duplicate'
        : packet === 4
          ? 'reorder'
          : packet === 5
            ? 'corrupt'
            : null
  const { network, a, b, recorder } = world({ fate, delayUs: 10, reorderByUs: 5 })
  for (let n = 0; n < 6; n++) a.send()
  network.run()
  const sent = recorder.events
    .filter((event) => event.kind === 'sent')
    .map((event) => [event.packet, event.segment.seq])
  assert.deepEqual(sent, [
    [1, 1],
    [2, 2],
    [3, 3],
    [5, 4],
    [6, 5],
    [7, 6],
  ])
  assert.deepEqual(
    b.arrived.map((one) => [one.packet, sequenceOf(one.octets)]),
    [
      [1, 1],
      [3, 3],
      [4, 3],
      [6, sequenceOf(b.arrived[3]!.octets)],
      [7, 6],
      [5, 4],
    ],
  )
  assert.notEqual(verdictOf(b.arrived[3]!.octets, b.arrived[3]!.octets.length), 'ok')
  const network_ = recorder.events.filter((event) => event.kind === 'network')
  assert.deepEqual(
    network_.map((event) => [event.action, event.packet, event.copy, event.host, event.connection]),
    [
      ['lost', 2, undefined, 'A', 7],
      ['duplicated', 3, 4, 'A', 7],
      ['reordered', 5, undefined, 'A', 7],
      ['corrupted', 6, undefined, 'A', 7],
    ],
  )
  assert.equal(recorder.packet, 0)
})

test('a packet too big is answered by ICMP to its sender, a full queue is silent; the trace tells of both', () => {
  const { network, a, b, recorder } = world({ mtu: 100, rateBitsPerSecond: 1e6, queueBytes: 150 })
  a.send(200)
  a.send()
  a.send()
  network.run()
  assert.equal(b.arrived.length, 1)
  assert.equal(a.arrived.length, 1)
  const { verdict, message } = icmpOf(a.arrived[0]!.octets)
  assert.equal(verdict, 'ok')
  assert.equal(message.mtu, 100)
  assert.equal(message.quotedSeq, 1)
  const actions = recorder.events.filter((event) => event.kind === 'network').map((event) => event.action)
  assert.deepEqual(actions, ['too-big', 'queue-full'])
})

test('the capture holds what each host sent and received, with reason and fate', () => {
  const { network, a, file } = world({
    loseList: [2],
    fate: (n) => (n === 3 ? 'duplicate' : null),
    delayUs: 5,
  })
  for (let n = 0; n < 3; n++) a.send()
  network.run()
  const read = readCapture(file())
  assert.equal(read.error, null)
  assert.deepEqual(
    read.interfaces.map((one) => one.name),
    ['A', 'B'],
  )
  const reason = 'new-data: data that was never sent before (RFC 9293 3.10.2)'
  assert.deepEqual(
    read.packets.map((packet) => [packet.at, packet.interfaceIndex, packet.direction, packet.comments[0]]),
    [
      [0, 0, 'outbound', `packet 1, ${reason}`],
      [0, 0, 'outbound', `packet 2, ${reason}, lost`],
      [0, 0, 'outbound', `packet 3, ${reason}`],
      [5, 1, 'inbound', `packet 1, ${reason}`],
      [5, 1, 'inbound', `packet 3, ${reason}`],
      [5, 1, 'inbound', `packet 4, ${reason}, duplicate`],
    ],
  )
})

test('a forged packet arrives at its time, from the host of its source unless told otherwise', () => {
  const { network, b, recorder } = world()
  const forged = tcpPacket(A, B, 99, 0)
  assert.equal(network.inject(forged, 'B', { atUs: 40 }), 1)
  forged.fill(0)
  network.run()
  assert.equal(b.log[0], '40 packet 99')
  const event = recorder.events[0]!
  assert.equal(event.kind === 'network' && event.action, 'forged')
  assert.equal(event.host, 'A')
  network.inject(tcpPacket('192.0.2.9', B, 1, 0), 'B')
  assert.equal(recorder.events.at(-1)!.host, 'B')
  assert.throws(() => network.inject(forged, 'C'), /no host 'C'/)
})

test('octets that a host keeps are garbage after its call', () => {
  const { network, a, b } = world()
  a.send()
  network.run()
  assert.ok(b.kept!.every((octet) => octet === 0xa5))
})

test('IPv6 is routed by its destination; what no path leads to is counted and traced', () => {
  const recorder = new Recorder()
  const network = new Network({ seed: 1, trace: recorder })
  const a = new Toy('A', 'fd00::1', 'fd00::2', recorder)
  const b = new Toy('B', 'fd00::2', 'fd00::1', recorder)
  network.host('A', a, [A, 'fd00::1'])
  network.host('B', b, [B, 'fd00::2'])
  network.path('A', 'B')
  a.send()
  a.outbox.push(tcpPacket('fd00::1', 'fd00::9', 5, 0), Uint8Array.of(0x99))
  b.send()
  network.run()
  assert.equal(b.arrived.length, 1)
  assert.equal(a.arrived.length, 0)
  assert.equal(network.unroutable, 3)
  assert.throws(() => network.host('A', a, []), /a second host 'A'/)
  assert.throws(() => network.host('C', a, ['x']), /'x' is no address/)
})

test('a path gives back all octets when the run is over', () => {
  const { network, a } = world()
  const path = network.path('A', 'B', { duplicate: 0.5, loss: 0.2, delayUs: 10 })
  for (let n = 0; n < 50; n++) a.send()
  network.run(5)
  assert.ok(path.heldBytes > 0)
  network.run()
  assert.equal(path.heldBytes, 0)
})

test('a path may be replaced while packets are on the old one', () => {
  const { network, a, b } = world({ delayUs: 100 })
  a.send()
  network.at(50, () => {
    network.path('A', 'B', { loss: 1 })
    a.send()
  })
  network.run()
  assert.deepEqual(b.log, ['100 packet 1'])
})

test('a livelock ends in a clear error: a host that never stops sending, a timer that does not move, a run too long', () => {
  const sender = world({}, {}, 1, { maxEventsAtOnce: 50 })
  sender.a.pollTransmit = (_now, frame) => {
    frame.set(tcpPacket(A, B, 1, 0))
    return 40
  }
  assert.throws(() => sender.network.run(), /livelock: 50 events at 0 us/)

  const timer = world({}, {}, 1, { maxEventsAtOnce: 50 })
  timer.a.deadline = 77
  timer.a.handleTimeout = () => {}
  assert.throws(() => timer.network.run(), /livelock: 50 events at 77 us/)

  const long = world({}, {}, 1, { maxEvents: 100 })
  long.a.ticksLeft = 1000
  long.a.deadline = 0
  assert.throws(() => long.network.run(), /still busy after 100 events/)
})

test('hosts that are added or renamed do not change the chance on other paths', () => {
  const lost = (extra: boolean): number[] => {
    const { network, a, b } = world({ loss: 0.3 })
    if (extra) {
      network.host('C', new Toy('C', '10.0.0.3', B), ['10.0.0.3'])
      network.join('C', 'B', { loss: 0.5 })
    }
    for (let n = 0; n < 100; n++) a.send()
    network.run()
    return b.arrived.map((one) => sequenceOf(one.octets))
  }
  assert.deepEqual(lost(true), lost(false))
})
