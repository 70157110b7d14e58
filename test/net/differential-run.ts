/** Runs a program over node:net and elko/net side by side, step by step, and finds where they first disagree. */

import nodeNet from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { LinkHost } from '../../src/link/host.ts'
import { createNet } from '../../src/net/create-net.ts'
import { loopbackHost } from '../../src/net/default-host.ts'
import { readAsLibuv } from './differential-libuv.ts'
import type { AnyNet } from './nets.ts'

/** Where a program runs over one net. */
export interface Stage<Step> {
  /** How much was said so far. */
  readonly lines: number
  /** Things that will happen by themselves, and have not yet. */
  readonly expected: number
  /** What both nets must agree on whenever they are at rest. */
  readonly state: object
  open(): Promise<void>
  perform(step: Step): void
  /** One more of all that was opened is closed; false where nothing is left. */
  endOne(): boolean
}

/** A stage over a net; each of its sockets is prepared before anything happens to it. */
export type MakeStage<Step> = (net: AnyNet, prepare: (socket: nodeNet.Socket) => void) => Stage<Step>

export interface Difference {
  /** Of the step after which they disagreed; those past the program are its end. */
  readonly step: number
  readonly elko: object
  readonly node: object
}

/** Turns of the event loop without a word: Elko is at rest. libuv closes within one, streams tick within one. */
const QUIET_TURNS = 6

/**
 * How long one may be without what the other has said. Nothing but a failure takes so long: on loopback the kernel hands over
 * what it was given within the call.
 */
const PATIENCE_MS = 60_000

export interface Settings {
  readonly patienceMs?: number
  /** Elko's sockets are prepared with it: a test sows faults so. Default: nothing. */
  readonly spoil?: (socket: nodeNet.Socket) => void
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The first difference, or null. */
export async function runOnBoth<Step>(
  steps: readonly Step[],
  make: MakeStage<Step>,
  { patienceMs = PATIENCE_MS, spoil = () => {} }: Settings = {},
): Promise<Difference | null> {
  const host = loopbackHost()
  const elko = make(createNet(host) as unknown as AnyNet, (socket) => {
    readAsLibuv(socket)
    spoil(socket)
  })
  const node = make(nodeNet, () => {})
  const both = [elko, node]
  try {
    await Promise.all(both.map((stage) => stage.open()))
    for (let step = 0; ; step++) {
      const goesOn = both.map((stage) => take(stage, steps[step]))
      await rest(elko, host)
      if (!(await agree(elko, node, patienceMs))) return { step, elko: elko.state, node: node.state }
      if (!goesOn[0]) return null
    }
  } finally {
    for (const stage of both) while (stage.endOne());
    await rest(elko, host)
    host.close()
  }
}

/** The next step; behind the last one all ends end, one by one. Returns whether there was anything left to do. */
function take<Step>(stage: Stage<Step>, step: Step | undefined): boolean {
  if (step === undefined) return stage.endOne()
  stage.perform(step)
  return true
}

/** Until nothing is under way on the host, and nobody has said anything for a while. */
async function rest<Step>(stage: Stage<Step>, { stack }: LinkHost): Promise<void> {
  let { lines } = stage
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    await turn()
    const { halfOpen, waiting, ready, events, replies, toSelf } = stack.occupancy
    if (stage.lines !== lines || halfOpen + waiting + ready + events + replies + toSelf + stage.expected > 0)
      quiet = 0
    lines = stage.lines
  }
}

/** Waits for node:net to say what Elko said, and no more. */
async function agree<Step>(elko: Stage<Step>, node: Stage<Step>, patienceMs: number): Promise<boolean> {
  const end = Date.now() + patienceMs
  for (let quiet = 0, lines = -1; ; ) {
    await turn()
    const same = node.lines === lines && node.expected === 0 && isDeepStrictEqual(node.state, elko.state)
    quiet = same ? quiet + 1 : 0
    if (quiet === 2) return true // What more comes would have come by now.
    lines = node.lines
    if (!same && Date.now() > end) return false
  }
}
