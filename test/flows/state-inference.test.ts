/**
 * The states that captures show are those that the simulated hosts went through: of every scenario, seen at each host, and
 * of random runs.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { StateInference } from '../../src/flows/state-inference.ts'
import { randomRun } from '../../src/sim/random-run.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { TRANSITIONS } from '../../src/tcp/state.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import { type StatePath, statePaths } from '../../src/trace/state-path.ts'
import { addressOf } from '../../src/wire/address.ts'
import { FIN } from '../../src/wire/segment.ts'

/** The paths that a capture shows, as "ADDRESS: CLOSED -> ...", of ends that did anything, sorted. */
function inferred(octets: Uint8Array, atInterface?: number): string[] {
  const analysis = new SequenceAnalysis()
  const flows: { states: StateInference; ends: [string, string] }[] = []
  const dissector = new Dissector((packet, tcp) => {
    const { stream, isFromA } = analysis.analyze(packet, tcp)
    const source = String(addressOf(packet.src0, packet.src1, packet.src2, packet.src3))
    const destination = String(addressOf(packet.dst0, packet.dst1, packet.dst2, packet.dst3))
    flows[stream] ??= { states: new StateInference(), ends: [source, destination] }
    if (packet.isQuoted) flows[stream].states.unreachable(isFromA, packet.number, 0)
    else flows[stream].states.packet(isFromA, tcp, packet.number, 0)
  })
  new CaptureReader((record) => {
    if (atInterface === undefined || record.interfaceIndex === atInterface) dissector.dissect(record)
  }).readWhole(octets)
  const paths = flows.flatMap(({ states, ends }) =>
    states.paths.map((path, side) => ({ end: ends[side]!, steps: path.steps })),
  )
  return paths
    .filter(({ steps }) => steps.length > 1)
    .map(({ end, steps }) => `${end}: ${steps.map(({ state }) => state).join(' -> ')}`)
    .sort()
}

/** Ways to end of which the wire shows nothing. */
const SILENT = new Set(['time-wait-timeout', 'give-up', 'crash', 'reuse'])

/** What a capture can show of the true paths. */
function shown(paths: readonly StatePath[], addresses: Readonly<Record<string, string>>): string[] {
  const visible = paths.map(({ host, steps }) => {
    const [before, last] = steps.slice(-2)
    const isSilent = SILENT.has(last!.cause) || (last!.cause === 'close' && before!.state === 'SYN-SENT')
    return { host, steps: isSilent ? steps.slice(0, -1) : steps }
  })
  return visible
    .filter(({ steps }) => steps.length > 2 || steps.at(-1)!.state !== 'LISTEN')
    .map(({ host, steps }) => `${addresses[host]}: ${steps.map(({ state }) => state).join(' -> ')}`)
    .sort()
}

/** Scenarios in which the wire at a host shows something else, and why. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'connect-timeout at server': 'nothing arrives there',
  'old-duplicate-syn at TCP A': 'the old SYN is not seen there: it was sent before the capture',
  'old-duplicate-syn at TCP B': 'the old SYN is seen to open a connection',
  'icmp-unreachable at server': 'what a router refused is not seen there',
  'keep-alive at client': 'a host that crashed resets what it has forgotten',
  'keep-alive at server': 'the same',
  'half-open-data at TCP A': 'the same',
  'half-open-data at TCP B': 'the same',
  'half-open at TCP A':
    'the SYN of the host that started again is another stream, which the reset of the old one is in',
  'half-open at TCP B': 'the same',
  'time-wait at client': 'its second connection has the numbers of the first: they are one stream',
  'time-wait at server': 'the same',
  'isn-zero-danger at client': 'the same',
  'isn-zero-danger at server': 'the same',
  'two-army at client': 'the last ACK, which is seen to leave, is lost',
  'two-army at server': 'the last ACK is lost before it',
}

test('the states of every scenario, as its capture at each host shows them', () => {
  const differ: string[] = []
  for (const scenario of SCENARIOS) {
    const result = runScenario(scenario, {})
    for (const host of result.hosts) {
      const want = shown(result.paths, result.addresses)
      const got = inferred(result.capture(host).octets)
      if (JSON.stringify(want) !== JSON.stringify(got)) differ.push(`${scenario.name} at ${host}`)
    }
  }
  assert.deepEqual(differ.sort(), Object.keys(OTHERWISE).sort())
})

const ARROWS = new Map(TRANSITIONS.map(({ from, to, cause }) => [`${from} ${cause}`, to]))

/** A path in which CLOSE counts from when its FIN left: until then it stands behind text that no window has room for. */
function asSent(path: StatePath, events: readonly TraceEvent[]): StatePath {
  const fin = events.find(
    (event) =>
      event.kind === 'sent' &&
      event.host === path.host &&
      event.connection === path.connection &&
      (event.segment.flags & FIN) !== 0,
  )
  const [first, ...rest] = path.steps
  const causes = rest.flatMap(({ at, cause }, k) => {
    if (cause !== 'close') return [{ at, k, cause }]
    return fin === undefined ? [] : [{ at: Math.max(at, fin.at), k, cause }]
  })
  causes.sort((a, b) => a.at - b.at || a.k - b.k)
  const steps = [first!]
  for (const { at, cause } of causes) {
    const state = ARROWS.get(`${steps.at(-1)!.state} ${cause}`)
    if (state !== undefined) steps.push({ at, state, cause })
  }
  return { ...path, steps }
}

/** Not in connections that are looked at: of the others the last packets may be lost behind the capture point. */
const DISORDERLY = new Set(['abort', 'rst', 'refused', 'give-up', 'icmp', 'crash'])

/** What a capture at one host does not see: packets that are lost before it. So many ends in a hundred may differ. */
const MOST_DIFFERENT = 3
const SEEDS = 200

test('the states of random runs in which nobody is reset', (t) => {
  let ends = 0
  let differ = 0
  for (let seed = 1; seed <= SEEDS; seed++) {
    const trace = new Recorder()
    const chunks: Uint8Array[] = []
    randomRun(seed, { trace, capture: (octets) => chunks.push(octets.slice()) })
    const truth = statePaths(trace.events)
    if (truth.some(({ steps }) => steps.some(({ cause }) => DISORDERLY.has(cause)))) continue
    const octets = Buffer.concat(chunks)
    for (const which of [0, 1]) {
      const got = inferred(octets, which)
      const addresses: Record<string, string> = got.some((path) => path.startsWith('fd'))
        ? { host0: 'fd00::1', host1: 'fd00::2' }
        : { host0: '10.0.0.1', host1: '10.0.0.2' }
      const paths = truth.map((path) => asSent(path, trace.events))
      for (const path of shown(paths, addresses)) {
        const index = got.indexOf(path)
        if (index < 0) differ++
        else got.splice(index, 1)
        ends++
      }
    }
  }
  assert.ok(ends > 500, `${ends} ends`)
  assert.ok(differ * 100 <= ends * MOST_DIFFERENT, `${differ} of ${ends} ends differ`)
  t.diagnostic(`${ends} ends, ${differ} differ`)
})
