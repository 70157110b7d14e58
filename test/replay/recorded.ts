/** Logs for the tests of replays. */

import { runScenario } from '../../src/sim/scenario.ts'
import { findScenario } from '../../src/sim/scenarios.ts'
import { InputLog } from '../../src/stack/input-log.ts'
import { RunningHash } from '../../src/stack/log-format.ts'
import * as RECORD from '../../src/stack/log-records.ts'

/** The log of a scenario. */
export function recordedScenario(name: string): Uint8Array {
  const log = new InputLog()
  runScenario(findScenario(name)!, { record: log })
  return log.octets()
}

/** The log with a text in it replaced by another of the same length, as if it had been written so. */
export function withText(log: Uint8Array, text: string, other: string): Uint8Array {
  if (text.length !== other.length) throw new Error('the texts differ in length')
  const at = Buffer.from(log).indexOf(text)
  if (at < 0) throw new Error(`the log has no "${text}"`)
  const changed = new InputLog()
  const head = changed.length
  const body = log.slice(0, endOf(log))
  body.set(Buffer.from(other, 'latin1'), at)
  for (const octet of body.subarray(head)) changed.byte(octet)
  changed.end()
  return changed.octets()
}

/** Where a log of which nothing was changed has its END. */
function endOf(log: Uint8Array): number {
  for (let end = log.length - 1; end > log.length - 8; end--) {
    const hash = new RunningHash()
    hash.add(log, 0, end + 1)
    const ended = new InputLog()
    const head = ended.length
    ended.byte(RECORD.END)
    ended.number(hash.value)
    if (Buffer.from(log.subarray(end)).equals(ended.octets().subarray(head))) return end
  }
  throw new Error('the log was not ended')
}
