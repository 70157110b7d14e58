#!/usr/bin/env node
/**
 * Which requirement is met where: writes docs/conformance.md, and docs/conformance.json for `elko conformance`, from the
 * labels in the code and in the titles of tests.
 *
 *   node scripts/conformance.mjs            writes both
 *   node scripts/conformance.mjs --check    exit 1 where one is stale, where a requirement has no code or no test and
 *                                           does not stand in docs/deviations.md, or where a label names nothing
 *   node scripts/conformance.mjs --json     prints what docs/conformance.json holds
 *
 * Code counts by its comments (`// MUST-14`, `MUST-35, MUST-36`, `SHLD-9..11`, `RFC 5961 3.2 (1)`), tests by the titles
 * of test(), it() and describe() and by the comments of packetdrill scripts. A test that is always skipped does not
 * count. Links name files and declarations, never lines, so that a row goes stale only where it has become wrong.
 *
 * RFC 9293 has labels of its own (docs/requirements.json). The rules of the others (docs/requirements-other.json) are
 * named by section and, where a section has several, by a rule in parentheses: `RFC 7323 2.2 (f)`, `RFC 5961 3.2 (1, 2)`.
 */

import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { citationsIn, labelsIn, read } from './conformance-read.mjs'
import { data, OPEN, render, summary } from './conformance-render.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OUTPUTS = {
  'docs/conformance.md': render,
  'docs/conformance.json': (model) => `${JSON.stringify(data(model), null, 2)}\n`,
}

function main() {
  const { values } = parseArgs({ options: { check: { type: 'boolean' }, json: { type: 'boolean' } } })
  const model = evaluate(read(ROOT))
  if (values.json) return console.log(JSON.stringify(data(model), null, 2))
  const said = `RFC 9293: ${summary(model.rows)}\nThe others: ${summary(model.documents.flatMap(({ rows }) => rows))}`
  if (!values.check) {
    for (const [file, write] of Object.entries(OUTPUTS)) writeFileSync(join(ROOT, file), write(model))
    return console.log(said)
  }
  const found = problems(model)
  for (const [name, write] of Object.entries(OUTPUTS)) {
    const file = join(ROOT, name)
    const isStale = !existsSync(file) || readFileSync(file, 'utf8') !== write(model)
    if (isStale) found.unshift(`${name} is stale: run node scripts/conformance.mjs and commit it`)
  }
  for (const problem of found) console.log(problem)
  console.log(found.length === 0 ? said : `\n${found.length} to do`)
  process.exitCode = found.length === 0 ? 0 : 1
}

/** Joins requirements, code, tests and the register. `sections`: those that RFC 9293 has, or undefined. */
export function evaluate({ requirements, sections, documents = [], register, code, tests }) {
  const running = tests.filter((test) => !test.skipped)
  const rows = requirements.map((requirement) => {
    const has = ({ text }) => labelsIn(text).includes(requirement.id)
    return rowOf(requirement, has, { code, tests: running, register }, ({ labels }) =>
      labels.includes(requirement.id),
    )
  })
  const mentions = [
    ...code,
    ...tests,
    ...register.map(({ requirement }) => ({ file: 'docs/deviations.md', text: requirement })),
  ]
  const known = new Set(requirements.map(({ id }) => id))
  const unknown = mentions.flatMap(({ file, text }) => [
    ...labelsIn(text)
      .filter((label) => !known.has(label))
      .map((label) => `${file}: ${label} is no requirement of RFC 9293`),
    ...wrongCitations(text, documents, sections).map((wrong) => `${file}: ${wrong}`),
  ])
  const pins = register
    .filter(({ kind }) => kind === 'deviation')
    .map((row) => ({ ...row, exists: running.some(({ title }) => title === row.test) }))
  const found = documents.map((one) => documentOf(one, { code, tests: running, register }))
  return { rows, documents: found, unknown: [...new Set(unknown)], pins }
}

/** A requirement with what is found about it. */
function rowOf(requirement, has, { code, tests, register }, registered) {
  const row = {
    ...requirement,
    code: places(code.filter(has)),
    tests: tests.filter(has).map(({ file, title }) => ({ file, title })),
    register: register.filter(registered),
  }
  return { ...row, verdict: verdictOf(row) }
}

