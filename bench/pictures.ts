/**
 * `npm run bench -- pictures`: how long `elko diagram` takes to make the page of a captured connection of 100,000 packets,
 * and how large the page is; the whole command, from the file to the file.
 */

import { execFileSync } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeCapture, writeBulk } from './capture-maker.ts'

const ELKO = fileURLToPath(new URL('../src/cli/main.js', import.meta.url))
/** Of 1448 octets, an acknowledgment for every second one: 100,000 packets. */
const OCTETS = 66_665 * 1448
const FORMS = ['html', 'svg'] as const

export function benchPictures(rounds: number): void {
  const folder = join(tmpdir(), 'elko-bench')
  mkdirSync(folder, { recursive: true })
  const capture = join(folder, 'hundred-thousand.pcap')
  makeCapture(capture, (sink) => writeBulk(sink, OCTETS))
  for (const form of FORMS) {
    const out = join(folder, `hundred-thousand.${form}`)
    const times = Array.from({ length: rounds }, () => {
      const began = performance.now()
      execFileSync(process.execPath, [ELKO, 'diagram', capture, '-o', out], { stdio: 'ignore' })
      return performance.now() - began
    }).sort((a, b) => a - b)
    const seconds = (times[rounds >> 1]! / 1000).toFixed(2)
    console.log(`100,000 packets to .${form}: ${seconds} s, ${statSync(out).size} octets`)
  }
}
