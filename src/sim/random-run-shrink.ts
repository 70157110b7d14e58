/**
 * Makes a failing plan smaller: takes one thing after the other away and keeps it away where the run still fails in the
 * same way. Always in the same order, so that a seed always shrinks to the same plan.
 */

import { runPlan } from './random-run.ts'
import type { ConnectionPlan, EndPlan, HostPlan, RunPlan, WritePlan } from './random-run-plan.ts'

export interface ShrunkRun {
  readonly plan: RunPlan
  readonly failure: string
  /** Runs that were made on the way. */
  readonly tries: number
}

/** @param tries most runs to make. @returns null where the plan does not fail. */
export function shrinkRun(plan: RunPlan, tries = 400): ShrunkRun | null {
  const first = runPlan(plan).failure
  if (first === null) return null
  const kind = failureKind(first)
  const best = { plan, failure: first, tries: 1 }
  for (let progress = true; progress; ) {
    progress = false
    for (const simpler of simplerPlans(best.plan)) {
      if (best.tries >= tries) return best
      best.tries++
      const { failure } = runPlan(simpler)
      if (failure === null || failureKind(failure) !== kind) continue
      best.plan = simpler
      best.failure = failure
      progress = true
      break
    }
  }
  return best
}

/** What went wrong without where: "invariant: a timer runs", whatever the numbers. */
export function failureKind(failure: string): string {
  const line = failure.split('\n')[0]!.replace(/^at [\d.]+ us: /, '')
  return line.replace(/: (host\d|none|nobody).*$/, '').replace(/-?\d+/g, '#')
}

/** Plans that differ from this one by one thing less, the largest things first. */
function* simplerPlans(plan: RunPlan): Generator<RunPlan> {
  for (let i = 0; plan.connections.length > 1 && i < plan.connections.length; i++) {
    yield { ...plan, connections: plan.connections.filter((_, index) => index !== i) }
  }
  if (plan.reusesPort) yield { ...plan, reusesPort: false }
  if (plan.silence !== null) yield { ...plan, silence: null }
  if (plan.lateCopies > 0) yield { ...plan, lateCopies: 0 }
  for (const which of [0, 1] as const) {
    for (const path of withoutEach(plan.paths[which]))
      yield { ...plan, paths: replaced(plan.paths, which, path) }
    for (const host of simplerHosts(plan.hosts[which]))
      yield { ...plan, hosts: replaced(plan.hosts, which, host) }
  }
  for (const [i, connection] of plan.connections.entries()) {
    for (const simpler of simplerConnections(connection)) {
      yield { ...plan, connections: plan.connections.map((old, index) => (index === i ? simpler : old)) }
    }
  }
  if (plan.version === 6) yield { ...plan, version: 4 }
}

function* simplerHosts(host: HostPlan): Generator<HostPlan> {
  for (const config of withoutEach(host.config)) yield { ...host, config }
  if (host.mtu !== 1500) yield { ...host, mtu: 1500 }
  if (host.wrap !== 'nothing') yield { ...host, wrap: 'nothing', wrapAfter: 0 }
}

function* simplerConnections(connection: ConnectionPlan): Generator<ConnectionPlan> {
  if (connection.opening === 'simultaneous') yield { ...connection, opening: 'passive' }
  if (connection.startUs > 0) yield { ...connection, startUs: 0 }
  for (const which of [0, 1] as const) {
    for (const end of simplerEnds(connection.ends[which])) {
      yield { ...connection, ends: replaced(connection.ends, which, end) }
    }
  }
}

const PLAIN: Partial<EndPlan> = {
  writesEarly: false,
  readOctets: 1 << 20,
  readPauseUs: 0,
  stopAfter: Number.POSITIVE_INFINITY,
  stopUs: 0,
  closeDelayUs: 0,
  ending: 'close',
  abortAfterUs: Number.POSITIVE_INFINITY,
  closeAfterUs: Number.POSITIVE_INFINITY,
}

function* simplerEnds(end: EndPlan): Generator<EndPlan> {
  for (const [name, value] of Object.entries(PLAIN)) {
    if (end[name as keyof EndPlan] !== value) yield { ...end, [name]: value }
  }
  const { writes } = end
  if (writes.length === 0) return
  yield { ...end, writes: [] }
  if (writes.length > 1) {
    const half = writes.length >> 1
    yield { ...end, writes: writes.slice(0, half) }
    yield { ...end, writes: writes.slice(half) }
    yield { ...end, writes: [joined(writes)] }
  }
  for (const [name, value] of [
    ['pauseUs', 0],
    ['urgent', false],
    ['push', true],
  ] as const) {
    if (writes.some((write) => write[name] !== value)) {
      yield { ...end, writes: writes.map((write) => ({ ...write, [name]: value })) }
    }
  }
  if (writes.some(({ octets }) => octets > 1)) {
    yield { ...end, writes: writes.map((write) => ({ ...write, octets: (write.octets + 1) >> 1 })) }
  }
}

function joined(writes: readonly WritePlan[]): WritePlan {
  const octets = writes.reduce((sum, write) => sum + write.octets, 0)
  return { octets, push: true, urgent: false, pauseUs: 0 }
}

/** The object without one of its fields, for each of them. */
function* withoutEach<T extends object>(options: T): Generator<T> {
  for (const name of Object.keys(options)) {
    yield Object.fromEntries(Object.entries(options).filter(([other]) => other !== name)) as T
  }
}

function replaced<T>(pair: readonly [T, T], which: 0 | 1, value: T): readonly [T, T] {
  return which === 0 ? [value, pair[1]] : [pair[0], value]
}
