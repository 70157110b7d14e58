#!/usr/bin/env node
/**
 * Which requirement is met where: writes docs/conformance.md from the labels in the code and in the titles of tests.
 *
 *   node scripts/conformance.mjs            writes docs/conformance.md
 *   node scripts/conformance.mjs --check    exit 1 where it is stale, or where a requirement has no code or no test and
 *                                           does not stand in docs/deviations.md
 *   node scripts/conformance.mjs --json     prints the same as JSON
 *
 * Code counts by its comments (`// MUST-14`, `MUST-35, MUST-36`, `SHLD-9..11`, `RFC 5961 3.2`), tests by the titles of
 * test(), it() and describe() and by the comments of packetdrill scripts. A test that is always skipped does not count.
 * Links name files and declarations, never lines, so that a row goes stale only where it has become wrong.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { citationsIn, labelsIn, read } from './conformance-read.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OUTPUT = 'docs/conformance.md'
const DOCUMENTS = {
  7323: 'TCP Extensions for High Performance',
  5961: "Improving TCP's Robustness to Blind In-Window Attacks",
  6298: "Computing TCP's Retransmission Timer",
  5681: 'TCP Congestion Control',
  6582: 'The NewReno Modification to Fast Recovery',
  6528: 'Defending against Sequence Number Attacks',
  6056: 'Recommendations for Transport-Protocol Port Randomization',
  5927: 'ICMP Attacks against TCP',
  1337: 'TIME-WAIT Assassination Hazards in TCP',
  6191: 'Reducing the TIME-WAIT State Using TCP Timestamps',
}
const VERDICTS = [
  'done',
  'implemented',
  'deviation',
  'for applications',
  'not implemented',
  'no code',
  'no test',
  'not covered',
]
const OPEN = new Set(['no code', 'no test', 'not covered'])

function main() {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, json: { type: 'boolean' } } })
  const model = evaluate(read(ROOT))
  const text = render(model)
  const file = join(ROOT, OUTPUT)
  if (values.json) return console.log(JSON.stringify(model, null, 2))
  if (!values.check) {
    writeFileSync(file, text)
    return console.log(`${OUTPUT}: ${summary(model)}`)
  }
  const found = problems(model)
  const isStale = !existsSync(file) || readFileSync(file, 'utf8') !== text
  if (isStale) found.unshift(`${OUTPUT} is stale: run node scripts/conformance.mjs and commit it`)
  for (const problem of found) console.log(problem)
  console.log(found.length === 0 ? `Conformance: ${summary(model)}` : `\n${found.length} to do`)
  process.exitCode = found.length === 0 ? 0 : 1
}

/** Joins requirements, code, tests and the register. */
export function evaluate({ requirements, register, code, tests }) {
  const running = tests.filter((test) => !test.skipped)
  const rows = requirements.map((requirement) => {
    const has = ({ text, title }) => labelsIn(text ?? title).includes(requirement.id)
    const row = {
      ...requirement,
      kind: requirement.id.split('-')[0],
      code: places(code.filter(has)),
      tests: running.filter(has).map(({ file, title }) => ({ file, title })),
      register: register.filter(({ labels }) => labels.includes(requirement.id)),
    }
    return { ...row, verdict: verdictOf(row) }
  })
  const known = new Set(requirements.map(({ id }) => id))
  const mentions = [
    ...code.map(({ file, text }) => ({ file, text })),
    ...tests.map(({ file, title }) => ({ file, text: title })),
    ...register.map(({ requirement }) => ({ file: 'docs/deviations.md', text: requirement })),
  ]
  const unknown = mentions.flatMap(({ file, text }) =>
    labelsIn(text)
      .filter((label) => !known.has(label))
      .map((label) => ({ file, label })),
  )
  const pins = register
    .filter(({ kind }) => kind === 'deviation')
    .map((row) => ({ ...row, exists: running.some(({ title }) => title === row.test) }))
  return { rows, documents: documentsOf(code, running, register), unknown, pins, counts: countsOf(rows) }
}

function verdictOf({ kind, code, tests, register }) {
  if (register.length > 0) return register[0].kind
  if (kind === 'MAY' && code.length > 0) return 'implemented'
  if (code.length === 0) return tests.length > 0 ? 'no code' : 'not covered'
  return tests.length > 0 ? 'done' : 'no test'
}

/** Each file and declaration once. */
function places(comments) {
  const seen = new Map(comments.map(({ file, owner }) => [`${file} ${owner}`, { file, owner }]))
  return [...seen.values()]
}

function documentsOf(code, tests, register) {
  return Object.entries(DOCUMENTS).map(([rfc, title]) => {
    const sections = new Map()
    const take = (text, add) => {
      for (const citation of citationsIn(text).filter((one) => one.rfc === rfc)) {
        const { section } = citation
        if (!sections.has(section)) sections.set(section, { section, code: [], tests: [], register: [] })
        add(sections.get(section))
      }
    }
    for (const comment of code) take(comment.text, (row) => row.code.push(comment))
    for (const { file, title: name } of tests) take(name, (row) => row.tests.push({ file, title: name }))
    for (const entry of register) take(entry.requirement, (row) => row.register.push(entry))
    const rows = [...sections.values()].map((row) => ({ ...row, code: places(row.code) }))
    return { rfc, title, rows: rows.sort((a, b) => compareSections(a.section, b.section)) }
  })
}

