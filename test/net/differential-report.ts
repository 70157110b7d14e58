/** A program on which the nets disagreed, and what both said, side by side. */

import { isDeepStrictEqual } from 'node:util'
import type { Difference } from './differential-run.ts'

/** Columns of one net. */
const WIDTH = 76

/** @param program with its steps last; each is a line. */
export function report(program: { readonly steps: readonly unknown[] }, difference: Difference): string {
  const { steps, ...options } = program
  const { step, elko, node } = difference
  return [
    JSON.stringify(options),
    ...steps.map((each, i) => `${i === step ? '>' : ' '} step ${i}: ${JSON.stringify(each)}`),
    `they disagree after step ${step}${step < steps.length ? '' : ', when all ends are closed one by one'}`,
    ...differences('', elko, node),
  ].join('\n')
}

/** Lists of words are shown whole, of all else what differs. */
function differences(path: string, elko: unknown, node: unknown): string[] {
  if (isDeepStrictEqual(elko, node)) return []
  if (isLog(elko) || isLog(node)) {
    return sideBySide(path, isLog(elko) ? elko : [], isLog(node) ? node : [])
  }
  if (!isRecord(elko) || !isRecord(node)) return [`${path}: elko/net ${show(elko)}, node:net ${show(node)}`]
  const names = [...new Set([...Object.keys(elko), ...Object.keys(node)])]
  return names.flatMap((name) => differences(path === '' ? name : `${path}: ${name}`, elko[name], node[name]))
}

function sideBySide(path: string, elko: readonly string[], node: readonly string[]): string[] {
  const rows = Array.from({ length: Math.max(elko.length, node.length) }, (_, i) => {
    const mark = elko[i] === node[i] ? ' ' : '*'
    return `  ${mark} ${cut(elko[i]).padEnd(WIDTH)} ${cut(node[i])}`.trimEnd()
  })
  return [`${path}`, `    ${'elko/net'.padEnd(WIDTH)} node:net`, ...rows]
}

function cut(line = ''): string {
  const shown = JSON.stringify(line).slice(1, -1)
  return shown.length <= WIDTH ? shown : `${shown.slice(0, WIDTH - 12)}... ${line.length}`
}

const show = (value: unknown): string => JSON.stringify(value) ?? String(value)
const isLog = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string')
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
