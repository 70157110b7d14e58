/** Runs a program over node:net and elko/net side by side, and finds where they first disagree. */

import nodeNet from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import type { LinkHost } from '../../src/link/host.ts'
import { createNet } from '../../src/net/create-net.ts'
import { loopbackHost } from '../../src/net/default-host.ts'
import { readAsLibuv } from './differential-libuv.ts'
import type { Operation, Program } from './differential-program.ts'
import { Stage } from './differential-stage.ts'
import type { AnyNet } from './nets.ts'

/** Turns of the event loop without a word: Elko is at rest. libuv closes within one, streams tick within one. */
const QUIET_TURNS = 6
/** How long the kernel may take to say what Elko said. It does within microseconds, unless the machine is busy. */
const PATIENCE_MS = Number(process.env.ELKO_PATIENCE_MS ?? 2000)

export interface Difference {
  /** Of the step after which they disagreed; the last one past the program is its end. */
  readonly step: number
  readonly elko: unknown
  readonly node: unknown
}

export interface Verdict {
  readonly difference: Difference | null
  readonly steps: number
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export async function runOnBoth(program: Program): Promise<Verdict> {
  const host = loopbackHost()
  const elko = new Stage(createNet(host) as unknown as AnyNet, program, readAsLibuv)
  const node = new Stage(nodeNet, program)
  await Promise.all([elko.listen(), node.listen()])
  try {
    const { steps } = program
    for (let step = 0; ; step++) {
      const goesOn = [elko, node].map((stage) => take(stage, steps[step]))
      await rest(elko, host)
      if (!(await agree(elko, node))) {
        return { difference: { step, elko: elko.state, node: node.state }, steps: step }
      }
      if (!goesOn[0]) return { difference: null, steps: step }
    }
  } finally {
    for (const stage of [elko, node]) while (stage.endOne());
    await rest(elko, host)
    host.close()
  }
}

/** The next step; behind the last one all ends end, one by one. Returns whether there was anything left to do. */
function take(stage: Stage, step: readonly Operation[] | undefined): boolean {
  if (step === undefined) return stage.endOne()
  for (const operation of stage.isAlone(step[0]!) ? step.slice(0, 1) : step) stage.perform(operation)
  return true
}

/** Until nothing is under way on the host, and nobody has said anything for a while. */
async function rest(stage: Stage, { stack }: LinkHost): Promise<void> {
  let { lines } = stage
  const end = Date.now() + PATIENCE_MS
  for (let quiet = 0; quiet < QUIET_TURNS && Date.now() < end; quiet++) {
    await turn()
    const { halfOpen, waiting, ready, events, replies, toSelf } = stack.occupancy
    if (stage.lines !== lines || halfOpen + waiting + ready + events + replies + toSelf + stage.expected > 0)
      quiet = 0
    lines = stage.lines
  }
}

async function agree(elko: Stage, node: Stage): Promise<boolean> {
  const end = Date.now() + PATIENCE_MS
  for (let quiet = 0, lines = -1; ; ) {
    await turn()
    const same = node.lines === lines && node.expected === 0 && isDeepStrictEqual(node.state, elko.state)
    quiet = same ? quiet + 1 : 0
    if (quiet === 2) return true // What more comes would have come by now.
    lines = node.lines
    if (!same && Date.now() > end) return false
  }
}
