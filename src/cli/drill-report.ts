/** What `elko drill` says of a script that did not pass, and of all of them together. */

import { joined } from '../bytes/join.ts'
import { pcapngHeader, pcapngPacket } from '../capture/pcapng.ts'
import { ladder } from '../diagram/ladder.ts'
import type { DrillResult } from '../drill/drill.ts'
import { printPacket } from '../drill/print.ts'
import type { PacketAction } from '../drill/script.ts'
import type { Failure, Verdict } from '../drill/verdict.ts'
import { connectionsIn } from '../trace/connections.ts'
import { counted } from '../trace/counted.ts'
import type { Drawing } from './output.ts'

const LABEL = {
  passed: 'passed',
  failed: 'FAILED',
  unsupported: 'unsupported',
  invalid: 'NO SCRIPT',
} as const
const COLOR = { passed: '32', failed: '31', unsupported: '33', invalid: '31' } as const

/** One line: what became of the script. */
export function verdictLine({ file, verdict }: DrillResult, how: Drawing): string {
  const label = paint(LABEL[verdict.kind].padEnd(11), COLOR[verdict.kind], how)
  if (verdict.kind === 'passed')
    return `${label} ${file} (${(verdict.endUs / 1e6).toFixed(3)} s of virtual time)`
  const { line, column } = verdict.place
  const what = verdict.kind === 'failed' ? verdict.failure.what : verdict.reason
  return `${label} ${file}:${line}:${column}: ${what}`
}

/** The event, what was expected and what came, the differences marked. */
export function details({ verdict }: DrillResult, how: Drawing): string {
  if (verdict.kind === 'passed' || verdict.kind === 'invalid') return ''
  const lines = [`  ${`${verdict.place.line}`.padStart(5)} | ${verdict.source}`]
  if (verdict.failure !== null) lines.push(...failureLines(verdict.failure, how))
  return `${lines.join('\n')}\n`
}

function failureLines(failure: Failure, how: Drawing): string[] {
  const lines: string[] = []
  const { expected, actual, differences } = failure
  if (expected !== null) lines.push(`    expected  ${printPacket(expected)}`)
  if (actual !== null) {
    const text = comparable(actual, expected)
    lines.push(`    actual    ${text}`)
    if (expected !== null) lines.push(`              ${paint(marks(printPacket(expected), text), '31', how)}`)
  }
  for (const { field, expected: wanted, actual: found } of differences) {
    const one = wanted === '' ? found : `expected ${wanted}, actual ${found}`
    lines.push(`    ${field.padEnd(9)} ${one}`)
  }
  if (differences.length === 0) lines.push(`    ${failure.what}`)
  lines.push(`    at ${(failure.at / 1e6).toFixed(6)} s of the run`)
  return lines
}

/** The actual packet with what the expected one has a word about, so that the two can be laid side by side. */
function comparable(actual: PacketAction, expected: PacketAction | null): string {
  const ip = expected?.ip
  const plain = {
    ecn: (ip?.ecn ?? null) === null ? null : actual.ip.ecn,
    tos: (ip?.tos ?? null) === null ? null : actual.ip.tos,
    dscp: (ip?.dscp ?? null) === null ? null : actual.ip.dscp,
    ttl: (ip?.ttl ?? null) === null ? null : actual.ip.ttl,
    flowLabel: (ip?.flowLabel ?? null) === null ? null : actual.ip.flowLabel,
  }
  const { body } = actual
  if (body.kind !== 'tcp' || expected?.body.kind !== 'tcp') return printPacket({ ...actual, ip: plain })
  const window = expected.body.window === null ? null : body.window
  return printPacket({ ...actual, ip: plain, body: { ...body, window } })
}

/** A ^ under each character of the second text's words that the first has not in the same place. */
function marks(expected: string, actual: string): string {
  const wanted = new Map<string, number>()
  for (const word of expected.split(' ')) wanted.set(word, (wanted.get(word) ?? 0) + 1)
  return actual
    .split(' ')
    .map((word) => {
      const left = wanted.get(word) ?? 0
      wanted.set(word, left - 1)
      return (left > 0 ? ' ' : '^').repeat(word.length)
    })
    .join(' ')
}

