/**
 * Stands in for `node:test` while mutants are tried: a test is noted instead of run, so that it can be run again for
 * each mutant without a new process. What the tests of the chosen folders use of node:test is here, and no more: a file
 * that wants another name fails to load, and says so.
 */

const REGISTER = Symbol.for('elko.mutate.register')

/** @returns {{ file: string, path: string[], tests: Test[] }} one per process, whoever imports this file. */
export function register() {
  globalThis[REGISTER] ??= { file: '', path: [], tests: [], ids: new Map() }
  return globalThis[REGISTER]
}

function test(name, ...rest) {
  const run = rest.find((one) => typeof one === 'function')
  const options = rest.find((one) => typeof one === 'object') ?? {}
  if (options.skip || run === undefined) return
  const { file, path, tests, ids } = register()
  const plain = [file, ...path, name].join(' > ')
  const nth = (ids.get(plain) ?? 0) + 1
  ids.set(plain, nth)
  tests.push({ id: nth === 1 ? plain : `${plain} (${nth})`, file, run })
}

function describe(name, ...rest) {
  const run = rest.find((one) => typeof one === 'function')
  const { path } = register()
  path.push(name)
  run()
  path.pop()
}

export { describe, describe as suite, test, test as it }
export default test

/** What a test gets as its argument. */
export const CONTEXT = {
  diagnostic() {},
  test() {
    throw new Error('mutate/node-test.mjs: tests inside of tests are not known here')
  },
  skip() {},
}
