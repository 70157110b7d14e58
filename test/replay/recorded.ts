/** Logs for the tests of replays. */

import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import { InputLog } from '../../src/stack/input-log.ts'

/** The log of a scenario. */
export function recordedScenario(name: string): Uint8Array {
  const log = new InputLog()
  runScenario(findScenario(name)!, { record: log })
  return log.octets()
}

/** The log with a text in it replaced by another of the same length. */
export function withText(log: Uint8Array, text: string, other: string): Uint8Array {
  if (text.length !== other.length) throw new Error('the texts differ in length')
  const at = Buffer.from(log).indexOf(text)
  if (at < 0) throw new Error(`the log has no "${text}"`)
  const changed = log.slice()
  changed.set(Buffer.from(other, 'latin1'), at)
  return changed
}
