/** `elko conformance`: the requirements of each RFC, whether they are met, and where; from docs/conformance.json. */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { wrap } from '../diagram/canvas.ts'
import { EXIT_FINDINGS, EXIT_FINE, InputError, readArguments, UsageError } from './arguments.ts'
import { drawing, print } from './output.ts'

export const HELP = `Usage: elko conformance [options]

Prints what RFC 9293 and the RFCs around it ask of TCP, one requirement after
another: its label, its level (MUST, SHOULD, MAY; "rule" where the text has no
such word), and whether it is done, a deviation, left to applications, or not
built yet.

Options:
  --rfc N          only RFC N, such as 9293 or 7323
  --open           only what is not simply done, and why
  --where          with the code and the tests of each
  --width N        columns, 80 to 400 (default: the terminal's, or 100)
  --json           the same as data

Exit code 1 where a requirement has no code or no test and nothing says why.

Examples:
  elko conformance --open
  elko conformance --rfc 5961 --where
  elko conformance --json | jq '.documents[] | {document, summary}'
`

interface Requirement {
  readonly id: string
  readonly section: string
  readonly level: string
  readonly text: string
  readonly verdict: string
  /** What is done instead, and the reason; absent where it is simply done. */
  readonly why?: string
  readonly code: readonly string[]
  readonly tests: readonly string[]
}

interface Document {
  readonly document: string
  readonly title: string
  readonly summary: string
  readonly requirements: readonly Requirement[]
}

interface Table {
  readonly documents: readonly Document[]
}

/** Written by scripts/conformance.mjs, and part of the package. */
const TABLE = new URL('../../../docs/conformance.json', import.meta.url)
const SIMPLY_DONE = new Set(['done', 'implemented'])
const UNEXPLAINED = new Set(['no code', 'no test', 'not covered'])
const LABEL_COLUMNS = 10
const LEVEL_COLUMNS = 11
const VERDICT_COLUMNS = 17
const INDENT = 2

export async function run(argv: string[]): Promise<number> {
  const options = {
    rfc: { type: 'string' },
    open: { type: 'boolean' },
    where: { type: 'boolean' },
    width: { type: 'string' },
    json: { type: 'boolean' },
  } as const
  const { values } = readArguments(argv, options, 0)
  const { width } = drawing(values)
  const documents = choose(readTable().documents, values.rfc).map((one) => ({
    ...one,
    requirements: one.requirements.filter(({ verdict }) => !values.open || !SIMPLY_DONE.has(verdict)),
  }))
  if (values.json === true) print(JSON.stringify({ documents }, null, 2))
  else print(documents.map((one) => documentText(one, width, values.where === true)).join('\n'))
  const unexplained = documents.some((one) =>
    one.requirements.some(({ verdict }) => UNEXPLAINED.has(verdict)),
  )
  return unexplained ? EXIT_FINDINGS : EXIT_FINE
}

function readTable(): Table {
  try {
    return JSON.parse(readFileSync(TABLE, 'utf8')) as Table
  } catch (error) {
    throw new InputError(`cannot read ${fileURLToPath(TABLE)}: ${(error as Error).message}`)
  }
}

function choose(documents: readonly Document[], rfc: string | undefined): readonly Document[] {
  if (rfc === undefined) return documents
  const name = `RFC ${rfc.replace(/^rfc ?/i, '')}`
  const chosen = documents.filter(({ document }) => document === name)
  if (chosen.length > 0) return chosen
  const known = documents.map(({ document }) => document.slice(4)).join(', ')
  throw new UsageError(`--rfc: expected one of ${known}, not "${rfc}"`)
}

function documentText(
  { document, title, summary, requirements }: Document,
  width: number,
  where: boolean,
): string {
  const lines = [`${document}: ${title}`, ...wrap(`${summary}.`, width)]
  let section = ''
  for (const requirement of requirements) {
    if (requirement.section !== section) lines.push('', `Section ${requirement.section}`)
    section = requirement.section
    lines.push(...requirementLines(requirement, width, where))
  }
  return `${lines.join('\n')}\n`
}

function requirementLines(requirement: Requirement, width: number, where: boolean): string[] {
  const { level, text, verdict, why, code, tests } = requirement
  const head =
    labelOf(requirement).padEnd(LABEL_COLUMNS) + level.padEnd(LEVEL_COLUMNS) + verdict.padEnd(VERDICT_COLUMNS)
  const indent = ' '.repeat(INDENT + head.length)
  const room = width - indent.length
  const said = [...wrap(text, room), ...(why === undefined ? [] : wrap(`(${why})`, room))]
  const places = where ? [...code, ...tests].flatMap((place) => wrap(place, room)) : []
  const [first = '', ...rest] = [...said, ...places]
  return [`${' '.repeat(INDENT)}${head}${first}`, ...rest.map((line) => indent + line)]
}

/** `MUST-14`; of `RFC 7323 2.2 (f)` what the headings have not said: `(f)`, or the section where it has one rule. */
function labelOf({ id, section }: Requirement): string {
  const short = id.replace(/^RFC \d+ /, '')
  return short === id || short === section ? short : short.slice(section.length + 1)
}
