/**
 * The house rules that a machine can hold. Each takes a file's path and text and says what is wrong, so that it can be
 * tried on samples as well as on the tree.
 */

import assert from 'node:assert/strict'
import { posix } from 'node:path'
import ts from 'typescript'

export const MAX_FILE_LINES = 400
export const MAX_FUNCTION_LINES = 70

/** Each folder of src/ stands on one floor and imports only lower ones; '' is src/index.ts. */
const FLOORS: Record<string, number> = {
  bytes: 0,
  svg: 0,
  wire: 1,
  storage: 2,
  recovery: 2,
  trace: 2,
  capture: 2,
  tcp: 3,
  dissect: 3,
  stack: 4,
  flows: 4,
  sim: 5,
  analyze: 5,
  filter: 5,
  print: 5,
  posix: 5,
  replay: 5,
  drill: 6,
  explore: 6,
  diagram: 6,
  graph: 6,
  lab: 6,
  link: 7,
  kernel: 8,
  net: 8,
  web: 8,
  cli: 9,
  page: 9,
  testnet: 9,
  '': 10,
}
const ABOVE_THE_WALL = new Set(['link', 'kernel', 'net', 'web', 'testnet', 'cli', 'page'])

/** Clocks, timers, output and everything of one host: arguments below the wall, never globals. */
const IMPURE = new Set(
  `Date performance console process Buffer crypto globalThis require fetch Promise queueMicrotask setTimeout
  setInterval setImmediate clearTimeout clearInterval clearImmediate`.split(/\s+/),
)

export interface File {
  /** From the root of the repository, with slashes. */
  readonly path: string
  readonly text: string
}
export type Rule = (file: File) => string[]

const parsed = new Map<string, ts.SourceFile>()

function parse({ path, text }: File): ts.SourceFile {
  const known = parsed.get(path)
  if (known !== undefined && known.text === text) return known
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
  parsed.set(path, source)
  return source
}

/** Calls `found` for each node of a file. */
function walk(node: ts.Node, found: (node: ts.Node) => void): void {
  found(node)
  ts.forEachChild(node, (child) => walk(child, found))
}

function lineOf(node: ts.Node): number {
  const source = node.getSourceFile()
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
}

/** The folder under src/, '' for src/index.ts, or null outside src/. */
function room(path: string): string | null {
  const [top, folder, ...rest] = path.split('/')
  if (top !== 'src' || folder === undefined) return null
  return rest.length === 0 ? '' : folder
}

export const shortFile: Rule = ({ path, text }) => {
  const lines = text.replace(/\n$/, '').split('\n').length
  return lines > MAX_FILE_LINES ? [`${path}: ${lines} lines`] : []
}

export const shortFunctions: Rule = (file) => {
  const wrong: string[] = []
  walk(parse(file), (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined || isGroup(node)) return
    const source = node.getSourceFile()
    const lines = source.getLineAndCharacterOfPosition(node.end).line + 2 - lineOf(node)
    if (lines <= MAX_FUNCTION_LINES) return
    wrong.push(`${file.path}:${lineOf(node)}: ${node.name?.getText() ?? 'a function'} has ${lines} lines`)
  })
  return wrong
}

/** describe() takes a function that is a list of tests; each of them counts by itself. */
function isGroup({ parent }: ts.Node): boolean {
  return ts.isCallExpression(parent) && /^(describe|suite)\b/.test(parent.expression.getText())
}

/** Imports by the `references` of the folder's tsconfig.json; below the wall of nothing else. */
export const importsDown =
  (references: ReadonlyMap<string, readonly string[]>): Rule =>
  ({ path, text }) => {
    const own = room(path)
    if (own === null) return []
    const wrong: string[] = []
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      if (!fileName.startsWith('.')) {
        if (!ABOVE_THE_WALL.has(own)) wrong.push(`${path}: imports ${fileName} below the wall`)
        continue
      }
      const target = room(posix.join(posix.dirname(path), fileName))
      if (target === own) continue
      if (target === null || !(references.get(own) ?? []).includes(target)) {
        wrong.push(`${path}: imports ${fileName}, which its tsconfig.json does not reference`)
      }
    }
    return wrong
  }

/** Each reference leads to a lower floor. */
export function referencesDown(references: ReadonlyMap<string, readonly string[]>): string[] {
  const wrong: string[] = []
  for (const [own, targets] of references) {
    const floor = FLOORS[own]
    if (floor === undefined) wrong.push(`src/${own} stands on no floor: give it one in test/tidy.test.ts`)
    for (const target of targets) {
      if (FLOORS[target] === undefined || floor === undefined) continue
      if (FLOORS[target] >= floor) wrong.push(`src/${own} references ${target}, which is no lower floor`)
    }
  }
  return wrong
}

export const pure: Rule = (file) => {
  const own = room(file.path)
  if (own === null || ABOVE_THE_WALL.has(own)) return []
  const wrong: string[] = []
  walk(parse(file), (node) => {
    if (node.kind === ts.SyntaxKind.AsyncKeyword || ts.isAwaitExpression(node)) {
      wrong.push(`${file.path}:${lineOf(node)}: async below the wall`)
    } else if (ts.isIdentifier(node) && !isMemberName(node) && IMPURE.has(node.text)) {
      wrong.push(`${file.path}:${lineOf(node)}: ${node.text} below the wall`)
    } else if (ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random') {
      wrong.push(`${file.path}:${lineOf(node)}: Math.random below the wall`)
    }
  })
  return wrong
}

