/** The named scenarios: each runs, holds the invariants, is the same each time, and ends as it says. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readCapture } from '../../src/capture/capture-reader.ts'
import {
  runScenario,
  type Scenario,
  type ScenarioOptions,
  type ScenarioResult,
} from '../../src/sim/scenario.ts'
import { SOCKET_EXCEPTIONS } from '../../src/sim/scenarios/exceptions.ts'
import { open, serve } from '../../src/sim/scenarios/scripts.ts'
import { findScenario, SCENARIOS } from '../../src/sim/scenarios.ts'
import { rfcSegmentText } from '../../src/trace/segment-text.ts'
import { statePathText } from '../../src/trace/state-path.ts'
import { URG } from '../../src/wire/segment.ts'

/** Those that the issue names, and those that the seeds describe. */
const REQUIRED = `three-way-handshake data-transfer normal-close classic bsd-calls rfc-handshake rfc-close
  simultaneous-open simultaneous-close half-close connection-refused reset lost-syn lost-final-ack zero-window two-army
  connect-timeout read-timeout half-open fin-wait-2 time-wait urgent push retransmission fast-retransmit reordering
  duplicate old-duplicate-syn sequence-wrap nagle delayed-ack window-scaling slow-start keep-alive mtu-black-hole
  icmp-unreachable isn-zero-danger unread-data broken-pipe`

function pathsOf(result: ScenarioResult): Record<string, string[]> {
  const paths: Record<string, string[]> = {}
  for (const path of result.paths) (paths[path.host] ??= []).push(statePathText(path))
  return paths
}

function play(name: string, options: ScenarioOptions = {}): ScenarioResult {
  const scenario = findScenario(name)
  assert.ok(scenario, name)
  return runScenario(scenario, options)
}

/** What the applications of a host said, in order. */
function saidBy(result: ScenarioResult, host: string): string[] {
  return result.events.flatMap((event) =>
    event.kind === 'application' && event.host === host ? [event.text] : [],
  )
}

test('every scenario that is asked for exists; names are unique and none is unknown', () => {
  const names = SCENARIOS.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const name of REQUIRED.split(/\s+/)) assert.ok(names.includes(name), name)
  assert.equal(findScenario('no-such'), null)
})

describe('each scenario keeps the invariants, ends in its stated paths and is the same twice', () => {
  for (const scenario of SCENARIOS) {
    test(scenario.name, () => {
      const result = runScenario(scenario)
      assert.deepEqual(pathsOf(result), scenario.paths)
      assert.ok(result.intact, 'octets were damaged')
      const again = runScenario(scenario)
      assert.deepEqual(again.events, result.events)
      assert.deepEqual(again.capture().octets, result.capture().octets)
      const read = readCapture(result.capture().octets)
      assert.equal(read.error, null)
      assert.equal(read.packets.length, result.capture().packets)
      const times = result.events.map(({ at }) => at)
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
        'in the order of time',
      )
    })
  }
})

describe('on any network and for any seed a scenario ends, unbroken and with the right octets', () => {
  const networks: Record<string, ScenarioOptions> = {
    'IPv6, another seed': { ipv6: true, seed: 'another' },
    'loss, duplicates, damage, reordering': {
      seed: 5,
      impairments: {
        loss: 0.2,
        duplicate: 0.1,
        corrupt: 0.1,
        reorder: 0.2,
        reorderByUs: 30_000,
        jitterUs: 15_000,
      },
    },
    'a long way': { impairments: { delayUs: 300_000 } },
    'a narrow way': { impairments: { mtu: 600, rateBitsPerSecond: 100_000, queueBytes: 3000 } },
    'small segments and windows': { mss: 100, window: 1000 },
    'large windows': { window: 200_000, bytes: 100_000 },
  }
  for (const [name, options] of Object.entries(networks)) {
    test(name, () => {
      for (const scenario of SCENARIOS) assert.ok(runScenario(scenario, options).intact, scenario.name)
    })
  }
})

test('a broken invariant ends the run with the name, the seed and the time', () => {
  const broken: Scenario = {
    ...findScenario('three-way-handshake')!,
    play(lab) {
      const [client, server] = lab.clientAndServer()
      server.program(serve(80, function* () {}))
      client.program(function* (host) {
        const { connection } = yield* open(host, server, 80)
        connection!.tcb.snd.una = (connection!.tcb.snd.nxt + 1) | 0
      })
    },
  }
  assert.throws(
    () => runScenario(broken, { seed: 9 }),
    /three-way-handshake, seed 9, at 40000 us: client.*SND\.UNA/,
  )
})

test('octets that were not written are noticed', () => {
  const scenario = findScenario('client-server')!
  assert.equal(runScenario(scenario).intact, true, 'its own text is not compared')
  assert.equal(runScenario({ ...scenario, ownText: false }).intact, false)
})

test('bsd-calls: what blocks and when each returns, as seed 002 draws it', () => {
  const result = play('bsd-calls')
  assert.deepEqual(saidBy(result, 'server'), [
    'socket()',
    'bind(80)',
    'listen()',
    'accept() blocks',
    'accept() returns',
    'read() blocks',
    'read() returns 100',
    'write(300)',
    'read() blocks',
    'read() returns 0',
    'close()',
  ])
  assert.deepEqual(saidBy(result, 'client'), [
    'socket()',
    'connect() blocks',
    'connect() returns',
    'write(100)',
    'read() blocks',
    'read() returns 300',
    'close()',
  ])
  const sent = result.events.flatMap((event) => (event.kind === 'sent' ? [event.segment] : []))
  assert.deepEqual(
    sent.slice(0, 2).map(({ mss }) => mss),
    [536, 1460],
  )
  const reply = sent.find(({ srcPort, length }) => srcPort === 80 && length > 0)!
  assert.equal(reply.ack, 1101, 'the reply acknowledges the request')
  assert.equal(
    sent.filter(({ srcPort, length, flags }) => srcPort === 80 && length === 0 && flags === 16).length,
    1,
  )
})

