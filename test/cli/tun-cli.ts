/** Runs `elko listen` and `elko connect` as programs, in a network namespace of their own. */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { PLAIN } from '../environment.ts'
import type { Namespace } from '../kernel/netns.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

export interface Running {
  readonly child: ChildProcess
  /** What it has printed so far. */
  stdout: Buffer
  stderr: string
  /** Resolves with its exit code. */
  readonly ended: Promise<number | null>
}

/** Starts `elko ARGS`; its standard input is a pipe. */
export function startElko(ns: Namespace, ...args: string[]): Running {
  const child = ns.spawn(process.execPath, [MAIN, ...args], { env: { ...PLAIN, NO_COLOR: '1' } })
  const running = {
    child,
    stdout: Buffer.alloc(0),
    stderr: '',
    ended: once(child, 'close').then(([code]) => code as number | null),
  }
  child.stdin!.on('error', () => {})
  child.stdout!.on('data', (chunk: Buffer) => {
    running.stdout = Buffer.concat([running.stdout, chunk])
  })
  child.stderr!.on('data', (chunk: Buffer) => {
    running.stderr += chunk
  })
  return running
}

/** Waits until it has printed so on standard error. */
export async function untilSaid(running: Running, pattern: RegExp): Promise<void> {
  while (!pattern.test(running.stderr)) {
    if (running.child.exitCode !== null) throw new Error(`ended before it said ${pattern}: ${running.stderr}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Runs `elko ARGS` to its end, with `input` as its standard input. */
export async function runElko(
  ns: Namespace,
  args: readonly string[],
  input: string | Uint8Array = '',
): Promise<{ code: number | null; stdout: Buffer; stderr: string }> {
  const running = startElko(ns, ...args)
  running.child.stdin!.end(input)
  const code = await running.ended
  return { code, stdout: running.stdout, stderr: running.stderr }
}

/** The JSON summary among what was said. */
export function summaryIn<T>(stderr: string): T {
  const line = stderr.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`no summary in: ${stderr}`)
  return JSON.parse(line) as T
}
