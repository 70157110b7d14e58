/** `elko read -T json` and `-T ek` against the tshark that is installed. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { elko } from '../cli/elko.ts'
import { PLAIN_UTC } from '../environment.ts'
import { FOLDER } from '../flows/wireshark-columns.ts'
import { lacksTshark } from '../tshark.ts'

const skip = !existsSync(join(FOLDER, 'MANIFEST.tsv')) ? `no captures in ${FOLDER}` : lacksTshark

/** A repeated acknowledgment, IPv6 with Fast Open, a cooked link; nothing above TCP but what it calls data. */
const CAPTURES = [
  'zeek-18c1a8ff-http-bad-request-with-version.pcap',
  'suricata-v-1897b829-tfo.pcap',
  'PcapPlusPl-003ce0c1-sll2.pcap',
  'arkime-8e18b4c2-v6.pcap',
].map((name) => join(FOLDER, 'files', name))

/** What dissectors above TCP and below it say is not Elko's. */
const OTHERS = /^(frame\.protocols|_ws\..*|elko\..*)$/
const NAMES = elko(['read', '--fields'])
  .stdout.trimEnd()
  .split('\n')
  .map((line) => line.trim())
  .filter((name) => !OTHERS.test(name))

const ONLY_TCP = ['-Y', 'tcp']

function tshark(path: string, format: string, ...more: string[]): string {
  const checked = ['-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE']
  const args = ['-n', ...checked, '-r', path, ...ONLY_TCP, '-T', format, ...more]
  const { stdout, stderr } = spawnSync('tshark', args, {
    env: PLAIN_UTC,
    maxBuffer: 1 << 28,
    encoding: 'utf8',
  })
  assert.ok(stdout.length > 0, stderr)
  return stdout
}

const read = (path: string, format: string, ...more: string[]): string =>
  elko(['read', '-n', '-T', format, ...ONLY_TCP, ...more, path]).stdout

const values = (format: string, text: string): unknown[] =>
  format === 'json'
    ? (JSON.parse(text) as unknown[])
    : text.split('\n').map((line) => (line === '' ? null : (JSON.parse(line) as unknown)))

test('-T json -e and -T ek -e are those of tshark', { skip }, () => {
  const named = NAMES.flatMap((name) => ['-e', name])
  for (const path of CAPTURES)
    for (const format of ['json', 'ek'])
      assert.deepEqual(
        values(format, read(path, format, ...named)),
        values(format, tshark(path, format, ...named)),
        `${path} ${format}`,
      )
})

/** Names and values at whatever depth; of what is there again the last. What has no value of its own is ''. */
function leaves(node: object, found = new Map<string, unknown>()): Map<string, unknown> {
  for (const [name, value] of Object.entries(node) as [string, unknown][]) {
    const last: unknown = Array.isArray(value) ? value.at(-1) : value
    const isTree = typeof last === 'object' && last !== null
    found.set(name, isTree ? '' : last)
    if (isTree) leaves(last, found)
  }
  return found
}

interface Json {
  readonly _source: { readonly layers: object }
}

interface Ek {
  readonly timestamp?: string
  readonly layers?: object
}

const packetsOf = {
  json: (text: string): Map<string, unknown>[] =>
    (JSON.parse(text) as Json[]).map(({ _source }) => leaves(_source.layers)),
  ek: (text: string): Map<string, unknown>[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Ek)
      .map(({ timestamp, layers }) => leaves({ timestamp, ...layers })),
}

test('-T json and -T ek have each field in its layer, with the values and types of tshark', { skip }, () => {
  for (const path of CAPTURES)
    for (const format of ['json', 'ek'] as const) {
      const theirs = packetsOf[format](tshark(path, format))
      const ours = packetsOf[format](read(path, format))
      assert.equal(ours.length, theirs.length)
      const known = new Set([
        ...ours.flatMap((fields) => [...fields.keys()]),
        ...(format === 'json' ? NAMES : []),
      ])
      for (const [k, fields] of theirs.entries())
        for (const name of known) {
          if (/protocols$|^_ws|^(frame|eth|sll|ip|ipv6|tcp|vlan)$/.test(name)) continue
          const [want, got] = [fields.get(name), ours[k]!.get(name)]
          // Of several remarks on an item tshark writes the key `_ws.expert` again: the last one is read.
          if (want === undefined && (got === null || got === '')) continue
          assert.deepEqual(got, want, `${path} ${format}: ${name} of packet ${k + 1}`)
        }
    }
})