/** `x.process`, `{ process: 1 }` and `process(): void` in a class name something of our own. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node
  const names = ts.isPropertyAssignment(parent) || ts.isClassElement(parent) || ts.isTypeElement(parent)
  return names && parent.name === node
}

export const goodNames: Rule = (file) => {
  const vague = /(manager|helper)s?$|^(utils?|types)$/i
  const wrong: string[] = []
  for (const part of file.path.replace(/(\.test)?\.ts$/, '').split('/')) {
    if (part.split('-').some((word) => vague.test(word))) wrong.push(`${file.path}: ${part} says nothing`)
  }
  walk(parse(file), (node) => {
    if (!ts.isIdentifier(node) || !/(Manager|Helper|Utils?)s?$|^(utils?|helpers?|manager)$/.test(node.text))
      return
    const { parent } = node
    if (!('name' in parent) || parent.name !== node || ts.isPropertyAccessExpression(parent)) return
    wrong.push(`${file.path}:${lineOf(node)}: ${node.text} says nothing`)
  })
  return wrong
}

export const nothingLeftToDo: Rule = ({ path, text }) => {
  const words = new RegExp(`\\b(${['TO', 'FIX'].map((a, i) => a + ['DO', 'ME'][i]).join('|')})\\b`)
  return text.split('\n').flatMap((line, i) => (words.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : []))
}

/** No `.only`, and no `.skip` or `skip: true` that keeps its reason to itself. */
export const everyTestRuns: Rule = (file) => {
  const wrong: string[] = []
  walk(parse(file), (node) => {
    if (ts.isPropertyAccessExpression(node) && ts.isCallExpression(node.parent)) {
      const called = /^(test|it|describe|suite|t)\.(only|skip|todo)$/.exec(node.getText())?.[2]
      const saysWhy = called === 'skip' && node.getText() === 't.skip' && node.parent.arguments.length > 0
      if (called !== undefined && node.parent.expression === node && !saysWhy) {
        wrong.push(`${file.path}:${lineOf(node)}: .${called} without a reason`)
      }
    } else if (ts.isPropertyAssignment(node) && /^(only|skip|todo)$/.test(node.name.getText())) {
      const isBare = node.initializer.kind === ts.SyntaxKind.TrueKeyword
      if (isBare && isTestOption(node)) wrong.push(`${file.path}:${lineOf(node)}: ${node.getText()}`)
    }
  })
  return wrong
}

function isTestOption({ parent: { parent } }: ts.PropertyAssignment): boolean {
  return ts.isCallExpression(parent) && /(^|\.)(test|it|describe|suite)$/.test(parent.expression.getText())
}

/** What fast-check tries follows from one seed: who has it from elsewhere tries something else each time. */
export const seededProperties: Rule = (file) => {
  if (file.path === 'test/property.ts') return []
  const wrong: string[] = []
  walk(parse(file), (node) => {
    if (!ts.isImportDeclaration(node) || node.importClause?.isTypeOnly) return
    if ((node.moduleSpecifier as ts.StringLiteral).text !== 'fast-check') return
    wrong.push(`${file.path}:${lineOf(node)}: import fc from test/property.ts, which gives it a seed`)
  })
  return wrong
}

/** Every field of Config is explained and has its default in DEFAULT_CONFIG. */
export const everyTunableExplained: Rule = (file) => {
  const fields = new Map<string, boolean>()
  const defaults = new Set<string>()
  walk(parse(file), (node) => {
    if (ts.isInterfaceDeclaration(node) && node.name.text === 'Config') {
      for (const member of node.members) {
        fields.set(member.name!.getText(), ts.getJSDocCommentsAndTags(member).length > 0)
      }
    } else if (ts.isVariableDeclaration(node) && node.name.getText() === 'DEFAULT_CONFIG') {
      walk(node, (inner) => {
        if (ts.isPropertyAssignment(inner)) defaults.add(inner.name.getText())
      })
    }
  })
  if (fields.size === 0) return [`${file.path}: no interface Config`]
  return [...fields].flatMap(([name, isExplained]) => [
    ...(isExplained ? [] : [`${name} has no doc comment`]),
    ...(defaults.has(name) ? [] : [`${name} has no default`]),
  ])
}

/** The words of trace/reasons.ts that no other file under src/ produces; a comparison or a type produces none. */
export function unusedReasons(reasons: File, others: readonly File[]): string[] {
  const words = new Map<string, string>()
  walk(parse(reasons), (node) => {
    if (!ts.isVariableDeclaration(node) || !/_REASONS$/.test(node.name.getText())) return
    walk(node, (inner) => {
      if (!ts.isPropertyAssignment(inner)) return
      const word = ts.isStringLiteral(inner.name) ? inner.name.text : inner.name.getText()
      words.set(word, `${node.name.getText()}: ${word}`)
    })
  })
  assert.ok(words.size > 0)
  for (const file of others) {
    walk(parse(file), (node) => {
      if (ts.isStringLiteral(node) && isProduced(node)) words.delete(node.text)
    })
  }
  return [...words.values()]
}

function isProduced(node: ts.StringLiteral): boolean {
  const { parent } = node
  if (ts.isLiteralTypeNode(parent) || ts.isCaseClause(parent)) return false
  if (ts.isPropertyAssignment(parent) && parent.initializer !== node) return false
  return !(ts.isBinaryExpression(parent) && /^[!=]==$/.test(parent.operatorToken.getText()))
}
