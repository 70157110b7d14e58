/**
 * What scripts/conformance.mjs rests on: requirements, the comments of the code, the titles of the tests, the register.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import ts from 'typescript'

/** The headings of docs/deviations.md, and what a row under each makes of a requirement. */
const REGISTER = {
  Deviations: 'deviation',
  'Allowed and not done': 'not implemented',
  'Not built yet': 'not built yet',
  'Asked of applications': 'for applications',
}
/** What the judgement rests on. `code`: {file, owner, text}; `tests`: {file, title, text, skipped}: `text` is what counts. */
export function read(root) {
  const json = (name) => JSON.parse(readFileSync(join(root, 'docs', name), 'utf8'))
  const { requirements, sections } = json('requirements.json')
  const { documents } = json('requirements-other.json')
  const register = registerOf(readFileSync(join(root, 'docs/deviations.md'), 'utf8'))
  const each = (folder, ending, parse) =>
    filesUnder(root, folder, ending).flatMap((file) => parse(file, readFileSync(join(root, file), 'utf8')))
  const tests = [...each('test', '.ts', testsOf), ...each('test', '.pkt', scriptOf)]
  return { requirements, sections, documents, register, code: each('src', '.ts', commentsOf), tests }
}

function filesUnder(root, folder, ending) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((file) => `${folder}/${String(file).split(sep).join('/')}`)
    .filter((file) => file.endsWith(ending))
    .sort()
}

/** Requirement labels in a text; `SHLD-9..11` stands for three. */
export function labelsIn(text) {
  const labels = []
  for (const [, kind, first, last] of text.matchAll(/\b(MUST|SHLD|MAY|REC)-(\d+)(?:\.\.(\d+))?/g)) {
    for (let n = Number(first); n <= Number(last ?? first); n++) labels.push(`${kind}-${n}`)
  }
  return labels
}

const SECTION = String.raw`(?:\d{1,2}(?:\.\d{1,2})*|[A-Z](?:\.\d{1,2})+)(?![\w%]|\.\d)`
const RULE = '(?:[A-Z]?\\d{1,2}[a-z]?|[A-Za-z])'
const PLACE = `${SECTION}(?: \\(${RULE}(?:, ${RULE})*\\))?`
const CITATION = new RegExp(
  `\\bRFC (\\d+)(?: (${PLACE}(?:(?:, | and |, and )(?=\\d+\\.\\d)${PLACE})*))?`,
  'g',
)
const PLACES = new RegExp(`(${SECTION})(?: \\((${RULE}(?:, ${RULE})*)\\))?`, 'g')

/**
 * Citations such as `RFC 5961 3.2 (1)`, `RFC 6298 2.2, 2.3` or `RFC 7323 2.2 (a, f)`, one for each rule. section is ''
 * where only the document is named, rule '' where only a section is.
 */
export function citationsIn(text) {
  const citations = []
  for (const [, rfc, places] of text.matchAll(CITATION)) {
    if (places === undefined) citations.push({ rfc, section: '', rule: '' })
    for (const [, section, rules] of (places ?? '').matchAll(PLACES)) {
      for (const rule of (rules ?? '').split(', ')) citations.push({ rfc, section, rule })
    }
  }
  return citations
}

/** The comments of a file, each with the declaration that it belongs to ('' for the file itself). */
export function commentsOf(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
  const comments = new Map()
  const take = (ranges) => {
    for (const { pos, end } of ranges ?? []) {
      if (comments.has(pos)) continue
      comments.set(pos, { file, owner: ownerOf(source, pos, end), text: plain(text.slice(pos, end)) })
    }
  }
  const visit = (node) => {
    if (node.kind >= ts.SyntaxKind.FirstJSDocNode && node.kind <= ts.SyntaxKind.LastJSDocNode) return
    const children = node.getChildren(source)
    if (children.length > 0) return children.forEach(visit)
    take(ts.getLeadingCommentRanges(text, node.getFullStart()))
    take(ts.getTrailingCommentRanges(text, node.getEnd()))
  }
  visit(source)
  return [...comments.values()]
}