function verdictOf({ level, code, tests, register, notApplicable }) {
  if (notApplicable !== undefined) return 'not applicable'
  if (register.length > 0) return register[0].kind
  if (level === 'MAY' && code.length > 0) return 'implemented'
  if (code.length === 0) return tests.length > 0 ? 'no code' : 'not covered'
  return tests.length > 0 ? 'done' : 'no test'
}

/** Each file and declaration once. */
function places(comments) {
  const seen = new Map(comments.map(({ file, owner }) => [`${file} ${owner}`, { file, owner }]))
  return [...seen.values()]
}

/** One of the documents whose rules are named by section, with what is found about each rule. */
function documentOf({ requirements, ...document }, { code, tests, register }) {
  const rows = requirements.map((requirement) => {
    const [{ rfc, section, rule }] = citationsIn(requirement.id)
    const names = (text) =>
      citationsIn(text).some((one) => one.rfc === rfc && one.section === section && one.rule === rule)
    const has = ({ text }) => names(text)
    const row = { ...requirement, section, rule }
    return rowOf(row, has, { code, tests, register }, (entry) => names(entry.requirement))
  })
  const isRule = ({ section, rule }) => rows.some((row) => row.section === section && row.rule === rule)
  return { ...document, rows, general: generalCitations(document.rfc, isRule, { code, tests, register }) }
}

/** What cites a document or a section of it, and no rule. */
function generalCitations(rfc, isRule, { code, tests, register }) {
  const sections = new Map()
  const take = (text, add) => {
    for (const citation of citationsIn(text).filter((one) => one.rfc === rfc && !isRule(one))) {
      const { section } = citation
      if (!sections.has(section)) sections.set(section, { section, code: [], tests: [], register: [] })
      add(sections.get(section))
    }
  }
  for (const comment of code) take(comment.text, (row) => row.code.push(comment))
  for (const { file, title, text } of tests) take(text, (row) => row.tests.push({ file, title }))
  for (const entry of register) take(entry.requirement, (row) => row.register.push(entry))
  const rows = [...sections.values()].map((row) => ({ ...row, code: places(row.code) }))
  return rows.sort((a, b) => a.section.localeCompare(b.section, 'en', { numeric: true }))
}

/** Citations of sections and rules that do not exist. */
function wrongCitations(text, documents, sections) {
  const wrong = []
  for (const { rfc, section, rule } of citationsIn(text)) {
    const document = documents.find((one) => one.rfc === rfc)
    const all = rfc === '9293' ? sections : document?.sections
    if (all === undefined || section === '') continue
    const name = `RFC ${rfc} ${section}`
    if (!all.includes(section)) wrong.push(`${name} does not exist`)
    else if (rule !== '' && document !== undefined) {
      const id = `${name} (${rule})`
      if (!document.requirements.some((one) => one.id === id))
        wrong.push(`${id} names no rule of docs/requirements-other.json`)
    }
  }
  return wrong
}

/** What --check finds, one sentence each. A MAY that is coded needs no test; one that is not needs a word about it. */
export function problems({ rows, documents, pins, unknown }) {
  const found = [...unknown]
  const all = [
    ...rows.map((row) => ({ ...row, where: `${row.id} (RFC 9293 ${row.section})` })),
    ...documents.flatMap((one) => one.rows.map((row) => ({ ...row, where: row.id }))),
  ]
  for (const { id, where, level, verdict, code } of all) {
    if (level === 'MAY' && verdict === 'not implemented' && code.length > 0) {
      found.push(`${where} has code (${code[0].file}) and is 'not done' in docs/deviations.md: take one away`)
    }
    if (!OPEN.has(verdict)) continue
    const needs = []
    if (verdict !== 'no test') needs.push(`a comment // ${id} where src/ does it`)
    if (verdict !== 'no code' && level !== 'MAY') needs.push(`a test whose title names ${id}`)
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

export { data, render }

if (realpathSync(process.argv[1] ?? '.') === fileURLToPath(import.meta.url)) main()
