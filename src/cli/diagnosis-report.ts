/** The report of `elko diagnose`: what stands before the connections, each of them, and behind; as JSON or for people. */

import type { CaptureReport } from '../analyze/outside/capture-diagnoser.ts'
import { type CaptureDiagnosis, diagnosisJson } from '../analyze/outside/capture-diagnosis.ts'
import type { CaptureNote } from '../analyze/outside/notes.ts'
import { wrap } from '../diagram/canvas.ts'
import { counted } from '../trace/counted.ts'
import { diagnosisLines } from './diagnosis-lines.ts'

/** How it is asked for; threads pass it on. */
export interface ReportForm {
  readonly path: string
  readonly isJson: boolean
  /** Healthy connections as well. */
  readonly showsAll: boolean
  /** Columns; infinite: lines stay whole. */
  readonly width: number
}

/** Connections by verdict, in the order of the first of each; who counts a part knows which stream that was. */
export class VerdictCounts {
  readonly #counts = new Map<string, { count: number; first: number }>()
  sick = 0

  add({ verdict, healthy, stream }: CaptureDiagnosis): void {
    if (!healthy) this.sick++
    this.#add(verdict, 1, placeOf(stream))
  }

  /** @param plain healthy connections that are not told one by one. */
  static of(plain: number, { isJson, showsAll }: ReportForm): VerdictCounts {
    const counts = new VerdictCounts()
    if (plain > 0 && !isJson && !showsAll) counts.#add('healthy', plain, -1)
    return counts
  }

  get rows(): readonly VerdictRow[] {
    return [...this.#counts].map(([verdict, { count, first }]) => [verdict, count, first])
  }

  /** Takes those of another part. */
  join(rows: readonly VerdictRow[], sick: number): void {
    this.sick += sick
    for (const [verdict, count, first] of rows) this.#add(verdict, count, first)
  }

  /** The most frequent ones first. */
  get sorted(): readonly VerdictRow[] {
    return [...this.rows].sort(
      ([, one, oneFirst], [, other, otherFirst]) => other - one || oneFirst - otherFirst,
    )
  }

  #add(verdict: string, count: number, first: number): void {
    const known = this.#counts.get(verdict)
    if (known === undefined) this.#counts.set(verdict, { count, first })
    else {
      known.count += count
      known.first = Math.min(known.first, first)
    }
  }
}

/** Verdict, count, and place of the first one. */
export type VerdictRow = readonly [verdict: string, count: number, first: number]

/** Where a connection stands in the report: those of which no packet was sent come last. */
export const placeOf = (stream: number): number => (stream < 0 ? Number.MAX_SAFE_INTEGER : stream)

/** Lines before the connections. */
export function reportHead(
  form: ReportForm,
  { packets, notes }: Omit<CaptureReport, 'connections'>,
): string[] {
  if (form.isJson) {
    const head = JSON.stringify({ file: form.path, packets, notes })
    return [`${head.slice(0, -1)},"connections":[`]
  }
  return notes.flatMap((note) => wrapped(noteLine(note), form.width))
}

/** @param path of its capture, where there are several. */
export function noteLine({ kind, text, frames }: CaptureNote, path?: string): string {
  const where = frames.length === 0 ? '' : ` (${framesText(frames)})`
  return `note: ${path === undefined ? '' : `${path}: `}${kind}: ${text}${where}`
}

/** What is written of a connection, without the end of its last line and `separatorOf`; null: it is only counted. */
export function connectionText(form: ReportForm, diagnosis: CaptureDiagnosis): string | null {
  if (form.isJson) return diagnosisJson(diagnosis)
  if (diagnosis.healthy && !form.showsAll) return null
  const lines = diagnosisLines(diagnosis).flatMap((line) => wrapped(line, form.width))
  return `${lines.join('\n')}\n`
}

/** Behind the last line of a connection that another one follows. */
export const separatorOf = ({ isJson }: ReportForm): string => (isJson ? ',' : '')

/** Lines behind the connections. */
export function reportEnd(form: ReportForm, packets: number, counts: VerdictCounts): string[] {
  if (form.isJson) return [']}']
  const parts = counts.sorted
  const total = parts.reduce((sum, [, count]) => sum + count, 0)
  const list = parts.map(([verdict, count]) => `${count} ${verdict}`).join(', ')
  const line = `${counted(packets, 'packet')}, ${counted(total, 'connection')}${list === '' ? '' : `: ${list}`}`
  return wrapped(line, form.width)
}

/** The lines that a line takes, those behind the first one further to the right. */
export function wrapped(line: string, width: number): string[] {
  if (line.length <= width) return [line]
  const indent = ' '.repeat(line.length - line.trimStart().length)
  const [first, ...others] = wrap(line.trimStart(), width - indent.length - HANGING.length)
  return [`${indent}${first}`, ...others.map((other) => `${indent}${HANGING}${other}`)]
}
const HANGING = '    '

export function framesText(frames: readonly number[]): string {
  return `${frames.length === 1 ? 'frame' : 'frames'} ${frames.join(', ')}`
}
