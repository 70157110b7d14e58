/** Which packets of a capture tcpdump selects, and which Elko does. */

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { CaptureFilter } from '../../src/filter/capture-filter.ts'
import { FilterError } from '../../src/filter/filter-error.ts'

export const hasTcpdump = spawnSync('tcpdump', ['--version']).status === 0

/** Packets in their order, as text, or what was said instead. */
export type Selection = readonly string[] | { readonly error: string }

function packetsOf(file: Uint8Array, wanted: (number: number) => boolean): string[] {
  const packets: string[] = []
  const reader = new CaptureReader((record) => {
    if (!wanted(record.number)) return
    const { bytes, start, length, originalLength } = record
    const octets = Buffer.from(bytes.subarray(start, start + length))
    packets.push(`${originalLength} ${octets.toString('base64')}`)
  })
  reader.readWhole(file)
  return packets
}

export function tcpdumpSelects(path: string, expression: string): Selection {
  const { stdout, stderr, status } = spawnSync('tcpdump', ['-r', path, '-w', '-', '--', expression], {
    maxBuffer: 1 << 30,
  })
  // A file that is cut is told when all before it is written.
  if (stdout.length >= 24) return packetsOf(stdout, () => true)
  if (/rejects all packets/.test(stderr.toString())) return []
  return { error: `${status}: ${stderr.toString().trim().split('\n').at(-1)}` }
}

export function elkoSelects(file: Uint8Array, expression: string): Selection {
  try {
    const filter = new CaptureFilter(expression)
    const numbers = new Set<number>()
    const reader = new CaptureReader((record) => {
      if (filter.matches(record)) numbers.add(record.number)
    })
    reader.readWhole(file)
    return packetsOf(file, (number) => numbers.has(number))
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    return { error: error.message }
  }
}

export function fileOf(path: string): Uint8Array {
  const octets = readFileSync(path)
  return octets[0] === 0x1f && octets[1] === 0x8b ? gunzipSync(octets) : octets
}

/** What differs; null: nothing does. */
export function difference(path: string, file: Uint8Array, expression: string): string | null {
  const theirs = tcpdumpSelects(path, expression)
  const ours = elkoSelects(file, expression)
  if ('error' in theirs || 'error' in ours) {
    if ('error' in theirs && 'error' in ours) return null
    // libpcap 1.10 takes any zero at the start of a divisor, such as that of `icmp[0]`, for a divisor of zero.
    if ('error' in theirs && /by zero|by more than 31/.test(theirs.error)) return null
    return `tcpdump: ${'error' in theirs ? theirs.error : `${theirs.length} packets`}; Elko: ${'error' in ours ? ours.error : `${ours.length} packets`}`
  }
  if (theirs.length === ours.length && theirs.every((packet, k) => packet === ours[k])) return null
  return `tcpdump selects ${theirs.length} packets, Elko ${ours.length}`
}
