/** Replays: every scenario as it was told, any event to stop at, the first event that differs, logs that are damaged. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCapture } from '../../src/capture/capture-reader.ts'
import { LogError } from '../../src/replay/log-cursor.ts'
import { LogReader } from '../../src/replay/log-entries.ts'
import { replayRun } from '../../src/replay/replayed-run.ts'
import { Replayer, replayTo } from '../../src/replay/replayer.ts'
import { Random } from '../../src/sim/random.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { InputLog } from '../../src/stack/input-log.ts'
import { Stack } from '../../src/stack/stack.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import { recordedScenario, withText } from './recorded.ts'

test('every scenario is replayed as it was told: events, states, hosts, title, lesson', () => {
  for (const scenario of SCENARIOS) {
    const log = new InputLog()
    const result = runScenario(scenario, { record: log })
    const run = replayRun(log.octets())
    assert.equal(run.divergence, null, scenario.name)
    assert.equal(run.retelling, null, scenario.name)
    assert.equal(run.problem, null, scenario.name)
    assert.equal(run.end, 'ended', scenario.name)
    assert.equal(run.replayed, run.recorded)
    assert.deepEqual(run.events, result.events, scenario.name)
    assert.deepEqual(run.paths, result.paths, scenario.name)
    assert.deepEqual(run.addresses, result.addresses)
    assert.deepEqual(run.hosts, result.hosts)
    assert.deepEqual([run.name, run.title, run.lesson], [scenario.name, scenario.title, scenario.lesson])
  }
})

test('a scenario that is recorded is the scenario that is not', () => {
  for (const scenario of SCENARIOS) {
    const { events } = runScenario(scenario, { record: new InputLog() })
    assert.deepEqual(events, runScenario(scenario).events, scenario.name)
  }
})

test('a replay stops after any event, and goes on from there; what it told is the beginning of the whole', () => {
  const log = recordedScenario('fast-retransmit')
  const whole = new Recorder()
  const last = replayTo(log, Number.POSITIVE_INFINITY, { trace: whole }).index
  assert.ok(last > 100)
  for (let index = 0; index <= last; index += 7) {
    const trace = new Recorder()
    const replayer = replayTo(log, index, { trace })
    assert.equal(replayer.index, index)
    assert.deepEqual(trace.events, whole.events.slice(0, trace.events.length))
    replayer.run()
    assert.deepEqual(trace.events, whole.events)
  }
})

test('an event of a replay shows the stacks as they were: the states and the octets of each connection', () => {
  const log = recordedScenario('three-way-handshake')
  const states: string[] = []
  const replayer = new Replayer(log)
  while (replayer.step()) {
    const seen = replayer.stacks.map(({ stack }) => stack.connections().map(({ stateName }) => stateName))
    const text = seen.map((names) => names.join() || '-').join(' ')
    if (states.at(-1) !== text) states.push(text)
  }
  assert.deepEqual(states, [
    '-',
    '- -',
    'SYN-SENT -',
    'SYN-SENT SYN-RECEIVED',
    'ESTABLISHED SYN-RECEIVED',
    'ESTABLISHED ESTABLISHED',
  ])
})

test('what was asked for is replayed: up to an event, up to a time; the rest of the log is counted', () => {
  const log = recordedScenario('zero-window')
  const whole = replayRun(log)
  const some = replayRun(log, { to: 40 })
  assert.equal(some.replayed, 40)
  assert.equal(some.recorded, whole.recorded)
  assert.equal(some.title, whole.title)
  assert.deepEqual(some.events, whole.events.slice(0, some.events.length))
  const early = replayRun(log, { untilUs: 100_000 })
  assert.ok(early.replayed < whole.replayed && early.lastUs <= 100_000)
  assert.ok(early.events.length > 10)
})

test('the packets of a replay are a capture, each with the reason for which it was sent', () => {
  const chunks: Uint8Array[] = []
  const run = replayRun(recordedScenario('retransmission'), { capture: (octets) => chunks.push(octets) })
  const { packets, error } = readCapture(Buffer.concat(chunks))
  assert.equal(error, null)
  assert.equal(packets.length, run.packets)
  const comments = packets.flatMap(({ comments: some }) => some)
  assert.ok(comments.some((comment) => comment.startsWith('retransmission-timeout: ')))
})

test('a stack that does otherwise is named with the first event that differs: what was recorded, what came', () => {
  const log = recordedScenario('slow-start')
  const other = withText(log, '"initialWindowSegments":2', '"initialWindowSegments":3')
  const { divergence, events } = replayRun(other)
  assert.ok(divergence !== null)
  const { host, event, recorded, came, index, offset } = divergence
  assert.equal(event, 'the poll for a packet')
  assert.equal(recorded, 'nothing to send')
  assert.match(came, /^port \d+ > 80: Flags \[P?\.\], seq \d+:\d+, ack \d+, win \d+, length \d+$/)
  assert.equal(host, 'client')
  // It is that event, and all before it is alike.
  const reader = new LogReader(other)
  let entry = reader.next()
  while (entry !== null && entry.index < index) entry = reader.next()
  assert.equal(entry?.offset, offset)
  const alike = replayRun(log, { to: index - 1 })
  // But for the congestion window, of which only the trace tells until it is used.
  const seen = (some: readonly TraceEvent[]) => some.filter(({ kind }) => kind !== 'recovery')
  assert.deepEqual(seen(events).slice(0, seen(alike.events).length), seen(alike.events))
})

test('an octet of a packet that was another is found where it first shows', () => {
  const log = recordedScenario('data-transfer')
  const reader = new LogReader(log)
  for (let entry = reader.next(); entry !== null; entry = reader.next()) {
    if (entry.input.kind !== 'send' || entry.input.octets.length < 100) continue
    const changed = log.slice()
    changed[entry.input.octets.byteOffset + 99]! ^= 1
    const { divergence } = replayRun(changed)
    assert.equal(divergence?.event, 'the poll for a packet')
    assert.equal(divergence.recorded.replace(/, length.*/, ''), divergence.came.replace(/, length.*/, ''))
    return
  }
  assert.fail('nothing is sent')
})

