/** Runs of the lab: what they follow from, how they go on, and what interventions do to them. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DEFAULT_LAB,
  DEFAULT_PATH,
  type Intervention,
  type LabConfig,
  versusConfig,
} from '../../src/lab/lab-config.ts'
import { LabRun } from '../../src/lab/lab-run.ts'
import { LESSONS } from '../../src/lab/lessons.ts'
import { outcomeOf } from '../../src/lab/outcome.ts'
import { VARIABLES } from '../../src/lab/variables.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario, SCENARIOS } from '../../src/sim/scenarios.ts'
import { statePaths, statePathText } from '../../src/trace/state-path.ts'
import { ACK, RST } from '../../src/wire/segment.ts'
import fc from '../property.ts'
import { withPrograms } from './programs.ts'

function played(config: LabConfig): LabRun {
  const run = new LabRun(config)
  run.advance()
  assert.notEqual(run.end, 'defect', run.defect)
  return run
}

const HOSTILE = { loss: 0.05, reorder: 0.05, duplicate: 0.05, corrupt: 0.05, jitterUs: 5000 }

test('a run that pauses anywhere is the run that did not', () => {
  const config: LabConfig = { ...DEFAULT_LAB, paths: [HOSTILE, HOSTILE] }
  const whole = played(config)
  const stops = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(stops, (pauses) => {
      const run = new LabRun(config)
      for (const steps of pauses) {
        const before = run.steps
        const isOver = run.advance(steps)
        assert.ok(isOver || run.steps === before + steps)
      }
      assert.deepEqual(run.trace, whole.trace.slice(0, run.trace.length))
      run.advance()
      assert.deepEqual(run.trace, whole.trace)
      assert.deepEqual(run.capture().octets, whole.capture().octets)
    }),
    { numRuns: 30 },
  )
})

test('a run to a time has nothing later, and goes on from there', () => {
  const run = new LabRun(DEFAULT_LAB)
  assert.equal(run.advance(undefined, 60_000), false)
  assert.ok(run.now <= 60_000)
  assert.ok(run.trace.length > 0 && run.trace.every(({ at }) => at <= 60_000))
  run.advance()
  assert.equal(run.end, 'idle')
  assert.deepEqual(run.trace, played(DEFAULT_LAB).trace)
})

test('another seed is another run on a path of chance, the same one is not', () => {
  const config: LabConfig = { ...DEFAULT_LAB, paths: [HOSTILE, HOSTILE] }
  assert.deepEqual(played(config).trace, played(config).trace)
  assert.notDeepEqual(played({ ...config, seed: 2 }).trace, played(config).trace)
})

test('every scenario runs as elko sim plays it: the same events, the same octets', () => {
  for (const scenario of SCENARIOS) {
    const run = played({ ...DEFAULT_LAB, lesson: scenario.name })
    const result = runScenario(scenario)
    assert.deepEqual(run.trace, result.events, scenario.name)
    assert.deepEqual(run.capture().octets, result.capture().octets, scenario.name)
  }
})

test('every lesson runs to its end, and no octet is another one', () => {
  for (const { name, config } of LESSONS) {
    const run = played(config)
    assert.notEqual(run.end, 'steps', name)
    assert.ok(run.intact, name)
    const timeline = run.timeline()
    assert.ok(timeline.length > 0, name)
    assert.equal(timeline.indexAt(Number.POSITIVE_INFINITY), timeline.length - 1)
    for (let i = 1; i < timeline.length; i++) {
      assert.ok(timeline.timeOf(i) >= timeline.timeOf(i - 1), `${name}, event ${i}`)
      assert.ok(timeline.stepOf(i) >= timeline.stepOf(i - 1), `${name}, event ${i}`)
    }
  }
})

test('the variables of every step are those of the connection itself', () => {
  const config: LabConfig = { ...DEFAULT_LAB, paths: [HOSTILE, HOSTILE] }
  const run = new LabRun(config)
  const seen: { step: number; state: string; values: number[] }[] = []
  while (!run.advance(1)) {
    const track = run.tracks.of('client', 1)
    const now = track?.at(run.steps)
    if (now) seen.push({ step: run.steps, state: now.state, values: [...now.values] })
  }
  const track = run.tracks.of('client', 1)!
  for (const { step, state, values } of seen) {
    const then = track.at(step)!
    assert.deepEqual({ state: then.state, values: [...then.values] }, { state, values })
  }
  assert.equal(track.at(-1), null)
  assert.equal(track.at(run.steps)!.state, 'CLOSED')
  const una = VARIABLES.findIndex(({ name }) => name === 'SND.UNA')
  const last = seen.at(-1)!.values[una]!
  // ISS, SYN, 20,000 octets and FIN.
  assert.equal(last, 100 + 1 + 20_000 + 1)
  assert.equal(run.tracks.of('client', 9), null)
})

test('the second run of a comparison has what it has differently, at its side, and all else alike', () => {
  const [left, right] = DEFAULT_LAB.hosts
  const config: LabConfig = {
    ...DEFAULT_LAB,
    hosts: [{ ...left, tuning: { mssLimit: 1000, nagle: false } }, right],
    versus: [{ mssLimit: 500 }, { delayedAckMs: 0 }],
  }
  const other = versusConfig(config)!
  assert.deepEqual(other.hosts[0].tuning, { mssLimit: 500, nagle: false })
  assert.deepEqual(other.hosts[1].tuning, { delayedAckMs: 0 })
  assert.deepEqual({ ...other, hosts: config.hosts, versus: config.versus }, config)
  assert.equal(versusConfig(other), null)
  const largest = (one: LabConfig): number =>
    Math.max(...played(one).trace.map((event) => (event.kind === 'sent' ? event.segment.length : 0)))
  assert.deepEqual([largest(config), largest(other)], [1000, 500])
})

test('the state paths of a run are those of RFC 9293', () => {
  const run = played(withPrograms('connect\nsend 100\nclose', 'listen\nreceive to end\nclose'))
  assert.deepEqual(statePaths(run.trace).map(statePathText).sort(), [
    'CLOSED -> LISTEN -> SYN-RECEIVED -> ESTABLISHED -> CLOSE-WAIT -> LAST-ACK -> CLOSED',
    'CLOSED -> SYN-SENT -> ESTABLISHED -> FIN-WAIT-1 -> FIN-WAIT-2 -> TIME-WAIT -> CLOSED',
  ])
})

test('programs: every kind of step does what a program in C would do', () => {
  const texts = (config: LabConfig) =>
    played(config).trace.flatMap((event) =>
      event.kind === 'application' ? [`${event.host}: ${event.text}`] : [],
    )
  const said = texts(
    withPrograms(
      'bind 4000\nconnect\nsend 10 times 3 every 5ms\nsend 5 urgent\nwait\nshutdown\nreceive to end\nclose',
      'listen\nread 7 every 1ms\nsend 4\nclose',
    ),
  )
  for (const expected of [
    'client: bind(4000)',
    'client: send(5, OOB)',
    'client: shutdown(WR)',
    'server: read() returns 7',
    'client: read() returns 4',
    'client: read() returns 0',
    'server: close()',
  ]) {
    assert.ok(said.includes(expected), `${expected} in ${said.join('; ')}`)
  }
  assert.equal(said.filter((text) => text === 'client: write(10)').length, 3)
  const aborted = texts(withPrograms('connect\npause 5ms\nabort', 'listen\nreceive to end'))
  assert.ok(aborted.includes('client: close(), linger 0'))
  assert.ok(aborted.includes('server: read() fails: ECONNRESET'))
  const refused = texts(withPrograms('connect 81\nsend 1', 'listen'))
  assert.ok(refused.includes('client: connect() fails: ECONNREFUSED'))
  assert.deepEqual(texts(withPrograms('', '')), ['server: socket()', 'client: socket()'])
})

test('a packet is dropped, held back, doubled or damaged: this one and no other', () => {
  const fates = (interventions: readonly Intervention[]) => {
    const run = played({ ...DEFAULT_LAB, interventions })
    assert.ok(run.intact)
    return run.trace.flatMap((event) =>
      event.kind === 'network' ? [{ action: event.action, ...run.sender(event.packet) }] : [],
    )
  }
  assert.deepEqual(fates([]), [])
  assert.deepEqual(fates([{ kind: 'drop', from: 0, packet: 4 }]), [{ action: 'lost', from: 0, packet: 4 }])
  assert.deepEqual(fates([{ kind: 'corrupt', from: 1, packet: 2 }]), [
    { action: 'corrupted', from: 1, packet: 2 },
  ])
  assert.deepEqual(fates([{ kind: 'duplicate', from: 0, packet: 5 }]), [
    { action: 'duplicated', from: 0, packet: 5 },
  ])
  assert.deepEqual(fates([{ kind: 'delay', from: 1, packet: 3, byUs: 7000 }]), [
    { action: 'delayed', from: 1, packet: 3 },
  ])
})

test('a packet held back arrives so much later, and those behind it do not wait', () => {
  const arrivals = (interventions: readonly Intervention[]) => {
    const run = played({ ...DEFAULT_LAB, interventions })
    const times = new Map<string, number>()
    for (const event of run.trace) {
      const sent = event.kind === 'received' ? run.sender(event.packet) : null
      if (sent !== null) times.set(`${sent.from} ${sent.packet}`, event.at)
    }
    return times
  }
  const usual = arrivals([])
  const late = arrivals([{ kind: 'delay', from: 0, packet: 4, byUs: 5000 }])
  assert.equal(late.get('0 4'), usual.get('0 4')! + 5000)
  assert.equal(late.get('0 5'), usual.get('0 5'))
})

test('interventions hold in lessons too, beside what the lesson itself does', () => {
  const usual = played({ ...DEFAULT_LAB, lesson: 'fast-retransmit' })
  const run = played({
    ...DEFAULT_LAB,
    lesson: 'fast-retransmit',
    interventions: [{ kind: 'drop', from: 1, packet: 1 }],
  })
  assert.equal(outcomeOf(usual.trace).lost, 1)
  // The SYN,ACK, and the second segment with text as ever.
  assert.equal(outcomeOf(run.trace).lost, 2)
})

test('a forged reset of the right number ends the connection, another one does not', () => {
  const forged = (seq: number) =>
    played(
      withPrograms('bind 4000\nconnect\nsend 100\npause 1s\nclose', 'listen\nreceive to end\nclose', {
        interventions: [
          {
            kind: 'inject',
            atUs: 500_000,
            to: 1,
            segment: {
              srcPort: 4000,
              dstPort: 80,
              seq,
              ack: 0,
              flags: RST,
              window: 0,
              urgentPointer: 0,
              length: 0,
            },
          },
        ],
      }),
    )
  const ended = (run: LabRun) =>
    run.trace.some(
      (event) => event.kind === 'signal' && event.host === 'server' && event.reason === 'reset-by-peer',
    )
  assert.equal(ended(forged(201)), true)
  assert.equal(ended(forged(202)), false)
  const run = forged(202)
  assert.ok(
    run.trace.some((event) => event.kind === 'network' && event.action === 'forged' && event.at === 500_000),
  )
})

test('forged text with every field right is read', () => {
  const segment = {
    srcPort: 4000,
    dstPort: 80,
    seq: 201,
    ack: 301,
    flags: ACK,
    window: 100,
    urgentPointer: 0,
    length: 3,
  }
  const run = played(
    withPrograms('bind 4000\nconnect\nsend 100\npause 1s\nabort', 'listen\nreceive 103\nclose', {
      interventions: [{ kind: 'inject', atUs: 500_000, to: 1, segment }],
    }),
  )
  assert.ok(run.trace.some((event) => event.kind === 'application' && event.text === 'read() returns 103'))
})

test('paths and tuning are those of the configuration, each side its own', () => {
  const config: LabConfig = {
    ...DEFAULT_LAB,
    paths: [{ delayUs: 1000 }, { delayUs: 5000 }],
    hosts: [{ ...DEFAULT_LAB.hosts[0], tuning: { mssLimit: 500 } }, DEFAULT_LAB.hosts[1]],
  }
  const run = played(config)
  const [syn, synAck] = run.trace.filter((event) => event.kind === 'received')
  assert.equal(syn!.at, 11_000)
  assert.equal(synAck!.at, 16_000)
  assert.ok(run.trace.every((event) => event.kind !== 'sent' || event.segment.length <= 500))
  // A lesson's host has it as well.
  const lesson = played({ ...config, lesson: 'data-transfer' })
  assert.ok(lesson.trace.every((event) => event.kind !== 'sent' || event.segment.length <= 500))
  assert.equal(lesson.trace.find((event) => event.kind === 'received')!.at, 11_000)
  const spelt = played({ ...DEFAULT_LAB, paths: [DEFAULT_PATH, DEFAULT_PATH] })
  assert.deepEqual(spelt.trace, played(DEFAULT_LAB).trace)
})

test('a path of a rate and an MTU, and a lesson from which 0 takes its MTU', () => {
  const slow = played({ ...DEFAULT_LAB, paths: [{ rateBitsPerSecond: 1e6, mtu: 600 }, {}] })
  assert.ok(slow.intact)
  assert.ok(slow.trace.some((event) => event.kind === 'network' && event.action === 'too-big'))
  const lesson = (mtu: number | undefined) =>
    played({ ...DEFAULT_LAB, lesson: 'path-mtu', paths: [mtu === undefined ? {} : { mtu }, {}] })
  const tooBig = (run: LabRun) =>
    run.trace.filter((event) => event.kind === 'network' && event.action === 'too-big').length
  assert.ok(tooBig(lesson(undefined)) > 0)
  assert.equal(tooBig(lesson(0)), 0)
})

test('IPv6, octets of a lesson, and a limit of time', () => {
  assert.match(played({ ...DEFAULT_LAB, ipv6: true }).addresses.client!, /:/)
  const octets = (bytes: number | null) =>
    outcomeOf(played({ ...DEFAULT_LAB, lesson: 'data-transfer', bytes }).trace).octets
  assert.ok(octets(50_000) > octets(null))
  const run = played({ ...DEFAULT_LAB, untilMs: 100 })
  assert.equal(run.end, 'until')
  assert.ok(run.now <= 100_000)
})

test('an outcome counts what happened', () => {
  const run = played({ ...DEFAULT_LAB, interventions: [{ kind: 'drop', from: 0, packet: 3 }] })
  const { segments, octets, retransmissions, lost, resets, transferUs, octetsPerSecond } = outcomeOf(
    run.trace,
  )
  const sent = run.trace.filter((event) => event.kind === 'sent')
  assert.equal(segments, sent.length)
  assert.equal(lost, 1)
  assert.equal(resets, 0)
  assert.ok(retransmissions >= 1)
  assert.equal(
    octets,
    sent.reduce((sum, { segment }) => sum + segment.length, 0),
  )
  assert.ok(transferUs > 0)
  assert.equal(octetsPerSecond, Math.round((20_000 * 1e6) / transferUs))
  assert.deepEqual(outcomeOf([]).segments, 0)
})

test('who is no scenario of elko sim is no lesson of the lab', () => {
  assert.equal(findScenario('free-play'), null)
  assert.throws(() => new LabRun({ ...DEFAULT_LAB, lesson: 'free-play' }), { name: 'LabError' })
})

test('what the experiments compare makes a difference', () => {
  for (const { name, config } of LESSONS) {
    const other = versusConfig(config)
    if (other === null) continue
    const [first, second] = [config, other].map((one) => outcomeOf(played(one).trace))
    assert.notEqual(first!.transferUs, second!.transferUs, name)
  }
})
