/** Runs the built command as its users do. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { PLAIN } from '../environment.ts'

export const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `elko ...args` in a folder of its own, without a terminal. */
export function elko(
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; main?: string } = {},
): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [options.main ?? MAIN, ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { ...PLAIN, ...options.env },
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  return { code: status, stdout, stderr }
}

/** Runs `elko ...args PIPE`, where PIPE is a name for what another program writes. */
export function elkoOfPipe(args: readonly string[], file: string, pipe: string): Outcome {
  const script = 'mkfifo "$1" && { cat "$2" > "$1" & } && pipe=$1 && shift 2 && exec "$@" "$pipe"'
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', script, 'sh', pipe, file, process.execPath, MAIN, ...args],
    { env: PLAIN, encoding: 'utf8' },
  )
  return { code: status, stdout, stderr }
}

/** A folder that goes away after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'elko-cli-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