test('a log that is cut off is replayed as far as it goes, wherever that is', () => {
  const log = recordedScenario('normal-close')
  const whole = new Recorder()
  const last = replayTo(log, Number.POSITIVE_INFINITY, { trace: whole }).index
  let most = 0
  for (let length = 20; length < log.length; length += 11) {
    const trace = new Recorder()
    const replayer = replayTo(log.subarray(0, length), Number.POSITIVE_INFINITY, { trace })
    assert.equal(replayer.divergence, null)
    assert.equal(replayer.retelling, null)
    assert.equal(replayer.problem, null)
    assert.ok(replayer.end === 'cut-off' || replayer.end === 'open')
    assert.deepEqual(trace.events, whole.events.slice(0, trace.events.length))
    assert.ok(replayer.index >= most)
    most = replayer.index
  }
  assert.equal(most, last)
})

test('what is no log is refused, and so is one of another version', () => {
  for (const text of ['', 'elko', 'elko-log x 0.1.0\n', '\n', 'GIF89a\n']) {
    assert.throws(() => replayRun(Buffer.from(text)), {
      name: 'LogError',
      message: 'octet 0: expected a log of Elko, which begins with "elko-log 2"',
    })
  }
  for (const [version, elko] of [
    [1, '0.0.9'],
    [3, '3.0.0'],
  ]) {
    assert.throws(() => replayRun(Buffer.from(`elko-log ${version} ${elko}\n`)), {
      name: 'LogError',
      message: `octet 9: a log of version ${version}, which Elko ${elko} wrote and can replay; this one replays version 2`,
    })
  }
})

test('a damaged log is told of with its place, or differs: nothing else happens', () => {
  const random = new Random('damaged logs')
  const logs = ['urgent', 'address-in-use', 'half-close', 'icmp-unreachable'].map(recordedScenario)
  const said = new Set<string>()
  for (let run = 0; run < 2000; run++) {
    const whole = logs[run % logs.length]!
    const log = whole.slice()
    for (let damages = random.range(1, 3); damages > 0; damages--) {
      log[random.range(20, log.length - 1)] = random.range(0, 255)
    }
    const { divergence, retelling, problem, end } = replayRun(log)
    assert.ok(end !== 'ended' || problem !== null || Buffer.from(log).equals(whole))
    if (problem !== null) {
      assert.ok(problem instanceof LogError)
      assert.ok(problem.offset <= log.length)
    }
    said.add(
      problem !== null
        ? 'problem'
        : divergence !== null
          ? 'divergence'
          : retelling !== null
            ? 'retelling'
            : end,
    )
  }
  for (const word of ['problem', 'divergence', 'retelling', 'changed']) assert.ok(said.has(word), word)
})

test('a defect of the code is found where it first shows, whatever it is', () => {
  const { pollTransmit, handleTimeout } = Stack.prototype
  const log = recordedScenario('retransmission')
  let polls = 0
  /** One octet of one packet is another. */
  const spoils = function (this: Stack, now: number, frame: Uint8Array): number {
    const length = pollTransmit.call(this, now, frame)
    if (length > 100 && ++polls === 3) frame[90]! ^= 1
    return length
  }
  Stack.prototype.pollTransmit = spoils
  try {
    const { divergence } = replayRun(log)
    assert.equal(divergence?.host, 'client')
    assert.match(divergence.recorded, /length \d{3,}$/)
    assert.equal(divergence.came, `${divergence.recorded}, with other octets`)
  } finally {
    Stack.prototype.pollTransmit = pollTransmit
  }
  /** Timers are not heard. */
  Stack.prototype.handleTimeout = function (this: Stack, now: number): void {
    this.clock.now = now
  }
  try {
    const { divergence } = replayRun(log)
    assert.ok(divergence !== null && divergence.recorded !== divergence.came)
  } finally {
    Stack.prototype.handleTimeout = handleTimeout
  }
  assert.equal(replayRun(log).divergence, null)
})
