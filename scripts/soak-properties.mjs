#!/usr/bin/env node
/**
 * The property tests with seeds that npm test does not try: each file of test/ that uses test/property.ts, again and
 * again, each time with the next seed.
 *
 *   npm run soak:properties -- --minutes 10           ten minutes of seeds that nobody has tried yet
 *   npm run soak:properties -- --rounds 5 --from 1    the seeds 1 to 5
 *   npm run soak:properties -- storage tcp/options    files whose path holds one of these words
 *
 * A failure is told with the seed, and how to have it again. Exit 0: all held; 1: a test failed; 2: it was called wrongly.
 */

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** What test/property.ts takes. */
const MOST_SEED = 999_999_999
const USAGE = 'npm run soak:properties -- [--minutes N] [--rounds N] [--from SEED] [WORD ...]'

function main() {
  const { minutes, rounds, from, words } = readArguments()
  const files = propertyFiles(words)
  if (files.length === 0) return refuse(`no property test has a path with ${words.join(' or ')} in it`)
  const until = Date.now() + minutes * 60_000
  const failures = []
  let done = 0
  for (; done < rounds && Date.now() < until; done++) {
    const seed = (from + done) % (MOST_SEED + 1)
    for (const file of files) {
      const output = failureOf(file, seed)
      if (output === null) continue
      const again = `ELKO_PROPERTY_SEED=${seed} node --test dist/test/${file}`
      failures.push(again)
      console.log(`\nFAILED ${file}, seed ${seed}\n${output}\n  again: ${again}`)
    }
    console.log(`seed ${seed}: ${files.length} files, ${failures.length} failures so far`)
  }
  console.log(`${done} seeds, ${failures.length} failures`)
  process.exitCode = failures.length > 0 ? 1 : 0
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        minutes: { type: 'string', default: 'Infinity' },
        rounds: { type: 'string', default: 'Infinity' },
        from: { type: 'string', default: String(Math.floor(Date.now() / 1000) % MOST_SEED) },
      },
    })
    const number = (name, high) => {
      const value = Number(values[name])
      if (values[name] !== '' && value >= 0 && value <= high) return value
      throw new Error(`--${name} takes a number from 0 to ${high}, not '${values[name]}'`)
    }
    return {
      minutes: number('minutes', Infinity),
      rounds: number('rounds', Infinity),
      from: Math.floor(number('from', MOST_SEED)),
      words: positionals,
    }
  } catch (error) {
    return refuse(error.message)
  }
}

function refuse(message) {
  console.error(`${message}\n\n${USAGE}`)
  process.exit(2)
}

/** Compiled, relative to dist/test. */
function propertyFiles(words) {
  return readdirSync(join(ROOT, 'test'), { recursive: true })
    .map((file) => String(file).split(sep).join('/'))
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .filter((file) => readFileSync(join(ROOT, 'test', file), 'utf8').includes("from '../property.ts'"))
    .map((file) => file.replace(/\.ts$/, '.js'))
    .sort()
}

/** What a file printed where it failed, or null. */
function failureOf(file, seed) {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const env = { ...inherited, ELKO_PROPERTY_SEED: String(seed) }
  const path = join(ROOT, 'dist/test', file)
  const { status, stdout, stderr } = spawnSync(process.execPath, [path], { cwd: ROOT, env, encoding: 'utf8' })
  return status === 0 ? null : `${stdout}${stderr}`
}

main()
