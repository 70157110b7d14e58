/**
 * Random runs: from one seed two hosts, a hostile path and applications, in virtual time, and everything that must hold
 * of them. The same seed gives the same run, bit for bit.
 *
 * After every event each connection's invariants are checked and the wire is watched (random-run-wire.ts); at the end
 * nothing may be left: no octet, no connection, no timer, no memory lent.
 */

import type { HostedConnection } from '../stack/hosted-connection.ts'
import { InitialNumbers } from '../stack/isn.ts'
import type { Listener } from '../stack/listener.ts'
import { Stack } from '../stack/stack.ts'
import { type Config, configure, DEFAULT_CONFIG } from '../tcp/config.ts'
import { brokenInvariant } from '../tcp/invariants.ts'
import { CLOSED } from '../tcp/state.ts'
import type { TraceEvent } from '../trace/events.ts'
import type { Recorder, Trace } from '../trace/recorder.ts'
import { type Address, parseAddress } from '../wire/address.ts'
import type { ImpairmentOptions } from './impairments.ts'
import { Network, type PacketEndpoint } from './network.ts'
import { Random } from './random.ts'
import { End, totalOf } from './random-run-end.ts'
import { Payload } from './random-run-payload.ts'
import { type ConnectionPlan, type HostPlan, planRun, type RunPlan } from './random-run-plan.ts'
import { FIRST_PORT, LISTENING_PORT, Wire } from './random-run-wire.ts'

export interface RunResult {
  readonly seed: number
  /** What did not hold, or null. */
  readonly failure: string | null
  /** Octets that applications read. */
  readonly octets: number
  readonly packets: number
  readonly events: number
  /** Microseconds of virtual time until the last event. */
  readonly virtualUs: number
  readonly connections: number
  /** A hash of all segments sent and their times. */
  readonly digest: number
}

export interface RunOptions {
  readonly trace?: Recorder | null
  /** Takes the octets of a pcapng file. */
  readonly capture?: ((octets: Uint8Array) => void) | null
}

/** Runs what the seed says. Never throws: whatever goes wrong is the result's `failure`. */
export function randomRun(seed: number, options: RunOptions = {}): RunResult {
  return runPlan(planRun(seed), options)
}
