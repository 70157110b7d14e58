/** Every public capture that is at hand is read to its end, and the packets are as many as Wireshark counted. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { readCapture } from '../../src/capture/capture-reader.ts'

const FOLDER = process.env.ELKO_CAPTURES ?? '/work/shared/captures'

/** Files that end in an error, and the error; each keeps the packets before it. */
const DAMAGED: Readonly<Record<string, RegExp>> = {
  // Three inputs of a fuzzer, each with a record length that cannot be.
  'PcapPlusPl-4d0c635a': /a captured length of at most 262144, found 16095754/,
  'PcapPlusPl-7796efbd': /a captured length of at most 262144, found 145032960/,
  'PcapPlusPl-7f7dc55a': /a captured length of at most 262144, found 16844826/,
}

interface Row {
  readonly path: string
  readonly format: string
  readonly packets: number
}

function manifest(): Row[] {
  const [head, ...lines] = readFileSync(join(FOLDER, 'MANIFEST.tsv'), 'utf8').trimEnd().split('\n')
  const names = head!.split('\t')
  return lines.map((line) => {
    const cells = line.split('\t')
    const cell = (name: string): string => cells[names.indexOf(name)]!
    return { path: cell('local'), format: cell('format'), packets: Number(cell('packets')) }
  })
}

const absent = existsSync(join(FOLDER, 'MANIFEST.tsv')) ? false : `no captures in ${FOLDER}`

test('every public capture is read to its end with the packet count of its manifest', {
  skip: absent,
}, () => {
  let read = 0
  for (const { path, format, packets } of manifest()) {
    if (!existsSync(join(FOLDER, path))) continue
    const octets = readFileSync(join(FOLDER, path))
    const bytes = format.endsWith('.gz') ? gunzipSync(octets) : octets
    const file = readCapture(bytes)
    const damage = Object.keys(DAMAGED).find((name) => path.includes(name))
    if (damage === undefined) assert.equal(file.error, null, `${path}: ${file.error?.message}`)
    else assert.match(file.error?.message ?? '', DAMAGED[damage]!, path)
    assert.equal(file.packets.length, packets, path)
    read++
  }
  assert.ok(read > 0)
})
