/**
 * The mutants of a file, as Stryker's instrumenter makes them, each with a name that does not depend on where in the file
 * it stands: the function, the mutator, the text and what takes its place. docs/mutation-survivors.json uses these names.
 */

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { commonTokens } from '@stryker-mutator/api/plugin'
import { createInstrumenter } from '@stryker-mutator/instrumenter'
import { createInjector } from 'typed-inject'
import ts from 'typescript'

export const ROOMS = ['storage', 'recovery', 'tcp']
/**
 * Not mutated: the strings of these rooms are words of a union, to which the compiler holds them, or sentences of an error
 * that no program reads.
 */
export const EXCLUDED_MUTATIONS = ['StringLiteral']
const LONGEST_TEXT = 120

const QUIET = new Proxy({}, { get: (_, name) => (String(name).startsWith('is') ? () => false : () => {}) })
const instrumenter = createInjector()
  .provideValue(commonTokens.logger, QUIET)
  .injectFunction(createInstrumenter)

/** Files of the rooms from the root on, with slashes, sorted. */
export function filesOf(root, rooms = ROOMS) {
  const existing = rooms.filter((room) => existsSync(join(root, 'src', room)))
  return existing.flatMap((room) =>
    readdirSync(join(root, 'src', room), { recursive: true })
      .map((name) => `src/${room}/${String(name).split(sep).join('/')}`)
      .filter((file) => file.endsWith('.ts'))
      .sort(),
  )
}

export const mutantsIn = (root, file) => mutantsOf(file, readFileSync(join(root, file), 'utf8'))

/** @returns {Promise<Mutant[]>} `place` is what --mutate of Stryker takes: line:column-line:column, from 1 and from 0. */
export async function mutantsOf(file, text) {
  const options = { excludedMutations: EXCLUDED_MUTATIONS, plugins: null, ignorers: [], mutationRanges: [] }
  const { mutants } = await instrumenter.instrument([{ name: file, content: text, mutate: true }], options)
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true)
  const seen = new Map()
  return mutants
    .filter(({ status }) => status !== 'Ignored')
    .map((mutant) => {
      const { start, end } = mutant.location
      const [from, to] = [start, end].map(({ line, column }) =>
        source.getPositionOfLineAndCharacter(line, column),
      )
      const original = short(text.slice(from, to))
      const replacement = short(mutant.replacement)
      const plain = `${ownerOf(source, from)}: ${mutant.mutatorName}: ${original} -> ${replacement}`
      const nth = (seen.get(plain) ?? 0) + 1
      seen.set(plain, nth)
      const name = nth === 1 ? plain : `${plain} (${nth})`
      const place = `${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`
      return { id: idOf(file, name), file, line: start.line + 1, name, place, key: keyOf(mutant) }
    })
}

/** The same for a mutant of the list and for the same mutant in a result of Stryker, within one file. */
export function keyOf({ location: { start, end }, mutatorName, replacement }) {
  return [start.line, start.column, end.line, end.column, mutatorName, replacement].join(' ')
}

export function idOf(file, name) {
  return createHash('sha256').update(`${file} ${name}`).digest('hex').slice(0, 8)
}

function short(text) {
  const words = text.replace(/\s+/g, ' ').trim()
  return words.length <= LONGEST_TEXT ? words : `${words.slice(0, LONGEST_TEXT - 3)}...`
}

/** The innermost function, method or top-level name around a position: `Assembler.add`, `brokenSend`. */
function ownerOf(source, position) {
  const names = []
  const visit = (node) => {
    if (position < node.getStart(source) || position >= node.end) return
    const isOwner =
      ts.isClassDeclaration(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassElement(node) ||
      isTopConstant(node)
    if (isOwner)
      names.push(ts.isConstructorDeclaration(node) ? 'constructor' : (node.name?.getText(source) ?? '?'))
    ts.forEachChild(node, visit)
  }
  visit(source)
  return names.join('.') || '(file)'
}

const isTopConstant = (node) => ts.isVariableDeclaration(node) && ts.isSourceFile(node.parent.parent.parent)
