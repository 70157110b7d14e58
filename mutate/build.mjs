#!/usr/bin/env node
/**
 * Builds the tree in which it is started (Stryker's sandbox, mutants already switched in) into dist/, without types:
 * a mutant need not be well typed. Two texts are replaced on the way: `node:test` by the register of node-test.mjs, which
 * lets a test run any number of times in one process, and the head that Stryker puts on each file, which counts coverage all
 * the time, by one that counts only during the first run.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import ts from 'typescript'

const COMPILER_OPTIONS = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
}
/** The first line of the function in which Stryker counts, and what it becomes. */
const COUNTS = /function cover\(\) \{/
const COUNTS_WHEN_ASKED = 'function cover() { if (!ns.counting) return;'

export function compiled(text, depth) {
  const { outputText } = ts.transpileModule(text, { compilerOptions: COMPILER_OPTIONS })
  const register = `${'../'.repeat(depth)}mutate/node-test.mjs`
  return countingWhenAsked(outputText).replace(/from 'node:test'/g, `from '${register}'`)
}

function countingWhenAsked(text) {
  if (!text.includes('function stryNS_')) return text
  if (!COUNTS.test(text)) throw new Error('mutate/build.mjs: Stryker writes another head than it did')
  return text.replace(COUNTS, COUNTS_WHEN_ASKED)
}

function build(root) {
  for (const folder of ['src', 'test']) {
    for (const name of readdirSync(join(root, folder), { recursive: true })) {
      const path = `${folder}/${String(name).split(sep).join('/')}`
      if (!path.endsWith('.ts') || path.endsWith('.d.ts')) continue
      const target = join(root, 'dist', path.replace(/\.ts$/, '.js'))
      mkdirSync(dirname(target), { recursive: true })
      const depth = relative(root, target).split(sep).length - 1
      writeFileSync(target, compiled(readFileSync(join(root, path), 'utf8'), depth))
    }
  }
}

if (process.argv[1] === import.meta.filename) build(process.cwd())
