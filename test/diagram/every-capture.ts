/**
 * `npm run soak:diagrams`: every connection of every public capture as pictures, however many and however long. Prints
 * how many were drawn; what is wrong ends it with 1.
 */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FOLDER, manifest, octetsOf } from '../flows/wireshark-columns.ts'
import { capturedFlows, checkFlow } from './captured-flows.ts'

const LIMITS = { connections: Number.POSITIVE_INFINITY, packets: 100_000, whole: 5000 }

if (!existsSync(join(FOLDER, 'MANIFEST.tsv'))) {
  console.error(`no captures in ${FOLDER}: expected its MANIFEST.tsv (ELKO_CAPTURES names the folder)`)
  process.exit(2)
}
let [drawn, unfolded, packets] = [0, 0, 0]
const wrong: string[] = []
for (const row of manifest()) {
  for (const [stream, flow] of capturedFlows(octetsOf(row), LIMITS)) {
    drawn++
    packets += flow.packets
    try {
      if (checkFlow(`${row.id}, stream ${stream}`, flow, LIMITS)) unfolded++
    } catch (error) {
      wrong.push(String(error))
    }
  }
}
console.log(`${drawn} connections with ${packets} packets drawn, ${unfolded} of them unfolded and as text`)
for (const each of wrong) console.log(each.slice(0, 600))
process.exitCode = wrong.length === 0 ? 0 : 1