/** A comment's words, in one line. */
const plain = (comment) =>
  comment
    .replace(/^\/\*+|\*+\/$|^\/\//g, '')
    .replace(/^\s*\* ?/gm, '')
    .replace(/\s+/g, ' ')
    .trim()

/** `Class.method`, `Interface.field`, `function` or '' for the comment at pos. */
function ownerOf(source, pos, end) {
  const { text } = source
  const path = []
  let nodes = source.statements
  while (nodes !== undefined) {
    const at = nodes.findIndex((node) => pos < node.end)
    const previous = nodes[(at === -1 ? nodes.length : at) - 1]
    const trails = previous !== undefined && !text.slice(previous.end, pos).includes('\n')
    const node = trails ? previous : nodes[at]
    if (node === undefined) break
    const isAbove = !trails && end <= node.getStart(source)
    // A comment that an empty line parts from what follows speaks of the file.
    if (isAbove && path.length === 0 && /\n\s*\n/.test(text.slice(end, nextText(text, end)))) break
    const name = node.name ?? node.declarationList?.declarations[0]?.name
    if (name === undefined) break
    path.push(name.getText(source))
    if (trails || isAbove) break
    nodes = node.members ?? node.type?.members
  }
  return path.join('.')
}

const nextText = (text, from) => from + text.slice(from).search(/\S|$/)

const TEST_CALLS = new Set(['test', 'it', 'describe', 'suite'])

/** The tests and groups that a file declares; `…` stands for each part of a title that is computed. */
export function testsOf(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
  const tests = []
  const visit = (node) => {
    const call = ts.isCallExpression(node) ? calledTest(node) : null
    const title = call === null ? null : titleOf(node.arguments[0])
    if (title !== null) {
      tests.push({ file, title, text: title, skipped: call.isSkipped || node.arguments.some(alwaysSkips) })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return tests
}

/** For test(...), t.test(...), test.skip(...): whether it is skipped; null for any other call. */
function calledTest({ expression }) {
  let callee = expression
  let isSkipped = false
  if (ts.isPropertyAccessExpression(callee)) {
    const word = callee.name.text
    if (TEST_CALLS.has(word)) return { isSkipped }
    if (!['skip', 'todo', 'only'].includes(word)) return null
    isSkipped = word !== 'only'
    callee = callee.expression
  }
  return ts.isIdentifier(callee) && TEST_CALLS.has(callee.text) ? { isSkipped } : null
}

const alwaysSkips = (argument) =>
  ts.isObjectLiteralExpression(argument) &&
  argument.properties.some(
    (property) =>
      ts.isPropertyAssignment(property) &&
      ['skip', 'todo'].includes(property.name.getText()) &&
      (ts.isStringLiteralLike(property.initializer) ||
        property.initializer.kind === ts.SyntaxKind.TrueKeyword),
  )

/** A title as text, or null where all of it is computed. */
function titleOf(node) {
  const parts = node === undefined ? null : partsOf(node)
  if (parts === null || parts.every((part) => part === null)) return null
  return parts.map((part) => part ?? '…').join('')
}

function partsOf(node) {
  if (ts.isStringLiteralLike(node)) return [node.text]
  if (ts.isTemplateExpression(node)) {
    return [node.head.text, ...node.templateSpans.flatMap((span) => [null, span.literal.text])]
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return [...(partsOf(node.left) ?? [null]), ...(partsOf(node.right) ?? [null])]
  }
  return null
}

/**
 * A packetdrill script is one test: its title is the first sentence of its comments, and all that they say counts.
 */
export function scriptOf(file, text) {
  const comments = [...text.matchAll(/\/\/(.*)|\/\*([\s\S]*?)\*\/|^\s*#(?!!)(.*)/gm)]
  const said = comments.map(([, line, block, hash]) => plain(line ?? block ?? hash)).join(' ')
  const title = said.match(/^.*?\.(?= [A-Z(])|^.*/)?.[0] ?? ''
  return [{ file, title: title === '' ? file : title, text: said, skipped: false }]
}

/** The rows of docs/deviations.md: {kind, labels, citations, requirement, what, why, test, isPending}. */
export function registerOf(markdown) {
  const rows = []
  let heading = ''
  for (const line of markdown.split('\n')) {
    heading = line.match(/^## (.*)$/)?.[1].trim() ?? heading
    const kind = REGISTER[heading]
    if (kind === undefined || !line.startsWith('|') || /^\|\s*(Requirement\s*\||-)/.test(line)) continue
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'))
    const [, requirement = '', what = '', why = '', test = ''] = cells
    rows.push({
      kind,
      requirement,
      labels: labelsIn(requirement),
      citations: citationsIn(requirement),
      what,
      why,
      test: test.match(/`(.*)`/)?.[1] ?? '',
      isPending: /^pending\b/.test(test),
    })
  }
  return rows
}
