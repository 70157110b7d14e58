/** Opens an address in the browser that the system has for it. Where there is none, the address is printed already. */

import { spawn } from 'node:child_process'
import { platform } from 'node:process'

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}

export function openInBrowser(url: string): void {
  const [program, ...rest] = OPENERS[platform] ?? ['xdg-open']
  const child = spawn(program!, [...rest, url], { stdio: 'ignore', detached: true })
  child.on('error', () => process.stderr.write(`elko lab: no ${program} here: open ${url} yourself\n`))
  child.unref()
}
