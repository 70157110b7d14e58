/** The mutants that are tried: what Stryker makes of samples, their names, and docs/mutation-survivors.json against the code. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Mutant {
  id: string
  file: string
  line: number
  name: string
  place: string
}

const root = new URL('../../../', import.meta.url)
const { filesOf, mutantsIn, mutantsOf } = await import(new URL('mutate/mutants.mjs', root).href)

async function namesOf(text: string): Promise<string[]> {
  const mutants: Mutant[] = await mutantsOf('src/tcp/sample.ts', text)
  return mutants.map(({ name }) => name).sort()
}

/** A statement in a function f, and the changes that are made to it besides emptying f. */
const SAMPLES: [statement: string, changes: string[]][] = [
  ['return a + b', ['ArithmeticOperator: a + b -> a - b']],
  ['return a % b', ['ArithmeticOperator: a % b -> a * b']],
  [
    'return a < b',
    [
      'ConditionalExpression: a < b -> false',
      'ConditionalExpression: a < b -> true',
      'EqualityOperator: a < b -> a <= b',
      'EqualityOperator: a < b -> a >= b',
    ],
  ],
  [
    'return a === b',
    [
      'ConditionalExpression: a === b -> false',
      'ConditionalExpression: a === b -> true',
      'EqualityOperator: a === b -> a !== b',
    ],
  ],
  [
    'return p && q',
    [
      'ConditionalExpression: p && q -> false',
      'ConditionalExpression: p && q -> true',
      'LogicalOperator: p && q -> p || q',
    ],
  ],
  ['return p ?? q', ['LogicalOperator: p ?? q -> p && q']],
  ['return true', ['BooleanLiteral: true -> false']],
  ['return !p', ['BooleanLiteral: !p -> p']],
  ['return -a', ['UnaryOperator: -a -> +a']],
  ['a++', ['UpdateOperator: a++ -> a--']],
  ['a += b', ['AssignmentOperator: a += b -> a -= b']],
  ['a <<= b', ['AssignmentOperator: a <<= b -> a >>= b']],
  ['return Math.min(a, b)', ['MethodExpression: Math.min(a, b) -> Math.max(a, b)']],
  ['if (p) g()', ['ConditionalExpression: p -> false', 'ConditionalExpression: p -> true']],
  ['return p?.q', ['OptionalChaining: p?.q -> p.q']],
  ['return [a]', ['ArrayDeclaration: [a] -> []']],
  ['return { a }', ['ObjectLiteral: { a } -> {}']],
  ["return 'a reason'", []],
]

for (const [statement, changes] of SAMPLES) {
  test(`mutants of: ${statement}`, async () => {
    const names = await namesOf(`function f() { ${statement} }`)
    const wanted = [`BlockStatement: { ${statement} } -> {}`, ...changes].map((change) => `f: ${change}`)
    assert.deepEqual(names, wanted.sort())
  })
}

test('a name says where: class and method, function, constant', async () => {
  const names = await namesOf(
    `class Ring { #at = -1; get free() { return 1 + 1 }; constructor() { this.#at = 2 - 1 } }\nconst LIMIT = 1 * 2\n`,
  )
  for (const name of [
    'Ring.#at: UnaryOperator: -1 -> +1',
    'Ring.free: ArithmeticOperator: 1 + 1 -> 1 - 1',
    'Ring.constructor: ArithmeticOperator: 2 - 1 -> 2 + 1',
    'LIMIT: ArithmeticOperator: 1 * 2 -> 1 / 2',
  ]) {
    assert.ok(names.includes(name), `${name} is not among\n${names.join('\n')}`)
  }
})

test('names and ids stay when lines are added before and around, and the same change twice is told apart', async () => {
  const text = 'function f() {\n  g(a + b)\n  g(a + b)\n}\n'
  const before: Mutant[] = await mutantsOf('src/tcp/sample.ts', text)
  const after: Mutant[] = await mutantsOf(
    'src/tcp/sample.ts',
    `// a line\n\n${text.replaceAll('\n', '\n\n')}`,
  )
  const known = ({ id, name }: Mutant) => `${id} ${name}`
  assert.deepEqual(after.map(known), before.map(known))
  assert.notDeepEqual(
    after.map(({ line }) => line),
    before.map(({ line }) => line),
  )
  assert.ok(before.some(({ name }) => name === 'f: ArithmeticOperator: a + b -> a - b (2)'))
  const elsewhere: Mutant[] = await mutantsOf('src/tcp/other.ts', text)
  assert.equal(new Set([...before, ...elsewhere].map(({ id }) => id)).size, 2 * before.length)
})

test('docs/mutation-survivors.json names mutants that the code has, each with a reason', async () => {
  const explained: Record<string, Record<string, string>> = JSON.parse(
    readFileSync(new URL('docs/mutation-survivors.json', root), 'utf8'),
  )
  const folder = fileURLToPath(root)
  const files: string[] = filesOf(folder)
  for (const [file, entries] of Object.entries(explained)) {
    assert.ok(files.includes(file), `${file} is no file of the rooms`)
    const names = new Set(((await mutantsIn(folder, file)) as Mutant[]).map(({ name }) => name))
    for (const [name, why] of Object.entries(entries)) {
      assert.ok(names.has(name), `stale: ${file} ${name}`)
      assert.ok(why.length >= 20, `${name}: ${why} explains nothing`)
    }
  }
})