const compareSections = (a, b) => a.localeCompare(b, 'en', { numeric: true })

function countsOf(rows) {
  const counts = {}
  for (const { kind, verdict } of rows) {
    counts[kind] ??= Object.fromEntries(VERDICTS.map((name) => [name, 0]))
    counts[kind][verdict]++
  }
  return counts
}

/** What --check finds, one sentence each. A MAY that is coded needs no test; one that is not needs a word about it. */
export function problems({ rows, pins, unknown }) {
  const found = unknown.map(({ file, label }) => `${file}: ${label} is no requirement of RFC 9293`)
  for (const { id, kind, section, verdict, code } of rows) {
    const where = `${id} (RFC 9293 ${section})`
    if (kind === 'MAY' && verdict === 'not implemented' && code.length > 0) {
      found.push(`${where} has code (${code[0].file}) and is 'not done' in docs/deviations.md: take one away`)
    }
    if (!OPEN.has(verdict)) continue
    const needs = []
    if (verdict !== 'no test') needs.push(`a comment // ${id} where src/ does it`)
    if (verdict !== 'no code' && kind !== 'MAY') needs.push(`a test whose title names ${id}`)
    found.push(`${where} lacks ${needs.join(' and ')}; or else a row in docs/deviations.md`)
  }
  for (const { requirement, test, isPending, exists } of pins) {
    const row = `docs/deviations.md, ${requirement}`
    if (test === '') found.push(`${row}: names no test; write its title between backticks`)
    else if (isPending && exists) found.push(`${row}: the test exists now; take 'pending' away`)
    else if (!exists) found.push(`${row}: no test has the title \`${test}\`${isPending ? ' (pending)' : ''}`)
  }
  return found
}

const sum = (model, ...verdicts) => model.rows.filter(({ verdict }) => verdicts.includes(verdict)).length

function summary(model) {
  const options = model.rows.filter(({ kind }) => kind === 'MAY').length
  const required = model.rows.length - options
  return (
    `${sum(model, 'done')} of ${required} requirements done, ${sum(model, 'deviation')} deviations, ` +
    `${sum(model, 'for applications')} for applications, ${sum(model, ...OPEN)} open; ` +
    `${sum(model, 'implemented')} of ${options} options implemented`
  )
}

/** docs/conformance.md. */
export function render(model) {
  const shown = VERDICTS.filter((verdict) => sum(model, verdict) > 0)
  const lines = [
    '<!-- biome-ignore-all format: written by scripts/conformance.mjs -->',
    '',
    '# Conformance',
    '',
    'Written by `node scripts/conformance.mjs` from the labels in `src/` and in the titles of the tests; do not edit.',
    'What departs from the text on purpose stands in [deviations.md](deviations.md).',
    '',
    `${summary(model)}.`,
    '',
    `| | ${shown.join(' | ')} |`,
    `|---|${shown.map(() => '---|').join('')}`,
    ...Object.entries(model.counts).map(
      ([kind, counts]) => `| ${kind} | ${shown.map((verdict) => counts[verdict]).join(' | ')} |`,
    ),
    '',
    '## RFC 9293, by section',
  ]
  for (const section of new Set(model.rows.map((row) => row.section))) {
    lines.push('', `### ${section}`, '', '| Label | Level | Requirement | Verdict | Code | Tests |')
    lines.push('|---|---|---|---|---|---|')
    for (const row of model.rows.filter((one) => one.section === section)) lines.push(requirementRow(row))
  }
  lines.push('', '## Other documents, by section cited', '')
  lines.push(
    'What is cited in the code and in the titles of tests. That every section is covered is not checked yet.',
  )
  for (const { rfc, title, rows } of model.documents) {
    lines.push('', `### RFC ${rfc}: ${title}`, '')
    if (rows.length === 0) lines.push('Not cited yet.')
    else lines.push('| Section | Code | Tests | Register |', '|---|---|---|---|', ...rows.map(citationRow))
  }
  return `${lines.join('\n')}\n`
}

const cells = (...values) => `| ${values.map((value) => value.replaceAll('|', '\\|')).join(' | ')} |`
const codeCell = (code) =>
  code
    .map(({ file, owner }) => `[${file.replace(/^src\//, '')}](../${file})${owner && ` \`${owner}\``}`)
    .join('<br>')
const testCell = (tests) =>
  tests.map(({ file, title }) => `[${file.replace(/^test\//, '')}](../${file}): ${title}`).join('<br>')

function requirementRow({ id, level, text, verdict, code, tests, register, note }) {
  const remarks = [text, ...(note === undefined ? [] : [`*${note}*`])]
  const verdicts = [OPEN.has(verdict) ? `**${verdict}**` : verdict, ...register.map(({ what }) => what)]
  return cells(id, level, remarks.join(' '), verdicts.join(': '), codeCell(code), testCell(tests))
}

function citationRow({ section, code, tests, register }) {
  const departures = register.map(({ kind, what }) => `${kind}: ${what}`).join('<br>')
  return cells(section === '' ? '(no section)' : section, codeCell(code), testCell(tests), departures)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
