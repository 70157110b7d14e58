/**
 * TCP options by kind and value. Which order they have and where No-Operation pads them is each host's own choice
 * (RFC 9293 3.2): it is noted, and counts only where the settings are strict.
 */

import { printTcpOption as optionText } from './print.ts'
import type { OptionSpec } from './script.ts'
import type { Settings } from './settings.ts'
import type { Difference } from './verdict.ts'

export const NOTE_ORDER = 'TCP options come in another order or padding than the script has them'
export const NOTE_SACK =
  'Elko has no selective acknowledgment yet: "sackOK" is not compared (as with net.ipv4.tcp_sack=0)'
export const NOTE_ECHO = 'a time stamp echoes another value than the script has'

export function compareOptions(
  expected: readonly OptionSpec[],
  actual: readonly OptionSpec[],
  settings: Settings,
): { readonly differences: readonly Difference[]; readonly notes: readonly string[] } {
  const notes: string[] = []
  const differences: Difference[] = []
  const wanted = expected.filter(hasMeaning)
  const rest = actual.filter(hasMeaning)
  const order = rest.map(optionName)
  for (const option of wanted) {
    const found = rest.findIndex((one) => optionName(one) === optionName(option))
    const other = found < 0 ? null : rest.splice(found, 1)[0]!
    if (other === null) {
      differences.push({ field: optionName(option), expected: optionText(option), actual: 'none' })
    } else compareOne(option, other, settings, differences, notes)
  }
  for (const option of rest) {
    differences.push({ field: optionName(option), expected: 'none', actual: optionText(option) })
  }
  const sackDiffers = isSackOk(expected) !== isSackOk(actual)
  if (sackDiffers) notes.push(NOTE_SACK)
  const sameOrder = wanted.every((option, i) => optionName(option) === order[i])
  const samePadding = padding(expected) === padding(actual) || sackDiffers
  if (differences.length === 0 && !(sameOrder && samePadding)) {
    if (settings.strictOptions) {
      const text = (options: readonly OptionSpec[]) => options.map(optionText).join(',')
      differences.push({ field: 'options', expected: text(expected), actual: text(actual) })
    } else notes.push(NOTE_ORDER)
  }
  return { differences, notes }
}

/** Padding has none, nor has the permission of something that is not there. */
function hasMeaning({ kind }: OptionSpec): boolean {
  return kind !== 'nop' && kind !== 'eol' && kind !== 'sackOK'
}

function isSackOk(options: readonly OptionSpec[]): boolean {
  return options.some(({ kind }) => kind === 'sackOK')
}

function padding(options: readonly OptionSpec[]): string {
  return options.map(({ kind }) => (kind === 'nop' || kind === 'eol' ? kind : '*')).join()
}

/** The same for two options of which one can stand for the other. */
function optionName(option: OptionSpec): string {
  if (option.kind === 'other') return `kind ${option.number}`
  return option.kind === 'FO' && option.experimental ? 'FOEXP' : option.kind
}

function compareOne(
  expected: OptionSpec,
  actual: OptionSpec,
  settings: Settings,
  differences: Difference[],
  notes: string[],
): void {
  if (expected.kind === 'TS' && actual.kind === 'TS') {
    // Its value is a clock's: the player judges it, which knows the time.
    if (expected.ecr === actual.ecr) return
    if (!settings.strictOptions) notes.push(NOTE_ECHO)
    else differences.push({ field: 'TS ecr', expected: `${expected.ecr}`, actual: `${actual.ecr}` })
    return
  }
  const [one, other] = [optionText(expected), optionText(actual)]
  if (one !== other) differences.push({ field: optionName(expected), expected: one, actual: other })
}