/** The run as ladders, one for each connection. */
export function ladders({ events, addresses }: DrillResult, how: Drawing): string {
  const pairs = connectionsIn(events)
  const drawn = pairs.slice(0, MOST_LADDERS).map(({ left, right }, i) =>
    ladder(events, {
      width: how.width,
      ascii: how.ascii,
      color: how.color,
      numbers: how.relative ? 'relative' : 'absolute',
      connection: {
        host: (left.connection > 0 ? left : right).host,
        connection: Math.max(left.connection, right.connection),
      },
      legend: i === Math.min(pairs.length, MOST_LADDERS) - 1,
      ...(addresses !== null && { addresses: { elko: addresses.local, 'other side': addresses.remote } }),
    }),
  )
  return drawn.join('\n')
}

const MOST_LADDERS = 3

/** Notes of a script, a line each. */
export function noteLines({ verdict }: DrillResult): string {
  return verdict.notes.map(({ place, text }) => `    line ${place.line}: ${text}\n`).join('')
}

/** How many scripts there were of each kind, and what those needed that were not judged. */
export function summary(results: readonly DrillResult[]): string {
  const count = (kind: Verdict['kind']) => results.filter(({ verdict }) => verdict.kind === kind).length
  const parts = [
    `${count('passed')} passed`,
    `${count('failed')} failed`,
    `${count('unsupported')} unsupported`,
  ]
  if (count('invalid') > 0) parts.push(`${count('invalid')} no scripts`)
  const lines = [`${counted(results.length, 'script')}: ${parts.join(', ')}`]
  for (const [reason, number] of byReason(results))
    lines.push(`  ${`${number}`.padStart(5)} unsupported: ${reason}`)
  return `${lines.join('\n')}\n`
}

/** Reasons of 'unsupported', the most frequent first. */
export function byReason(results: readonly DrillResult[]): [reason: string, scripts: number][] {
  const counts = new Map<string, number>()
  for (const { verdict } of results) {
    if (verdict.kind === 'unsupported') counts.set(verdict.reason, (counts.get(verdict.reason) ?? 0) + 1)
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
}

/** The run as a pcapng file; the packet at which it failed says why. */
export function captureOf({ packets, verdict }: DrillResult): Uint8Array {
  const blocks = [pcapngHeader([{ name: 'elko' }])]
  const failure = verdict.kind === 'failed' || verdict.kind === 'unsupported' ? verdict.failure : null
  packets.forEach(({ at, direction, octets }, i) => {
    const comment = failure !== null && i === packets.length - 1 ? failureComment(failure) : ''
    const bound = direction === 'in' ? 'inbound' : 'outbound'
    blocks.push(pcapngPacket(0, at, octets, 0, octets.length, { direction: bound, comment }))
  })
  return joined(blocks)
}

function failureComment({ what, expected, differences }: Failure): string {
  const lines = [`The script fails here: ${what}`]
  if (expected !== null) lines.push(`expected ${printPacket(expected)}`)
  for (const { field, expected: wanted, actual } of differences)
    lines.push(`${field}: expected ${wanted}, actual ${actual}`)
  return lines.join('\n')
}

/** A result as data. */
export function dataOf({ file, verdict, packets }: DrillResult): object {
  const { kind, notes, output, endUs } = verdict
  const place = verdict.kind === 'passed' ? {} : { line: verdict.place.line, column: verdict.place.column }
  const reason =
    verdict.kind === 'unsupported' || verdict.kind === 'invalid' ? { reason: verdict.reason } : {}
  const failure =
    verdict.kind === 'failed' || verdict.kind === 'unsupported'
      ? { source: verdict.source, failure: failureData(verdict.failure) }
      : {}
  return {
    file,
    verdict: kind,
    ...place,
    ...reason,
    ...failure,
    notes: notes.map((note) => ({ line: note.place.line, text: note.text })),
    output,
    endUs,
    packets: packets.length,
  }
}

function failureData(failure: Failure | null): object | null {
  if (failure === null) return null
  const { what, differences, expected, actual, at } = failure
  return {
    what,
    at,
    expected: expected === null ? null : printPacket(expected),
    actual: actual === null ? null : printPacket(actual),
    differences,
  }
}

function paint(text: string, color: string, how: Drawing): string {
  return how.color ? `\u001b[${color}m${text}\u001b[0m` : text
}
