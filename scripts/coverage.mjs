#!/usr/bin/env node
/**
 * Which lines of code the fast tests run: `npm run coverage`. Prints a table of the rooms of src/, and every line of
 * tcp/, storage/ and recovery/ that no test runs. Exit 1 where one of these three is below 97 %, or a test fails.
 *
 *   node scripts/coverage.mjs                   builds nothing; runs dist/ with this Node
 *   node scripts/coverage.mjs --program NODE    the tests run under another Node (.ci/run)
 *   node scripts/coverage.mjs --report          without a run: once more what the last one found
 *
 * c8 collects what V8 counts and maps it to the sources. A line counts where it has code: not comments, not types, not
 * lines of brackets alone, which would make the share look better than it is.
 */

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OUT = join(ROOT, 'out/coverage')
/** Rooms of src/ that must be covered, and how much of them, per cent. */
const GATED = ['tcp', 'storage', 'recovery']
const LEAST_PERCENT = 97

function main() {
  const { values } = parseArgs({ options: { program: { type: 'string' }, report: { type: 'boolean' } } })
  const status = values.report ? 0 : runTests(values.program ?? process.execPath)
  const counts = JSON.parse(readFileSync(join(OUT, 'coverage-final.json'), 'utf8'))
  const rooms = roomsOf(sources(), counts)
  console.log(`\n${table(rooms)}`)
  const failures = belowGate(rooms)
  for (const failure of failures) console.log(`FAILED ${failure}`)
  process.exitCode = status !== 0 || failures.length > 0 ? 1 : 0
}

/** @returns the exit code of the tests. */
function runTests(program) {
  const c8 = join(ROOT, 'node_modules/c8/bin/c8.js')
  const what = [
    '--clean',
    '--reporter=json',
    '--include=src/**',
    '--exclude-after-remap',
    `--reports-dir=${OUT}`,
  ]
  const tests = [program, join(ROOT, 'scripts/run-tests.mjs'), '--fast']
  const { status } = spawnSync(process.execPath, [c8, ...what, ...tests], { cwd: ROOT, stdio: 'inherit' })
  return status ?? 1
}

/** The files of src/: {file: 'tcp/output.ts', text}. */
function sources() {
  const folder = join(ROOT, 'src')
  return readdirSync(folder, { recursive: true })
    .map((file) => String(file).split(sep).join('/'))
    .filter((file) => file.endsWith('.ts') && file.includes('/'))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }))
}

/**
 * @param counts what c8 found, by absolute file name, in istanbul's format: one statement for each line.
 * @returns by room: lines of code, those that ran, and `missed`: 'tcp/output.ts: 12, 40-44'.
 */
export function roomsOf(files, counts) {
  const found = new Map()
  for (const [name, { statementMap, s }] of Object.entries(counts)) {
    const file = relative(join(ROOT, 'src'), name).split(sep).join('/')
    const idle = Object.entries(statementMap).filter(([id]) => s[id] === 0)
    found.set(file, new Set(idle.map(([, { start }]) => start.line)))
  }
  const rooms = new Map()
  for (const { file, text } of files) {
    const room = file.split('/')[0]
    const lines = codeLines(text)
    const idle = found.get(file)
    const missed = lines.filter((line) => idle === undefined || idle.has(line))
    if (!rooms.has(room)) rooms.set(room, { room, lines: 0, ran: 0, missed: [] })
    const sum = rooms.get(room)
    sum.lines += lines.length
    sum.ran += lines.length - missed.length
    if (missed.length > 0) sum.missed.push(`${file}: ${ranges(missed)}`)
  }
  return [...rooms.values()].filter(({ lines }) => lines > 0)
}

/** Numbers of the lines, from 1 on, on which something begins that exists at run time. */
export function codeLines(text) {
  const source = ts.createSourceFile('a.ts', text, ts.ScriptTarget.ES2022, true)
  const lines = new Set()
  const visit = (node) => {
    if (isErased(node)) return
    const isLeaf = node.kind <= ts.SyntaxKind.LastToken || node.getChildCount(source) === 0
    const isPunctuation =
      node.kind >= ts.SyntaxKind.FirstPunctuation && node.kind <= ts.SyntaxKind.LastPunctuation
    if (!isLeaf) return node.getChildren(source).forEach(visit)
    if (isPunctuation || node.getWidth(source) === 0) return
    lines.add(source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1)
  }
  visit(source)
  return [...lines].sort((a, b) => a - b)
}

/** What leaves no trace in JavaScript, and imports, which every module that is loaded runs. */
function isErased(node) {
  return (
    ts.isTypeNode(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    ts.isJSDoc(node) ||
    (ts.isPropertyDeclaration(node) && node.initializer === undefined)
  )
}

/** `12, 40-44`. */
function ranges(lines) {
  const parts = []
  for (const line of lines) {
    const last = parts.at(-1)
    if (last !== undefined && last.to === line - 1) last.to = line
    else parts.push({ from: line, to: line })
  }
  return parts.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
}

const percent = ({ lines, ran }) => (100 * ran) / lines

export function table(rooms) {
  const rows = rooms.map(({ room, lines, ran, ...rest }) => {
    const gate = GATED.includes(room) ? `  at least ${LEAST_PERCENT}` : ''
    return `${room.padEnd(12)}${String(lines).padStart(7)}${String(ran).padStart(7)}${percent({
      lines,
      ran,
      ...rest,
    })
      .toFixed(2)
      .padStart(9)} %${gate}`
  })
  const missed = rooms.filter(({ room }) => GATED.includes(room)).flatMap((room) => room.missed)
  const head = `${'room'.padEnd(12)}${'lines'.padStart(7)}${'run'.padStart(7)}`
  const list =
    missed.length === 0 ? [] : ['', 'Lines that no fast test runs:', ...missed.map((line) => `  src/${line}`)]
  return [head, ...rows, ...list].join('\n')
}

/** A sentence for each room that is below the gate, or is missing. */
export function belowGate(rooms) {
  return GATED.flatMap((name) => {
    const room = rooms.find((one) => one.room === name)
    if (room === undefined) return [`coverage of src/${name}: it has no code`]
    if (percent(room) >= LEAST_PERCENT) return []
    return [
      `coverage of src/${name}: ${percent(room).toFixed(2)} % of its lines, at least ${LEAST_PERCENT} %`,
    ]
  })
}

if (realpathSync(process.argv[1] ?? '.') === fileURLToPath(import.meta.url)) main()
