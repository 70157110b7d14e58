/** Whole programs, as `node --import elko/register` runs them, and as Node alone does. */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { PLAIN } from '../environment.ts'
import { CERTIFICATE, KEY } from './certificate.ts'

const REGISTER = new URL('../../src/net/register.js', import.meta.url).href
/** Where programs and their sockets are; it goes with the test file. */
export const folder = mkdtempSync(join(tmpdir(), 'elko-register-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let programs = 0

export interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

export interface Running {
  readonly extension?: 'mjs' | 'cjs'
  readonly settings?: Record<string, string>
  /** Over node:net itself. */
  readonly plain?: boolean
}

/** Runs a program that ends by itself. `DIR` of its environment is a folder of its own. */
export async function run(
  program: string,
  { extension = 'mjs', settings = {}, plain = false }: Running = {},
): Promise<Ended> {
  const place = mkdtempSync(join(folder, 'p'))
  const file = join(place, `${++programs}.${extension}`)
  writeFileSync(file, program)
  const env = { ...PLAIN, KEY, CERTIFICATE, DIR: place, ...settings }
  const flags = plain ? [] : ['--import', REGISTER]
  const child = spawn(process.execPath, [...flags, file], { env, timeout: 300_000 })
  let output = ''
  let errors = ''
  child.stdout.on('data', (text) => (output += text))
  child.stderr.on('data', (text) => (errors += text))
  const [code] = await once(child, 'close')
  return { code, output, errors }
}

/** What a program prints that goes well. */
export async function printed(program: string, options?: Running): Promise<string> {
  const { code, output, errors } = await run(program, options)
  assert.equal(errors, '')
  assert.equal(code, 0)
  return output
}
