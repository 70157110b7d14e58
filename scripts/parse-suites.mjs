#!/usr/bin/env node
/**
 * Parses every packetdrill script under the folders, with its Python, and prints what became of them.
 *
 *   node scripts/parse-suites.mjs [--define=NAME=VALUE ...] [--platform=freebsd] [--list] FOLDER...
 *
 * Exit 1 where one of them is no script (a syntax error), or where printing one and parsing it again gives another.
 */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { RUNNER_DEFINITIONS } from '../dist/src/drill/definitions.js'
import { parseScript } from '../dist/src/drill/parse-script.js'
import { printScript } from '../dist/src/drill/print.js'
import { parsePython } from '../dist/src/drill/python-parser.js'
import { ScriptError } from '../dist/src/drill/source-errors.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    define: { type: 'string', multiple: true, default: [] },
    platform: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})
const given = Object.fromEntries(
  values.define.map((text) => [text.split('=', 1)[0], text.slice(text.indexOf('=') + 1)]),
)
const defines = { ...RUNNER_DEFINITIONS.ipv4, ...given }
const options = { defines, ...(values.platform === undefined ? {} : { platform: values.platform }) }

let failed = false
for (const folder of positionals) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.pkt'))
  const counts = { parsed: 0, unsupported: 0, syntax: 0, unstable: 0 }
  const reasons = new Map()
  for (const name of files.sort()) {
    const file = join(folder, name)
    try {
      const { script } = parseScript(readFileSync(file, 'utf8'), file, options)
      for (const { action } of script.events) {
        if (action.kind === 'code') parsePython(action.text, action.place)
      }
      const again = parseScript(printScript(script), file, { ...options, defines: {} })
      const isStable = isDeepStrictEqual(withoutPlaces(again.script), withoutPlaces(script))
      counts[isStable ? 'parsed' : 'unstable']++
      if (!isStable) console.log(`${file}: prints as another script`)
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error
      counts[error.kind]++
      reasons.set(error.reason, (reasons.get(error.reason) ?? 0) + 1)
      if (values.list || error.kind === 'syntax') console.log(error.message)
    }
  }
  console.log(`${folder}: ${files.length} scripts`, counts)
  for (const [reason, count] of [...reasons].sort((a, b) => b[1] - a[1])) console.log(`  ${count} ${reason}`)
  failed ||= counts.syntax + counts.unstable > 0
}
process.exitCode = failed ? 1 : 0

function withoutPlaces(value) {
  return JSON.parse(
    JSON.stringify(value, (key, inner) => (key === 'place' || key === 'source' ? undefined : inner)),
  )
}
