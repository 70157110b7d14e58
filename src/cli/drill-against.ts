/**
 * `elko drill --against tun`: each script is played to Elko in virtual time and to this host's kernel in real time. The
 * report is where the two differ.
 */

import type { DrillOptions, DrillResult } from '../drill/drill.ts'
import { drill } from '../drill/drill.ts'
import { drillKernel } from '../kernel/drill-kernel.ts'
import { counted } from '../trace/counted.ts'
import { EXIT_FINDINGS, EXIT_FINE, EXIT_INPUT, InputError } from './arguments.ts'
import { readScript } from './drill-files.ts'
import { dataOf, details, verdictLine } from './drill-report.ts'
import { type Drawing, print } from './output.ts'

/** Who does as the script has it. */
export type Agreement = 'both' | 'only elko' | 'only the kernel' | 'neither' | 'not played'

export interface Comparison {
  readonly file: string
  readonly agreement: Agreement
  readonly elko: DrillResult
  readonly kernel: DrillResult
}

/** A script that the kernel's run was too late for is played again: a busy host is no difference. */
const MOST_TRIES = 4

/** Plays the scripts to both, prints the differences. @returns the exit code. @throws InputError without privilege. */
export async function compareWithKernel(
  files: readonly string[],
  options: DrillOptions,
  how: Drawing,
  { json, verbose }: { readonly json: boolean; readonly verbose: boolean },
): Promise<number> {
  const comparisons: Comparison[] = []
  for (const [i, file] of files.entries()) {
    if (process.stderr.isTTY === true) process.stderr.write(`\r${i} of ${files.length} scripts`)
    const comparison = await compare(file, options)
    comparisons.push(comparison)
    if (!json) process.stdout.write(text(comparison, how, verbose))
  }
  if (process.stderr.isTTY === true) process.stderr.write('\r\u001b[K')
  if (json) print(JSON.stringify({ scripts: files.length, results: comparisons.map(data) }, null, 2))
  else process.stdout.write(summary(comparisons))
  if (comparisons.some(({ elko }) => elko.verdict.kind === 'invalid')) return EXIT_INPUT
  return comparisons.every(({ agreement }) => agreement === 'both') ? EXIT_FINE : EXIT_FINDINGS
}

async function compare(file: string, options: DrillOptions): Promise<Comparison> {
  const script = readScript(file)
  const elko = drill(script, file, options)
  let kernel = await kernelResult(script, file, options)
  for (let i = 1; i < MOST_TRIES && wasLate(kernel); i++) kernel = await kernelResult(script, file, options)
  return { file, agreement: agreementOf(elko, kernel), elko, kernel }
}

async function kernelResult(script: string, file: string, options: DrillOptions): Promise<DrillResult> {
  try {
    return await drillKernel(script, file, options)
  } catch (error) {
    throw new InputError((error as Error).message)
  }
}

/** The run, or the machine, was slow: an event came after its time, or a packet a moment late. */
function wasLate({ verdict }: DrillResult): boolean {
  if (verdict.kind !== 'failed') return false
  const { differences } = verdict.failure
  return differences.length > 0 && differences.every(({ field }) => field === 'time' || field === 'return')
}

function agreementOf(elko: DrillResult, kernel: DrillResult): Agreement {
  const kinds = [elko.verdict.kind, kernel.verdict.kind]
  if (kinds.some((kind) => kind === 'invalid' || kind === 'unsupported')) return 'not played'
  const [first, second] = kinds.map((kind) => kind === 'passed')
  if (first === second) return first ? 'both' : 'neither'
  return first ? 'only elko' : 'only the kernel'
}

// ---- the report

const WORDS: Readonly<Record<Agreement, string>> = {
  both: 'same       ',
  'only elko': 'KERNEL     ',
  'only the kernel': 'ELKO       ',
  neither: 'NEITHER    ',
  'not played': 'not played ',
}

function text({ file, agreement, elko, kernel }: Comparison, how: Drawing, verbose: boolean): string {
  if (agreement === 'both') return verbose ? `${WORDS.both} ${file}\n` : ''
  const lines = [`${WORDS[agreement]} ${file}\n`]
  for (const [name, result] of [['Elko', elko] as const, ['the kernel', kernel] as const]) {
    if (result.verdict.kind === 'passed') lines.push(`  ${name}: does as the script has it\n`)
    else lines.push(`  ${name}: ${verdictLine(result, how)}\n`, details(result, how))
  }
  return lines.join('')
}

function summary(comparisons: readonly Comparison[]): string {
  const count = (wanted: Agreement): number =>
    comparisons.filter(({ agreement }) => agreement === wanted).length
  const parts = [
    `${count('both')} the same`,
    `${count('only elko')} in which the kernel differs from the script`,
    `${count('only the kernel')} in which Elko does`,
    `${count('neither')} in which both do`,
    `${count('not played')} not played`,
  ]
  return `${counted(comparisons.length, 'script')}: ${parts.join(', ')}\n`
}

function data({ file, agreement, elko, kernel }: Comparison): object {
  return { file, agreement, elko: dataOf(elko), kernel: dataOf(kernel) }
}