test('rfc-handshake and rfc-close send what the figures of seed 002 and RFC 9293 show', () => {
  const sent = (name: string) =>
    play(name).events.flatMap((event) => (event.kind === 'sent' ? [rfcSegmentText(event.segment)] : []))
  assert.deepEqual(sent('rfc-handshake').slice(0, 4), [
    '<SEQ=100><CTL=SYN>',
    '<SEQ=300><ACK=101><CTL=SYN,ACK>',
    '<SEQ=101><ACK=301><CTL=ACK>',
    '<SEQ=101><ACK=301><CTL=PSH,ACK><DATA>',
  ])
  assert.deepEqual(sent('rfc-close').slice(3), [
    '<SEQ=100><ACK=300><CTL=FIN,ACK>',
    '<SEQ=300><ACK=101><CTL=ACK>',
    '<SEQ=300><ACK=101><CTL=FIN,ACK>',
    '<SEQ=101><ACK=301><CTL=ACK>',
  ])
})

test('urgent: the pointer names the octet after the last urgent one, counted from the sequence number', () => {
  const { events } = play('urgent')
  const marked = events.flatMap((event) =>
    event.kind === 'sent' && (event.segment.flags & URG) !== 0 ? [event.segment] : [],
  )
  assert.ok(marked.length > 0)
  for (const { seq, urgentPointer } of marked) assert.equal(seq + urgentPointer, 101 + 100 + 5)
})

test('a call blocks before it returns, and what it waits for happens in between', () => {
  const { events } = play('bsd-calls')
  const at = (host: string, text: string) =>
    events.findIndex((event) => event.kind === 'application' && event.host === host && event.text === text)
  const state = (host: string, to: string) =>
    events.findIndex((event) => event.kind === 'state' && event.host === host && event.to === to)
  assert.ok(at('client', 'connect() blocks') < state('client', 'ESTABLISHED'))
  assert.ok(state('client', 'ESTABLISHED') < at('client', 'connect() returns'))
  assert.ok(at('server', 'accept() blocks') < state('server', 'ESTABLISHED'))
  assert.ok(state('server', 'ESTABLISHED') < at('server', 'accept() returns'))
  assert.ok(state('server', 'LISTEN') < at('server', 'accept() blocks'))
  assert.equal(events[state('server', 'LISTEN')]!.at, 0, 'it listens from the moment of listen()')
})

test('the thirteen socket exceptions: each has questions, and its scenario ends in its error', () => {
  assert.equal(SOCKET_EXCEPTIONS.length, 13)
  for (const { text, errno, scenario, questions } of SOCKET_EXCEPTIONS) {
    assert.ok(questions.length > 0, text)
    const result = play(scenario)
    const said = result.hosts.flatMap((host) => saidBy(result, host))
    const words =
      errno === 'EAGAIN'
        ? /read\(\) times out/
        : errno === 'read returns 0'
          ? /read\(\) returns 0/
          : new RegExp(errno)
    assert.ok(
      said.some((line) => words.test(line)),
      `${text}: ${scenario} never says ${errno}`,
    )
  }
})

test('connect-timeout: two seconds of patience, then TCP itself after R2', () => {
  const result = play('connect-timeout')
  const told = result.events.flatMap((event) =>
    event.kind === 'application' && /connect\(\) (times out|fails)/.test(event.text)
      ? [[event.at, event.text]]
      : [],
  )
  assert.deepEqual(told, [
    [2_010_000, 'connect() times out'],
    [185_010_000, 'connect() fails: ETIMEDOUT'],
  ])
})

test('isn-zero-danger: an old segment is delivered where every connection starts at 0, and dropped otherwise', () => {
  for (const seed of [1, 2, 'x']) {
    const { events } = play('isn-zero-danger', { seed })
    const read = events.flatMap((event) =>
      event.kind === 'remark' && event.text.startsWith('The server read') ? [event.text.slice(17, 20)] : [],
    )
    assert.deepEqual(read, ['OLD', 'NEW'])
  }
})

test('keep-alive: probes after two idle hours, answered while the client lives; then nine and the end', () => {
  const { events } = play('keep-alive')
  const probes = events.filter((event) => event.kind === 'sent' && event.reason === 'keep-alive')
  assert.equal(probes.length, 10)
  assert.ok(probes[0]!.at >= 7_200_000_000 && probes[0]!.at < 7_201_000_000)
  assert.ok(events.some((event) => event.kind === 'application' && event.text === 'read() fails: ETIMEDOUT'))
})

test('half-open: RFC 9293 figure 9, step by step', () => {
  const { events } = play('half-open')
  const later = events.flatMap((event) =>
    event.kind === 'sent' && event.at >= 500_000
      ? [[event.host, event.segment.flags, event.segment.seq]]
      : [],
  )
  assert.deepEqual(later.slice(0, 4), [
    ['TCP A', 2, 400],
    ['TCP B', 16, 300],
    ['TCP A', 4, 100],
    ['TCP A', 2, 400],
  ])
})
