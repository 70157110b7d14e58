/** Which frames of a capture tshark shows by a display filter, and which Elko does. */

import { spawnSync } from 'node:child_process'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { DisplayFilter } from '../../src/filter/display-filter.ts'
import { FilterError } from '../../src/filter/filter-error.ts'
import { FrameTimes } from '../../src/flows/frame-times.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { PLAIN_UTC } from '../environment.ts'

export const hasTshark = spawnSync('tshark', ['--version']).status === 0

/** Numbers of frames, or what was said instead. */
export type Shown = readonly number[] | { readonly error: string }

const PREFERENCES = ['-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE']

export function tsharkShows(path: string, expression: string): Shown {
  const args = ['-n', '-r', path, ...PREFERENCES, '-Y', expression, '-T', 'fields', '-e', 'frame.number']
  const { stdout, stderr, status } = spawnSync('tshark', args, { env: PLAIN_UTC, maxBuffer: 1 << 28 })
  if (status !== 0 && stdout.length === 0)
    return { error: stderr.toString().trim().split('\n').slice(-3).join(' ') }
  const text = stdout.toString().trim()
  return text === '' ? [] : text.split('\n').map(Number)
}

/** The frames by each of several filters, in one reading. */
export function elkoShows(file: Uint8Array, expressions: readonly string[]): Shown[] {
  const filters = expressions.map(filterOf)
  const shown: number[][] = expressions.map(() => [])
  const analysis = new SequenceAnalysis()
  const times = new FrameTimes()
  const dissector = new Dissector((packet, tcp) => {
    const view = { packet, tcp, analysis: analysis.analyze(packet, tcp) }
    for (const filter of filters) if (filter instanceof DisplayFilter) filter.tcp(view)
  })
  const reader = new CaptureReader((record) => {
    times.frame(record)
    for (const filter of filters) if (filter instanceof DisplayFilter) filter.begin()
    dissector.dissect(record)
    const view = { packet: dissector.packet, record, times }
    for (const [k, filter] of filters.entries()) {
      if (filter instanceof DisplayFilter && filter.matches(view)) shown[k]!.push(record.number)
    }
  })
  reader.readWhole(file)
  return filters.map((filter, k) => (filter instanceof FilterError ? { error: filter.message } : shown[k]!))
}

function filterOf(expression: string): DisplayFilter | FilterError {
  try {
    return new DisplayFilter(expression)
  } catch (error) {
    if (error instanceof FilterError) return error
    throw error
  }
}

/** What differs; null: nothing does. Two errors are the same. */
export function differs(theirs: Shown, ours: Shown): string | null {
  const text = (shown: Shown): string =>
    'error' in shown ? shown.error : `${shown.length} frames ${shown.slice(0, 12)}`
  if ('error' in theirs && 'error' in ours) return null
  if ('error' in theirs || 'error' in ours || theirs.join() !== ours.join()) {
    return `tshark: ${text(theirs)}; here: ${text(ours)}`
  }
  return null
}
